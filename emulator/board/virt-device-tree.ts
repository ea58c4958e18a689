import { properties } from "./cpu.ts";
import { cells, doubleCells, encodeDeviceTree, flag, node, type TreeNode, text } from "./device-tree.ts";
import * as map from "./memory-map.ts";
import type { CpuOptions, MachineOptions } from "./options.ts";

/** What of a machine its device tree tells. */
export interface TreeContents
  extends Pick<MachineOptions, "memory" | "harts" | "cpu" | "append" | "entropySeed"> {
  /** Where the initial RAM disk stands, first byte and first byte after it. */
  readonly initrd: { readonly start: number; readonly end: number } | undefined;
}

const machineExternal = 11;
const supervisorExternal = 9;
const machineTimer = 7;
const machineSoftware = 3;

const plicPhandle = 1;
const testPhandle = 2;
const cpuPhandle = (hart: number) => 3 + 2 * hart;
const interruptControllerPhandle = (hart: number) => 4 + 2 * hart;

/** The flattened device tree of the board, with the bindings of QEMU's `virt`. */
export function virtDeviceTree(contents: TreeContents): Uint8Array {
  return encodeDeviceTree(
    node(
      "",
      {
        "#address-cells": cells(2),
        "#size-cells": cells(2),
        compatible: text("riscv-virtio"),
        model: text("riscv-virtio,trapframe"),
      },
      [
        node("aliases", { serial0: text(serialPath) }),
        chosen(contents),
        node(`memory@${unit(map.ramBase)}`, {
          device_type: text("memory"),
          reg: doubleCells(map.ramBase, contents.memory),
        }),
        cpus(contents),
        node(
          "soc",
          {
            "#address-cells": cells(2),
            "#size-cells": cells(2),
            compatible: text("simple-bus"),
            ranges: flag,
          },
          [
            clint(contents.harts),
            plic(contents.harts),
            device("serial", map.serial, {
              compatible: text("ns16550a"),
              "clock-frequency": cells(map.serialClock),
              ...interrupt(map.serial),
            }),
            device("rtc", map.rtc, { compatible: text("google,goldfish-rtc"), ...interrupt(map.rtc) }),
            device("test", map.test, {
              compatible: text("sifive,test1", "sifive,test0", "syscon"),
              phandle: cells(testPhandle),
            }),
            ...map.virtio.map((slot) =>
              device("virtio_mmio", slot, { compatible: text("virtio,mmio"), ...interrupt(slot) }),
            ),
          ],
        ),
        power("poweroff", 0x5555),
        power("reboot", 0x7777),
      ],
    ),
  );
}

const serialPath = `/soc/serial@${unit(map.serial.base)}`;

function chosen({ append, initrd, entropySeed }: TreeContents): TreeNode {
  return node("chosen", {
    ...(append === undefined ? {} : { bootargs: text(append) }),
    ...(initrd === undefined
      ? {}
      : { "linux,initrd-start": doubleCells(initrd.start), "linux,initrd-end": doubleCells(initrd.end) }),
    "stdout-path": text(serialPath),
    "rng-seed": cells(...randomWords(entropySeed, 8)),
  });
}

function cpus({ harts, cpu }: TreeContents): TreeNode {
  const all = Array.from({ length: harts }, (_, hart) => hart);
  return node(
    "cpus",
    { "#address-cells": cells(1), "#size-cells": cells(0), "timebase-frequency": cells(map.ticksPerSecond) },
    [
      ...all.map((hart) => cpuNode(hart, cpu)),
      node("cpu-map", {}, [
        node(
          "cluster0",
          {},
          all.map((hart) => node(`core${hart}`, { cpu: cells(cpuPhandle(hart)) })),
        ),
      ]),
    ],
  );
}

