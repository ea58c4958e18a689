/**
 * The kernel against its own ABI: each subject is a program that takes the supervisor's place, tries everything, and
 * switches off. On our machine, and on one that is not ours: QEMU, under our firmware and under OpenSBI.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EngineName, Machine } from "../../emulator/index.ts";
import { buildFirmware } from "../../tools/guest/images.ts";
import { buildInitrd, buildKernel, type Numbers } from "./guests.ts";

const QEMU = "qemu-system-riscv64";
const OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";
const MINUTE = 60_000;

/** Instructions between two looks at the machine. */
const SLICE = 1e6;

const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;
if (!qemuIsInstalled)
  console.warn(`SKIPPED: ${QEMU} is not installed: the kernel is tested on our machine ONLY`);
if (!existsSync(OPENSBI))
  console.warn(`SKIPPED: ${OPENSBI} is missing: the kernel is tested under our firmware ONLY`);

let firmware = "";
let kernel = "";
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trapframe-kernel-"));
  [firmware, kernel] = await Promise.all([buildFirmware(), buildKernel()]);
}, 5 * MINUTE);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function expectSuccess(said: string, subject: string): void {
  expect(said).not.toContain("FAILED");
  expect(said).not.toContain("panic");
  expect(said).toMatch(new RegExp(`${subject}: \\d+ checks, 0 failed`));
}

interface Run {
  harts: number;
  engine?: EngineName;
  amount?: number;
  /** Billions of instructions after which it counts as hanging. */
  limit?: number;
}

async function runHere(subject: string, { harts, engine, amount, limit = 3 }: Run): Promise<void> {
  let said = "";
  const machine = await Machine.create({
    harts,
    ...(engine === undefined ? {} : { engine }),
    firmware: readFileSync(firmware),
    kernel: readFileSync(kernel),
    initrd: await buildInitrd(subject, amount === undefined ? {} : { amount }),
    onConsole: (bytes) => {
      said += Buffer.from(bytes).toString("latin1");
    },
  });
  let stop = machine.run(SLICE);
  for (
    let left = limit * 1e9;
    left > 0 && (stop.reason === "limit" || stop.reason === "idle");
    left -= SLICE
  ) {
    if (stop.reason === "idle") {
      if (stop.ticks === undefined) break;
      machine.advance(stop.ticks); // nobody waits for what only waits
    }
    stop = machine.run(SLICE);
  }
  expectSuccess(said, subject);
  expect(stop).toEqual({ reason: "power-off", status: 0 });
}

/**
 * With one hart, time passes with instructions there too, so that a busy host makes no sleeper late. With several, harts
 * are threads of the host.
 */
function runOnQemu(subject: string, harts: number, bios: string): Promise<void> {
  return harts === 1
    ? runQemu(subject, {}, ["-bios", bios, "-icount", "shift=0,sleep=off"])
    : runQemu(subject, { lateness: 5000 }, ["-bios", bios, "-smp", `${harts}`]);
}

async function runQemu(subject: string, numbers: Numbers, options: readonly string[]): Promise<void> {
  const initrd = join(folder, "initrd.cpio");
  writeFileSync(initrd, await buildInitrd(subject, numbers));
  const machine = ["-machine", "virt", "-nographic", "-m", "256M", "-kernel", kernel, "-initrd", initrd];
  const { stdout, status } = spawnSync(QEMU, [...machine, ...options], {
    encoding: "utf8",
    timeout: 2 * MINUTE,
  });
  expectSuccess(stdout, subject);
  expect(status).toBe(0);
}

const SUBJECTS = ["capabilities", "ipc", "processes", "scheduling", "memory", "faults"];

describe.each(SUBJECTS)("%s", { timeout: 3 * MINUTE }, (subject) => {
  it.each([1, 2, 4])("hold on %i harts", (harts) => runHere(subject, { harts }));

  // Turns and preemption are measured in time: where harts are threads of a busy host, there is nothing to measure.
  const qemuHarts = subject === "scheduling" ? [1] : [1, 4];

  it.skipIf(!qemuIsInstalled).each(qemuHarts)("hold on QEMU with %i harts", (harts) =>
    runOnQemu(subject, harts, firmware),
  );

  it.skipIf(!qemuIsInstalled || !existsSync(OPENSBI)).each(qemuHarts)(
    "hold on QEMU under OpenSBI with %i harts",
    (harts) => runOnQemu(subject, harts, OPENSBI),
  );
});

describe("the kernel", { timeout: 5 * MINUTE }, () => {
  it("does the same on the reference engine", () =>
    runHere("stress", { harts: 1, engine: "reference", amount: 200 }));

  it.each([1, 4])("is what it was after many threads, calls and deaths, on %i harts", (harts) =>
    runHere("stress", { harts, amount: 10_000 }),
  );

  it("has room for 10,000 threads and 1,000 processes", () => runHere("crowd", { harts: 2 }));

  it.each([1, 4])("withstands hostile calls on %i harts", (harts) =>
    runHere("fuzz", { harts, amount: 30_000 }),
  );
});
