import { describe, expect, it } from "vitest";
import { shapeOf } from "./control-flow.ts";

const edges = (successors: readonly (readonly number[])[]) =>
  successors.flatMap((all, from) => all.map((to) => `${from}>${to}`));

describe("the shape of a control-flow graph", () => {
  it("finds where the ways of a diamond meet", () => {
    const shape = shapeOf([[1, 2], [3], [3], []]);
    expect([...shape.merges]).toEqual([3]);
    expect([...shape.loopHeads]).toEqual([]);
    expect(new Set(shape.dominated[0])).toEqual(new Set([1, 2, 3]));
    expect(shape.order[0]).toBe(0);
    expect(shape.order.at(-1)).toBe(3);
  });

  it("finds the heads of nested loops, and which edges lead back", () => {
    const shape = shapeOf([[1], [2], [2, 3], [1, 4], []]);
    expect(new Set(shape.loopHeads)).toEqual(new Set([1, 2]));
    expect([...shape.merges]).toEqual([]);
    expect(shape.isBackEdge(3, 1)).toBe(true);
    expect(shape.isBackEdge(2, 2)).toBe(true);
    expect(shape.isBackEdge(2, 3)).toBe(false);
    expect(shape.dominated).toEqual([[1], [2], [3], [4], []]);
  });

  it("finds the dominator of what several long ways lead to", () => {
    // Two ways from 1 to 5, one of which may skip 4; 6 can also be reached from 0.
    const shape = shapeOf([[1, 6], [2, 3], [5], [4, 5], [5], [6], []]);
    expect(new Set(shape.dominated[1])).toEqual(new Set([2, 3, 5]));
    expect(shape.dominated[3]).toEqual([4]);
    expect(new Set(shape.dominated[0])).toEqual(new Set([1, 6]));
    expect(new Set(shape.merges)).toEqual(new Set([5, 6]));
  });

  it("counts two edges between the same nodes as one way", () => {
    expect(shapeOf([[1, 1], []]).merges.size).toBe(0);
  });

  it("leaves out what cannot be reached", () => {
    const shape = shapeOf([[2], [2], []]);
    expect(shape.order).toEqual([0, 2]);
    expect(shape.merges.size).toBe(0);
  });

  it("cuts edges that enter a loop beside its head", () => {
    // 1 and 2 lead to each other, and 0 to both.
    const shape = shapeOf([[1, 2], [2], [1]]);
    const kept = edges(shape.successors);
    expect(kept).toContain("0>1");
    expect(kept).toContain("0>2");
    expect(kept).toHaveLength(3);
    expect(shape.loopHeads.size).toBe(0);
  });

  it("leaves every cycle of a random graph with one way in", () => {
    let seed = 12345;
    const below = (bound: number) => {
      seed = (seed * 1103515245 + 12345) & 0x7fff_ffff;
      return (seed >> 8) % bound;
    };
    for (let round = 0; round < 300; round++) {
      const size = 2 + below(10);
      const graph = Array.from({ length: size }, () => Array.from({ length: below(4) }, () => below(size)));
      const { order, successors, isBackEdge, loopHeads } = shapeOf(graph);
      const dominates = (node: number, other: number) => !reached(successors, node).has(other);
      for (const from of order) {
        for (const to of successors[from] ?? []) {
          expect(graph[from]).toContain(to);
          if (!isBackEdge(from, to)) continue;
          expect(loopHeads.has(to)).toBe(true);
          expect(to === from || dominates(to, from)).toBe(true);
        }
      }
    }
  });
});

/** The nodes that are reached from the entry without passing one. */
function reached(successors: readonly (readonly number[])[], without: number): Set<number> {
  const seen = new Set<number>();
  const waiting = without === 0 ? [] : [0];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...(successors[node] ?? []).filter((to) => to !== without));
  }
  return seen;
}