function cpuNode(hart: number, cpu: CpuOptions): TreeNode {
  const extensions = isaExtensions(cpu);
  const blockSize = (extension: string, name: string) =>
    extensions.includes(extension) ? { [`riscv,${name}-block-size`]: cells(cacheBlockBytes) } : {};
  return node(
    `cpu@${unit(hart)}`,
    {
      device_type: text("cpu"),
      reg: cells(hart),
      status: text("okay"),
      // Nothing else tells that U-mode does not trap as the privileged specification says.
      compatible: cpu.leaky ? text("trapframe,leaky", "riscv") : text("riscv"),
      phandle: cells(cpuPhandle(hart)),
      "riscv,isa": text(isaString(extensions)),
      "riscv,isa-base": text("rv64i"),
      "riscv,isa-extensions": text(...extensions),
      "mmu-type": text(mmuType(cpu)),
      ...blockSize("zicbom", "cbom"),
      ...blockSize("zicboz", "cboz"),
      ...blockSize("zicbop", "cbop"),
    },
    [
      node("interrupt-controller", {
        compatible: text("riscv,cpu-intc"),
        "#address-cells": cells(0),
        "#interrupt-cells": cells(1),
        "interrupt-controller": flag,
        phandle: cells(interruptControllerPhandle(hart)),
      }),
    ],
  );
}

const cacheBlockBytes = 64;
const cacheBlockExtensions = ["zicbom", "zicbop", "zicboz"];

function clint(harts: number): TreeNode {
  return device("clint", map.clint, {
    compatible: text("sifive,clint0", "riscv,clint0"),
    "interrupts-extended": perHart(harts, [machineSoftware, machineTimer]),
  });
}

function plic(harts: number): TreeNode {
  return device("plic", map.plic, {
    compatible: text("sifive,plic-1.0.0", "riscv,plic0"),
    "#address-cells": cells(0),
    "#interrupt-cells": cells(1),
    "interrupt-controller": flag,
    "interrupts-extended": perHart(harts, [machineExternal, supervisorExternal]),
    "riscv,ndev": cells(map.plicSources),
    phandle: cells(plicPhandle),
  });
}

function perHart(harts: number, interrupts: readonly number[]): Uint8Array {
  const all = Array.from({ length: harts }, (_, hart) =>
    interrupts.flatMap((interrupt) => [interruptControllerPhandle(hart), interrupt]),
  );
  return cells(...all.flat());
}

function device(name: string, region: map.Region, properties: Record<string, Uint8Array>): TreeNode {
  return node(`${name}@${unit(region.base)}`, { reg: doubleCells(region.base, region.bytes), ...properties });
}

function interrupt(region: map.InterruptingRegion): Record<string, Uint8Array> {
  return { interrupts: cells(region.interrupt), "interrupt-parent": cells(plicPhandle) };
}

/** A write of `value` to the test device does what `name` says. */
function power(name: "poweroff" | "reboot", value: number): TreeNode {
  return node(name, {
    compatible: text(`syscon-${name}`),
    regmap: cells(testPhandle),
    offset: cells(0),
    value: cells(value),
  });
}

function unit(address: number): string {
  return address.toString(16);
}

const singleLetters = ["i", "m", "a", "f", "d", "c"];
/** Widest first. The tree tells them by `mmu-type`, not as extensions. */
const translationModes = ["sv57", "sv48", "sv39"];

/** The processor's extensions in canonical order (unprivileged ISA manual, "ISA Extension Naming Conventions"). */
function isaExtensions(cpu: CpuOptions): string[] {
  const named = [...cpu.extensions].filter(
    (extension) => !singleLetters.includes(extension) && !translationModes.includes(extension),
  );
  const updates = cpu.svadu ? "svadu" : "svade";
  const blocks = named.some((extension) => cacheBlockExtensions.includes(extension)) ? ["zic64b"] : [];
  return [...singleLetters, ...[...named, ...properties.keys(), updates, ...blocks].toSorted(canonically)];
}

function mmuType(cpu: CpuOptions): string {
  return `riscv,${translationModes.find((mode) => cpu.extensions.has(mode)) ?? "none"}`;
}

/** Extensions as one word, for example "rv64imafdc_zicsr_zifencei". */
function isaString(extensions: readonly string[]): string {
  const multi = extensions.filter((extension) => extension.length > 1);
  const single = extensions.filter((extension) => extension.length === 1);
  return [`rv64${single.join("")}`, ...multi].join("_");
}

/** Z before S before X; among Z by the category that the second letter names, then by alphabet. */
function canonically(a: string, b: string): number {
  const rank = (extension: string) => {
    const prefix = "zsx".indexOf(extension.charAt(0));
    return prefix * 100 + (prefix === 0 ? categories.indexOf(extension.charAt(1)) : 0);
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

const categories = "imafdqlcbkjtpvnh";

/** 32-bit words drawn from a seed by SplitMix64. */
function randomWords(seed: bigint, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return Number(mixed >> 32n);
  });
}
