import { describe, expect, it } from "vitest";
import { entriesOf } from "./entries.ts";
import type { Line } from "./testing/snippet.ts";
import { operationOf, Snippet } from "./testing/snippet.ts";

const call: Line = ["jal", { rd: 1, immediate: 8 }];
const ret: Line = ["jalr", { rs1: 1 }];
const nop: Line = ["addi"];
const back = (immediate: number): Line => ["bne", { rs1: 5, immediate }];

/** The entries, by the number of their instruction, and how often each was seen. */
function entries(lines: readonly Line[], ...order: readonly number[]) {
  const { places } = new Snippet(0, lines);
  const steps = order.map((n) => ({
    place: places[n] ?? 0,
    pc: places[n] ?? 0,
    operation: lines[n] && operationOf(lines[n]),
  }));
  return entriesOf(steps).map(({ place, count }) => [places.indexOf(place), count]);
}

describe("entries of a trace", () => {
  it("are functions that are called", () => {
    // 0 calls 2, which returns to 1.
    expect(entries([call, nop, ret], 0, 2, 1)).toEqual([[2, 1]]);
  });

  it("are loops of a function that was entered before, the rarest first", () => {
    // An inner loop at 1 that goes round twice within an outer one at 0.
    const lines = [nop, nop, back(-4), back(-12)];
    expect(entries(lines, 0, 1, 2, 1, 2, 3, 0, 1, 2, 1, 2, 3)).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it("are not loops of functions that are themselves entered", () => {
    const lines = [call, nop, nop, back(-4), ret];
    expect(entries(lines, 0, 2, 3, 2, 3, 2, 3, 4, 1)).toEqual([[2, 1]]);
  });

  it("are where functions return to that were called before the trace", () => {
    expect(entries([ret, nop, nop], 0, 2)).toEqual([[2, 1]]);
    expect(entries([call, nop, ret, nop], 0, 2, 1, 2, 3)).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it("are what follows where everything is looked at anew", () => {
    const lines: Line[] = [["ecall"], nop, nop];
    expect(entries(lines, 0, 2)).toEqual([[2, 1]]);
    // What follows an operation that cannot be translated counts, too.
    const steps = [0, 4].map((place) => ({ place, pc: place, operation: undefined }));
    expect(entriesOf(steps)).toMatchObject([{ place: 4, count: 1 }]);
  });
});
