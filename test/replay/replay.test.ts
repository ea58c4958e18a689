/** A run is a function of image, options and input log: on another engine, in other slices, it is the same run. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { EngineName, Machine as MachineInterface } from "../../emulator/index.ts";
import { Machine } from "../../emulator/index.ts";

const guest = (file: string) => readFileSync(new URL(`../../.build/guest/${file}`, import.meta.url));

/** Our own guest, and what it prints. */
async function boot(harts: number, engine: EngineName, replay?: MachineInterface["inputs"]) {
  let printed = "";
  const machine = await Machine.create({
    harts,
    engine,
    ...(replay === undefined ? {} : { replay }),
    kernel: guest("kernel.elf"),
    firmware: guest("firmware.elf"),
    initrd: guest("initrd.cpio"),
    memory: 64 * 2 ** 20,
    onConsole: (bytes) => {
      printed += Buffer.from(bytes).toString("latin1");
    },
  });
  return { machine, printed: () => printed };
}

/** Runs until all is typed and the guest has nothing to do, or so many instructions, in slices of uneven length; types at
 * moments that depend on them. */
function typeLive(machine: MachineInterface, text: string, instructions: bigint): void {
  const keys = Buffer.from(text);
  for (let turn = 0, typed = 0; machine.instructions < instructions; turn++) {
    if (turn % 5 === 0 && typed < keys.length) machine.typeConsole(keys.subarray(typed, ++typed));
    const left = Number(instructions - machine.instructions);
    const stop = machine.run(Math.min(99_731 + turn * 1_013, left));
    if (stop.reason === "idle" && typed === keys.length) return;
    if (stop.reason === "idle" && stop.ticks !== undefined) {
      machine.advance(stop.ticks < 20_000n ? stop.ticks : 20_000n);
    }
  }
}

const stateOf = (machine: MachineInterface) =>
  machine.harts.map((hart) => ({
    pc: hart.pc,
    registers: Array.from({ length: 32 }, (_, r) => hart.x(r)),
    cycles: hart.csr("mcycle"),
    instructions: hart.instructions,
    tlb: hart.tlbCounters(),
  }));

test.each([
  [1, "interpreter", 1_000_000_000n],
  [4, "interpreter", 1_000_000_000n],
  [1, "auto", 1_000_000_000n],
  [4, "auto", 1_000_000_000n],
  [1, "translator", 1_000_000n],
  [1, "reference", 1_000_000n],
] as const)("%i hart(s), replayed on the %s engine", async (harts, engine, instructions) => {
  const live = await boot(harts, "interpreter");
  typeLive(live.machine, "ps\nhello\n", instructions);
  if (instructions > 1_000_000n) expect(live.printed()).toContain("Hello");

  const again = await boot(harts, engine, live.machine.inputs);
  // Up to the same moment, in other slices: where the guest is idle again, or the same instruction.
  for (;;) {
    const left = Number(live.machine.instructions - again.machine.instructions);
    const stop = again.machine.run(Math.max(1, Math.min(left, 50_000)));
    const caughtUp = again.machine.inputs.length === live.machine.inputs.length;
    if (caughtUp && (stop.reason === "idle" || again.machine.instructions === instructions)) break;
  }
  expect(again.machine.inputs).toEqual(live.machine.inputs);
  expect(again.printed()).toBe(live.printed());
  expect(stateOf(again.machine)).toEqual(stateOf(live.machine));
});
