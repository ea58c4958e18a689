/** All engines execute Debian's kernel alike: the same state every so many slots, and the same RAM at the end. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EngineName, HartView, Machine as MachineInterface } from "../../emulator/index.ts";
import { Machine } from "../../emulator/index.ts";
import { csrs } from "../../emulator/isa/csr.ts";
import { requireDebian, Workshop } from "./linux-guest.ts";

const MEMORY = 128 * 2 ** 20;

const debian = requireDebian();
const workshop = new Workshop();
let initrd: Uint8Array;
beforeAll(() => {
  if (debian !== undefined) initrd = readFileSync(workshop.shellInitramfs(debian));
});
afterAll(() => workshop.remove());

const firmware = readFileSync(new URL("../../.build/guest/firmware.elf", import.meta.url));
const csrNames = csrs.map((csr) => csr.name).filter((name) => !/hpm/.test(name));

/** Everything a hart holds, as one line that differs where anything does. */
function line(hart: HartView): string {
  const registers = Array.from(
    { length: 32 },
    (_, r) => `${hart.x(r).toString(16)} ${hart.f(r).toString(16)}`,
  );
  const { hits, misses, evictions, flushes } = hart.tlbCounters();
  return `${hart.pc.toString(16)} ${hart.mode} ${hart.instructions} ${registers} ${hits} ${misses} ${evictions} ${flushes}`;
}

const controlState = (hart: HartView) => csrNames.map((name) => `${name}=${hart.csr(name).toString(16)}`);

const ramDigest = (machine: MachineInterface) =>
  createHash("sha256")
    .update(machine.readPhysical(0x8000_0000n, MEMORY) ?? new Uint8Array())
    .digest("hex");

function runOn(machine: MachineInterface, slots: number): string {
  const stop = machine.run(slots);
  if (stop.reason === "idle") machine.advance(stop.ticks ?? 0n);
  return stop.reason;
}

/** What is compared with the interpreter, for how long and how often. Odd intervals cut translated code anywhere. */
const comparisons: readonly [EngineName, harts: number, slots: number, interval: number][] = [
  ["reference", 1, 20_000_000, 1_000],
  // A second hart doubles nothing but the time this takes.
  ["reference", 2, 5_000_000, 1_000],
  ["auto", 1, 200_000_000, 100_003],
  ["auto", 4, 100_000_000, 100_003],
  ["translator", 1, 10_000_000, 10_007],
];

test.skipIf(debian === undefined).each(comparisons)(
  "Linux boots alike on the %s engine with %i hart(s)",
  { timeout: 600_000 },
  async (engine, harts, slots, interval) => {
    const boot = (name: EngineName) =>
      Machine.create({
        harts,
        engine: name,
        firmware,
        initrd,
        memory: MEMORY,
        kernel: readFileSync(debian?.kernel ?? ""),
        append: "console=ttyS0 earlycon=sbi",
      });
    const [one, other] = await Promise.all([boot("interpreter"), boot(engine)]);
    for (let done = 0; done < slots; done += interval) {
      expect(runOn(one, interval)).toBe(runOn(other, interval));
      for (const [h, hart] of one.harts.entries()) {
        const twin = other.harts[h] ?? hart;
        if (line(hart) !== line(twin))
          expect(line(hart), `hart ${h} after ${done + interval}`).toBe(line(twin));
        if (done % (100 * interval) === 0) expect(controlState(hart)).toEqual(controlState(twin));
      }
    }
    expect(one.harts.map(controlState)).toEqual(other.harts.map(controlState));
    expect(ramDigest(one)).toBe(ramDigest(other));
    if (engine !== "reference") expect(other.engineCounters?.translatedSlots).toBeGreaterThan(slots / 4);
  },
);
