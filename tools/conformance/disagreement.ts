/** Where two engines part: both run the program side by side until what their harts hold differs. */
import type { Machine } from "../../emulator/board/machine.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { CodeMap } from "./code-map.ts";
import { type Mismatch, wordOf } from "./mismatch.ts";
import type { HistoryLine, Place } from "./result.ts";
import { advanceSlice, type ProgramTest, sliceSlots, startProgram } from "./run-program.ts";
import { shownSlots } from "./trace.ts";
import { machineTrace } from "./trace-machine.ts";
import { registerName } from "./traits.ts";

/** A program on an engine. */
export interface Run {
  readonly test: ProgramTest;
  readonly engine: EngineName;
}

export interface Disagreement {
  /** The first instruction after which they differ. */
  readonly instruction: Place;
  /** What each holds then; "expected" is what the first engine has. */
  readonly mismatches: readonly Mismatch[];
  readonly history: readonly HistoryLine[];
}

/** The first instruction after which two runs of a program differ; undefined where they never do. */
export async function findDisagreement(first: Run, second: Run): Promise<Disagreement | undefined> {
  const slice = await firstDifferentSlice(first, second);
  if (slice === undefined) return undefined;
  const machines = await Promise.all([first, second].map(({ test, engine }) => startProgram(test, engine)));
  const [one, other] = machines.map(({ machine }) => machine);
  if (one === undefined || other === undefined) return undefined;
  const before = Math.max(0, slice - 1);
  for (let n = 0; n < before; n++) for (const machine of [one, other]) advanceSlice(machine, sliceSlots);
  const traces = [machineTrace(one, shownSlots), machineTrace(other, shownSlots)];
  for (let n = 0; n < 2 * sliceSlots; n++) {
    const going = traces.map((trace) => trace.step());
    if (!same(one, other))
      return describe(second.test, traces[1]?.slots.slice(-shownSlots) ?? [], [one, other]);
    if (going.includes(false)) return undefined;
  }
  return undefined;
}

async function firstDifferentSlice(first: Run, second: Run): Promise<number | undefined> {
  const { machine: one } = await startProgram(first.test, first.engine);
  const { machine: other } = await startProgram(second.test, second.engine);
  for (let slice = 0; slice * sliceSlots < first.test.timeout; slice++) {
    const stops = [one, other].map((machine) => advanceSlice(machine, sliceSlots).reason);
    if (!same(one, other) || stops[0] !== stops[1]) return slice;
    if (stops[0] !== "limit" && stops[0] !== "idle") return undefined;
  }
  return undefined;
}

function same(one: Machine, other: Machine): boolean {
  return one.harts.every((hart, index) => {
    const twin = other.harts[index];
    if (twin === undefined || hart.pc !== twin.pc || hart.mode !== twin.mode) return false;
    return hart.instructions === twin.instructions && differences(one, other, index).length === 0;
  });
}

function differences(one: Machine, other: Machine, index: number): Mismatch[] {
  const [a, b] = [one.harts[index], other.harts[index]];
  if (a === undefined || b === undefined) return [];
  const found: Mismatch[] = [];
  for (let number = 0; number < 32; number++) {
    for (const file of ["x", "f"] as const) {
      const [left, right] = file === "x" ? [a.x(number), b.x(number)] : [a.f(number), b.f(number)];
      if (left === right) continue;
      found.push({ what: registerName({ file, number }), expected: wordOf(left), found: wordOf(right) });
    }
  }
  if (a.pc !== b.pc) found.push({ what: "pc", expected: wordOf(a.pc), found: wordOf(b.pc) });
  if (a.mode !== b.mode) found.push({ what: "privilege mode", expected: a.mode, found: b.mode });
  return found;
}

function describe(
  { program }: ProgramTest,
  slots: Parameters<CodeMap["line"]>[0][],
  [one, other]: readonly [Machine, Machine],
): Disagreement | undefined {
  const map = new CodeMap(program);
  const last = slots.at(-1);
  if (last === undefined) return undefined;
  return {
    instruction: map.place(last),
    mismatches: one.harts.flatMap((_, index) => differences(one, other, index)),
    history: slots.map((slot) => map.line(slot)),
  };
}
