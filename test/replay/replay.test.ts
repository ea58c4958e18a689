/** A run is a function of image, options and input log: on the other engine, in other slices, it is the same run. */
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

/** Runs in slices of uneven length, types at moments that depend on them, and ends when the guest has nothing to do. */
function typeLive(machine: MachineInterface, text: string): void {
  for (let turn = 0, typed = 0; turn < 220; turn++) {
    const stop = machine.run(9_973 + turn * 13);
    if (stop.reason === "idle" && stop.ticks !== undefined)
      machine.advance(stop.ticks < 20_000n ? stop.ticks : 20_000n);
    if (turn > 100 && turn % 5 === 0 && typed < text.length) {
      machine.typeConsole(Buffer.from(text[typed++] ?? ""));
    }
  }
  expect(machine.run(1).reason).toBe("idle");
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
  [1, "interpreter"],
  [4, "interpreter"],
  [1, "reference"],
] as const)("%i hart(s), replayed on the %s engine", async (harts, engine) => {
  const live = await boot(harts, "interpreter");
  typeLive(live.machine, "ps\nhello\n");
  expect(live.printed()).toContain("Hello");

  const again = await boot(harts, engine, live.machine.inputs);
  while (again.machine.inputs.length < live.machine.inputs.length) again.machine.run(50_000);
  while (again.machine.run(50_000).reason !== "idle");
  expect(again.machine.inputs).toEqual(live.machine.inputs);
  expect(again.printed()).toBe(live.printed());
  expect(stateOf(again.machine)).toEqual(stateOf(live.machine));
});
