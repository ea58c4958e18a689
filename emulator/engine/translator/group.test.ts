import { describe, expect, it } from "vitest";
import { analyse } from "./analysis.ts";
import { groupsOf } from "./group.ts";
import type { Line } from "./testing/snippet.ts";
import { regionOf } from "./testing/snippet.ts";

const load = (rd: number, rs1: number, immediate: number): Line => ["ld", { rd, rs1, immediate }];
const ret: Line = ["jalr", { rs1: 1 }];
const branch = (immediate: number): Line => ["bne", { rs1: 7, immediate }];
const store = (rs2: number, rs1: number, immediate: number): Line => ["sd", { rs2, rs1, immediate }];

/** Of each access: the number of the operation at which its page is looked up, and what the group covers. */
function groups(lines: readonly Line[], ...order: readonly number[]) {
  const region = regionOf(lines, ...(order.length > 0 ? order : lines.keys()));
  const at = (node: number, index: number) => (region.blocks[node]?.operations[index]?.delta ?? 0) / 4;
  const found = groupsOf(region.blocks, analyse(region).shape);
  const groupAt = new Map(
    found.flatMap((own, node) => [...own].map(([index, group]) => [at(node, index), group] as const)),
  );
  return lines.map((_, i) => {
    const group = groupAt.get(i);
    return group && [at(group.node, group.first), group.from, group.to];
  });
}

describe("groups of accesses", () => {
  it("are those near one register's value", () => {
    expect(groups([load(5, 10, 8), ["add"], load(6, 10, 0), load(7, 10, 24)])).toEqual([
      [0, 0, 32],
      undefined,
      [0, 0, 32],
      [0, 0, 32],
    ]);
  });

  it("are apart for loads and stores, and for different registers", () => {
    expect(groups([load(5, 10, 0), store(5, 10, 0), load(6, 11, 0), store(5, 10, 8)])).toEqual([
      [0, 0, 8],
      [1, 0, 16],
      [2, 0, 8],
      [1, 0, 16],
    ]);
  });

  it("end where the register changes, also by the load itself", () => {
    expect(groups([load(5, 10, 0), ["addi", { rd: 10, rs1: 10, immediate: 8 }], load(5, 10, 0)])).toEqual([
      [0, 0, 8],
      undefined,
      [2, 0, 8],
    ]);
    expect(groups([load(10, 10, 0), load(10, 10, 8)])).toEqual([
      [0, 0, 8],
      [1, 8, 16],
    ]);
  });

  it("do not grow wider than what is likely to lie on one page", () => {
    expect(groups([load(5, 10, 0), load(5, 10, 248), load(5, 10, 256), load(5, 10, 264)])).toEqual([
      [0, 0, 256],
      [0, 0, 256],
      [2, 256, 272],
      [2, 256, 272],
    ]);
  });

  it("hold only what lies on one page wherever the register is aligned", () => {
    expect(groups([load(5, 10, 0), load(5, 10, 9), load(5, 10, 16)])).toEqual([
      [0, 0, 8],
      [1, 9, 17],
      [2, 16, 24],
    ]);
  });

  it("end where something else reaches memory", () => {
    expect(groups([load(5, 10, 0), ["amoadd.d", { rd: 5, rs1: 11, rs2: 6 }], load(5, 10, 8)])).toEqual([
      [0, 0, 8],
      undefined,
      [2, 8, 16],
    ]);
  });

  it("go on in blocks that follow in any case, with the stores' page for loads", () => {
    const lines = [store(1, 2, 8), branch(8), load(5, 2, 0), load(6, 2, 16), ret];
    expect(groups(lines, 0, 1, 2, 3, 4, 0, 1, 3, 4)).toEqual([
      [0, 0, 24],
      undefined,
      [0, 0, 24],
      [0, 0, 24],
      undefined,
    ]);
    expect(groups([branch(8), load(5, 2, 0), load(6, 2, 16), ret], 0, 1, 2, 3, 0, 2, 3)).toEqual([
      undefined,
      [1, 0, 8],
      [2, 16, 24],
      undefined,
    ]);
  });

  it("end where the register may have changed on a way there, or a function was called", () => {
    const change: Line = ["addi", { rd: 2, rs1: 2, immediate: 8 }];
    expect(groups([load(5, 2, 0), branch(8), change, load(5, 2, 0), ret], 0, 1, 2, 3, 4, 0, 1, 3)[3]).toEqual(
      [3, 0, 8],
    );
    expect(
      groups([load(5, 2, 0), load(5, 2, 0), change, branch(-8), ret], 0, 1, 2, 3, 1, 2, 3, 4)[1],
    ).toEqual([1, 0, 8]);
    const call: Line = ["jal", { rd: 1, immediate: 64 }];
    expect(groups([load(5, 2, 0), call, load(5, 2, 0), ret], 0, 1, 2, 3)[2]).toEqual([2, 0, 8]);
  });
});
