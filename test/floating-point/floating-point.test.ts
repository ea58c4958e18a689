/** F and D against QEMU, whose arithmetic is not ours: one bare-metal program on both machines. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultCpu, Machine } from "../../emulator/index.ts";
import { rv64d } from "../../emulator/isa/d.ts";
import { rv64f } from "../../emulator/isa/f.ts";
import { buildGuest } from "../../tools/guest/build.ts";

const QEMU = "qemu-system-riscv64";
const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;
const MINUTE = 60_000;
const SLICE = 10_000_000;

if (!qemuIsInstalled)
  process.stderr.write(`SKIPPED: ${QEMU} is not installed: nothing to compare F and D with\n`);

function runQemu(program: string): string[] {
  const options = ["-machine", "virt", "-nographic", "-monitor", "none", "-bios", program];
  const { stdout, status } = spawnSync(QEMU, options, { encoding: "utf8", timeout: MINUTE });
  expect(status).toBe(0);
  return stdout.trim().split("\n");
}

async function runOurs(program: string): Promise<string[]> {
  const console: number[] = [];
  const machine = await Machine.create({
    memory: 16 * 2 ** 20,
    harts: 1,
    cpu: defaultCpu,
    engine: "interpreter",
    kernel: readFileSync(program),
    entropySeed: 0n,
    startTime: 0n,
    onConsole: (bytes) => console.push(...bytes),
  });
  for (let slices = 0; slices < 100; slices++) {
    const stop = machine.run(SLICE);
    if (stop.reason === "limit") continue;
    expect(stop).toEqual({ reason: "power-off", status: 0 });
    return Buffer.from(console).toString().trim().split("\n");
  }
  throw new Error("the program does not end");
}

test.skipIf(!qemuIsInstalled)(
  "every instruction of F and D, in every rounding mode, does what it does under QEMU",
  async () => {
    const folder = "test/floating-point";
    const program = await buildGuest({
      name: "test/floating-point",
      sources: [`${folder}/battery.c`, `${folder}/trials.S`],
      linkerScript: `${folder}/link.ld`,
      flags: [`-I${folder}`],
    });
    const ours = await runOurs(program);
    const arithmetic = [...rv64f, ...rv64d].filter(({ assembly }) => !assembly.includes("("));
    expect(ours.length).toBe(5 * arithmetic.length);
    expect(new Set(ours).size).toBe(ours.length);
    expect(ours).toEqual(runQemu(program));
  },
  2 * MINUTE,
);
