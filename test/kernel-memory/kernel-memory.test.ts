/** Runs the memory half of the kernel by itself, with a guest that checks it from inside. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseCpu } from "../../emulator/board/cpu.ts";
import { Machine } from "../../emulator/index.ts";
import { buildGuest } from "../../tools/guest/build.ts";
import { ROOT } from "../../tools/guest/root.ts";

const QEMU = "qemu-system-riscv64";
const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;
const SECONDS = 1000;

if (!qemuIsInstalled) console.warn(`${QEMU} is not installed: the kernel's memory is NOT tested under it`);

const GUEST = "test/kernel-memory/guest";
const FIRMWARE = "kernel/firmware";
const KERNEL = [
  "quota",
  "pool",
  "pmem",
  "vm",
  "tlb",
  "memory",
  "address_space",
  "sbi",
  "fdt",
  "hart",
  "string",
];

let firmware = "";
let guest = "";

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .map((name) => `${folder}/${name}`);
}

beforeAll(async () => {
  firmware = await buildGuest({
    name: "test/firmware",
    sources: sourcesIn(FIRMWARE),
    linkerScript: `${FIRMWARE}/link.ld`,
    isa: "rv64imac",
    flags: [`-I${FIRMWARE}`],
  });
  guest = await buildGuest({
    name: "test/kernel-memory",
    sources: ["kernel/entry.S", ...sourcesIn(GUEST), ...KERNEL.map((name) => `kernel/${name}.c`)],
    linkerScript: "kernel/kernel.ld",
    isa: "rv64imac",
    flags: ["-Ikernel"],
  });
}, 300 * SECONDS);

describe("the kernel's memory", { timeout: 240 * SECONDS }, () => {
  test.each([
    [1, "rv64gc,no-svadu"],
    [1, "rv64gc,svadu"],
    [2, "rv64gc,no-svadu"],
    [2, "rv64gc,svadu"],
  ])("holds on %i harts of %s", async (harts, cpu) => {
    let console = "";
    const machine = await Machine.create({
      harts,
      cpu: parseCpu(cpu),
      firmware: readFileSync(firmware),
      kernel: readFileSync(guest),
      onConsole: (bytes) => {
        console += Buffer.from(bytes).toString("latin1");
      },
    });
    let reason = "limit";
    while (reason === "limit") reason = machine.run(1_000_000).reason;
    expect(console).not.toContain("FAILED");
    expect(console).toContain("memory: all checks passed");
    expect(reason).toBe("power-off");
  });

  test.skipIf(!qemuIsInstalled).each([1, 2])("holds on %i harts under QEMU", (harts) => {
    const options = [
      "-machine",
      "virt",
      "-nographic",
      "-smp",
      `${harts}`,
      "-bios",
      firmware,
      "-kernel",
      guest,
    ];
    const { stdout, status } = spawnSync(QEMU, options, { encoding: "utf8", timeout: 200 * SECONDS });
    expect(stdout).not.toContain("FAILED");
    expect(stdout).toContain("memory: all checks passed");
    expect(status).toBe(0);
  });
});
