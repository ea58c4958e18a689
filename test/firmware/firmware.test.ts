/** Runs the firmware on our machine and under QEMU, with guests that check it from inside. */

import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultCpu, parseCpu } from "../../emulator/board/cpu.ts";
import {
  cells,
  decodeDeviceTree,
  doubleCells,
  encodeDeviceTree,
  flag,
  node,
} from "../../emulator/board/device-tree.ts";
import { parseElf } from "../../emulator/board/elf.ts";
import { virtDeviceTree } from "../../emulator/board/virt-device-tree.ts";
import { Machine } from "../../emulator/index.ts";
import { buildGuest } from "../../tools/guest/build.ts";
import { buildFirmware } from "../../tools/guest/images.ts";
import { ROOT } from "../../tools/guest/root.ts";

const QEMU = "qemu-system-riscv64";
const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;
const SECONDS = 1000;

if (!qemuIsInstalled) console.warn(`${QEMU} is not installed: the firmware is NOT tested under it`);

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .map((name) => `${folder}/${name}`);
}

interface Run {
  console: string;
  /** Exit status of QEMU, which is the guest's; null when it had to be ended. */
  status: number | null;
}

/** Boots a `virt` board until it switches itself off. */
function runQemu(options: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(QEMU, ["-machine", "virt", "-nographic", ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60 * SECONDS,
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ console: said, status }));
  });
}

/** Address of a symbol of an ELF file. */
function symbolAddress(elf: string, name: string): bigint {
  const symbol = parseElf(readFileSync(elf), elf).symbols.named(name);
  if (symbol === undefined) throw new Error(`${elf} has no symbol ${name}`);
  return BigInt(symbol.address);
}

/** An ELF file with four zero bytes, which are no instruction, at an address of its first segment. */
function withZeros(elf: string, address: bigint): Buffer {
  const file = readFileSync(elf);
  const firstSegment = Number(file.readBigUInt64LE(0x20));
  const fileOffset = file.readBigUInt64LE(firstSegment + 0x08);
  const loadAddress = file.readBigUInt64LE(firstSegment + 0x10);
  file.writeUInt32LE(0, Number(address - loadAddress + fileOffset));
  return file;
}

/** Our own board's tree, with a reservation that is not the firmware's. */
function reservingTree(): Uint8Array {
  const tree = decodeDeviceTree(
    virtDeviceTree({
      memory: 128 * 2 ** 20,
      harts: 1,
      cpu: defaultCpu,
      append: "",
      entropySeed: 1n,
      initrd: undefined,
    }),
  );
  const reserved = node(
    "reserved-memory",
    { "#address-cells": cells(2), "#size-cells": cells(2), ranges: flag },
    [node("frame-buffer@87000000", { reg: doubleCells(0x8700_0000, 0x10_0000) })],
  );
  return encodeDeviceTree({ ...tree, children: [...tree.children, reserved] });
}

let firmware = "";
let supervisor = "";
let emulation = "";

beforeAll(async () => {
  firmware = await buildFirmware();
  supervisor = await buildGuest({
    name: "test/supervisor",
    sources: [...sourcesIn("test/firmware/supervisor"), "kernel/firmware/memory.c"],
    linkerScript: "test/firmware/supervisor/link.ld",
    flags: ["-Ikernel/firmware"],
  });
  emulation = await buildGuest({
    name: "test/emulation",
    sources: [
      ...sourcesIn("test/firmware/machine"),
      ...sourcesIn("kernel/firmware").filter((source) => !source.endsWith("/boot.c")),
    ],
    linkerScript: "kernel/firmware/link.ld",
    isa: "rv64imac",
    flags: ["-Ikernel/firmware"],
  });
}, 300 * SECONDS);

describe("firmware on our machine", { timeout: 120 * SECONDS }, () => {
  /** Runs until the guest switches the machine off, skipping the time in which it waits. */
  async function runOurs(
    images: { firmware: string; kernel?: string },
    harts: number,
    append = "",
    cpu = defaultCpu,
  ) {
    let console = "";
    const machine = await Machine.create({
      harts,
      append,
      cpu,
      firmware: readFileSync(images.firmware),
      ...(images.kernel === undefined ? {} : { kernel: readFileSync(images.kernel) }),
      onConsole: (bytes) => {
        console += Buffer.from(bytes).toString("latin1");
      },
    });
    for (;;) {
      const stop = machine.run(1_000_000);
      if (stop.reason === "idle" && stop.ticks !== undefined) machine.advance(stop.ticks);
      else if (stop.reason !== "limit") return { console, stop, machine };
    }
  }

  test.each([1, 2, 4, 8])("serves every SBI call on %i harts", async (harts) => {
    const { console, stop } = await runOurs({ firmware, kernel: supervisor }, harts);
    expect(console).not.toContain("FAILED");
    expect(console).toContain("firmware: all checks passed");
    expect(stop).toEqual({ reason: "power-off", status: 0 });
  });

  // By menvcfg, which the supervisor cannot see itself: STCE, PBMTE, ADUE; CBZE, CBCFE and CBIE = 3.
  test.each([
    ["rv64gc", 0n],
    ["rva22s64", (1n << 62n) | 0xf0n],
    ["rva22s64,svadu,sstc", (7n << 61n) | 0xf0n],
    ["rv64gc,zicboz", 0x80n],
    ["max", (7n << 61n) | 0xf0n],
  ])("gives the supervisor what a processor %s has", async (cpu, menvcfg) => {
    const { console, machine } = await runOurs({ firmware, kernel: supervisor }, 2, "", parseCpu(cpu));
    expect(console).toContain("firmware: all checks passed");
    for (const hart of machine.harts) expect(hart.csr("menvcfg")).toBe(menvcfg);
  });

  test.each([
    ["legacy-shutdown", { reason: "power-off", status: 0 }],
    ["failure", { reason: "power-off", status: 1 }],
    ["cold-reboot", { reason: "reboot" }],
    ["warm-reboot", { reason: "reboot" }],
  ])("ends by %s", async (end, stop) => {
    expect((await runOurs({ firmware, kernel: supervisor }, 2, `end=${end}`)).stop).toEqual(stop);
  });

  test("emulates misaligned accesses and rdtime", async () => {
    const { console, stop } = await runOurs({ firmware: emulation }, 1);
    expect(console).toContain("emulation: all checks passed");
    expect(stop).toEqual({ reason: "power-off", status: 0 });
  });
});

