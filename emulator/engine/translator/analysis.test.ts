import { describe, expect, it } from "vitest";
import { analyse, registersOf } from "./analysis.ts";
import type { Line } from "./testing/snippet.ts";
import { regionOf } from "./testing/snippet.ts";

const add = (rd: number, rs1 = 0): Line => ["addi", { rd, rs1, immediate: 1 }];
const ret: Line = ["jalr", { rs1: 1 }];
const branch = (immediate: number): Line => ["bne", { rs1: 5, immediate }];

/** The analysis of the region of what is executed, with the node that begins at each instruction. */
function analysed(lines: readonly Line[], ...order: readonly number[]) {
  const analysis = analyse(regionOf(lines, ...order));
  return { ...analysis, node: (n: number) => analysis.nodes.get(4 * n) ?? -1 };
}

describe("the analysis of a region", () => {
  it("finds the registers that it must load, and those it must store", () => {
    const { used, written } = analysed([add(6, 7), ["fadd.d", { rd: 1, rs1: 2, rs2: 3 }], ret], 0, 1, 2);
    expect(registersOf(used, "x")).toEqual([1, 6, 7]);
    expect(registersOf(used, "f")).toEqual([1, 2, 3]);
    expect(registersOf(written, "x")).toEqual([6]);
    expect(registersOf(written, "f")).toEqual([1]);
  });

  it("checks slots at the entry, for the longest way through", () => {
    // The short way has 3 operations, the long one 5.
    const { checks, slots, node } = analysed([branch(12), add(6), add(7), add(8), ret], 0, 1, 2, 3, 4, 0, 3);
    expect(checks).toEqual(new Set([0]));
    expect(slots[0]).toBe(5);
    expect(slots[node(3)]).toBe(2);
  });

  it("checks slots once around a loop, and counts no further than to the next check", () => {
    const { checks, slots, loops, node } = analysed(
      [add(6), add(7), branch(-4), add(8), ret],
      0,
      1,
      2,
      1,
      2,
      3,
      4,
    );
    expect(checks).toEqual(new Set([0, node(1)]));
    expect(slots[0]).toBe(1);
    expect(slots[node(1)]).toBe(4);
    expect(loops).toEqual(new Set([node(1)]));
  });

  it("takes all that leads back to a loop's head for the loop", () => {
    // Within the loop from 1 to 4, one of two ways skips 3; 5 is behind it.
    const lines = [add(6), branch(12), add(7), branch(-8), branch(-12), ret];
    const { loops, node } = analysed(lines, 0, 1, 2, 3, 1, 4, 1, 4, 5);
    expect(loops).toEqual(new Set([node(1), node(2), node(4)]));
  });

  it("checks slots again after a call, which has stored everything that was dirty", () => {
    const call: Line = ["jal", { rd: 1, immediate: 12 }];
    const { checks, dirty, node } = analysed([add(6), call, add(7), ret, ret], 0, 1, 4, 2, 3);
    expect(checks).toEqual(new Set([0, node(2)]));
    expect(registersOf(dirty[0] ?? 0n, "x")).toEqual([1, 6]);
    expect(registersOf(dirty[node(2)] ?? 0n, "x")).toEqual([7]);
  });

  it("knows what may have changed, on any way to a block's end and around loops", () => {
    const lines = [branch(8), add(6), add(7), branch(-4), add(8), ret];
    const { dirty, node } = analysed(lines, 0, 1, 2, 3, 2, 3, 4, 5, 0, 2, 3, 4);
    expect(registersOf(dirty[0] ?? 0n, "x")).toEqual([]);
    expect(registersOf(dirty[node(1)] ?? 0n, "x")).toEqual([6]);
    expect(registersOf(dirty[node(2)] ?? 0n, "x")).toEqual([6, 7]);
    expect(registersOf(dirty[node(4)] ?? 0n, "x")).toEqual([6, 7, 8]);
  });
});