describe.skipIf(!qemuIsInstalled)("firmware under QEMU", { timeout: 120 * SECONDS }, () => {
  function runSupervisor(...options: string[]): Promise<Run> {
    return runQemu(["-bios", firmware, "-kernel", supervisor, ...options]);
  }

  test.each([1, 2, 4, 8])("serves every SBI call on %i harts", async (harts) => {
    const run = await runSupervisor("-smp", `${harts}`);
    expect(run.console).not.toContain("FAILED");
    expect(run.console).toContain("firmware: all checks passed");
    expect(run.console).toContain(`  ${harts} hart`);
    expect(run.status).toBe(0);
  });

  test.each([
    ["without Sstc", ["-cpu", "rv64,sstc=off"]],
    ["with ACLINT devices", ["-machine", "virt,aclint=on", "-cpu", "rv64,sstc=off"]],
    ["on a hart of an older privileged architecture", ["-cpu", "sifive-u54"]],
  ])("serves every SBI call %s", async (_, options) => {
    const run = await runSupervisor("-smp", "2", ...options);
    expect(run.console).not.toContain("FAILED");
    expect(run.console).toContain("timer: CLINT");
    expect(run.status).toBe(0);
  });

  test("tells who it is, on which board, and what comes next", async () => {
    const { console } = await runSupervisor("-smp", "2", "-m", "256");
    expect(console).toMatch(/Trapframe firmware \d+\.\d+, SBI 2\.0\r\n {2}2 harts, hart 0 boots, rv64ima/);
    expect(console).toContain("256 MiB of memory, 0x80000000-0x8001ffff is the firmware's");
    expect(console).toContain("timer: stimecmp, 10000000 Hz");
    expect(console).toContain("next stage at 0x80200000, device tree at 0x80020000");
  });

  test("shuts down by the legacy call", async () => {
    const run = await runSupervisor("-append", "end=legacy-shutdown");
    expect(run.console).not.toContain("FAILED");
    expect(run.status).toBe(0);
  });

  test("reports the supervisor's failure as the machine's", async () => {
    const run = await runSupervisor("-append", "end=failure");
    expect(run.console).not.toContain("FAILED");
    expect(run.status).toBe(1);
  });

  test.each(["cold", "warm"])("reboots (%s)", async (kind) => {
    const run = await runSupervisor("-smp", "2", "-append", `end=${kind}-reboot`);
    expect(run.console).not.toContain("FAILED");
    expect(run.console.match(/Trapframe firmware/g)).toHaveLength(2);
    expect(run.console).toContain("rebooted");
    expect(run.status).toBe(0);
  });

  test("says so when there is nothing to start", async () => {
    const run = await runQemu(["-bios", firmware]);
    expect(run.console).toContain("nothing to start: no kernel was loaded");
    expect(run.status).toBe(1);
  });

  test("reports a trap of its own and switches off", async () => {
    const broken = join(ROOT, ".build/guest/test/broken-firmware.elf");
    const address = symbolAddress(firmware, "sbi_call");
    writeFileSync(broken, withZeros(firmware, address));
    const run = await runQemu(["-bios", broken, "-kernel", supervisor, "-smp", "4"]);
    expect(run.console).toContain("firmware: illegal instruction (mcause 0x2) on hart 0, switching off");
    expect(run.console).toContain(`mepc 0x${address.toString(16)}`);
    expect(run.status).toBe(1);
  });

  test("keeps a reservation that the loader's tree already has", async () => {
    const tree = join(ROOT, ".build/guest/test/reserved.dtb");
    writeFileSync(tree, reservingTree());
    const run = await runSupervisor("-dtb", tree);
    expect(run.console).not.toContain("FAILED");
    expect(run.console).toContain("reserved: /reserved-memory/frame-buffer@87000000");
    expect(run.console).toContain("reserved: /reserved-memory/firmware@80000000");
    expect(run.status).toBe(0);
  });

  test("emulates misaligned accesses and rdtime", async () => {
    const run = await runQemu(["-bios", emulation]);
    expect(run.console).not.toContain("FAILED");
    expect(run.console).toContain("emulation: all checks passed");
    expect(run.status).toBe(0);
  });
});
