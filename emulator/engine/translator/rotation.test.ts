import { describe, expect, it } from "vitest";
import { rotationsIn } from "./rotation.ts";
import type { Line } from "./testing/snippet.ts";
import { operationOf } from "./testing/snippet.ts";

const shift = (name: string, rd: number, rs1: number, immediate: number): Line => [
  name,
  { rd, rs1, immediate },
];
const or = (rd: number, rs1: number, rs2: number, name = "or"): Line => [name, { rd, rs1, rs2 }];

/** The rotations of a block: which line gives each, of which register before which line, of how many bits, and how far. */
function rotations(...lines: readonly Line[]) {
  return [...rotationsIn(lines.map(operationOf))].map(([index, { of, type, count }]) => [
    index,
    of.register,
    of.index,
    type,
    count,
  ]);
}

describe("rotations", () => {
  it("are two shifts that are united, in any order and way", () => {
    const left = shift("slli", 5, 10, 13);
    const right = shift("srli", 6, 10, 51);
    for (const name of ["or", "xor", "add"]) {
      expect(rotations(left, right, or(7, 5, 6, name))).toEqual([[2, 10, 0, "i64", 13]]);
      expect(rotations(right, left, or(5, 6, 5, name))).toEqual([[2, 10, 0, "i64", 13]]);
    }
    expect(rotations(left, right, or(7, 5, 6, "and"))).toEqual([]);
  });

  it("of words are extended by their sign", () => {
    expect(rotations(shift("slliw", 5, 10, 25), shift("srliw", 6, 10, 7), or(7, 6, 5))).toEqual([
      [2, 10, 1, "i32", 25],
    ]);
    expect(rotations(shift("slli", 5, 10, 25), shift("srliw", 6, 10, 7), or(7, 6, 5))).toEqual([]);
    expect(rotations(shift("slliw", 5, 10, 25), shift("srli", 6, 10, 7), or(7, 6, 5))).toEqual([]);
  });

  it("of a word whose upper half is 0 need not say that it is one", () => {
    const rotate: Line[] = [shift("slliw", 5, 10, 25), shift("srli", 6, 10, 7), or(7, 6, 5)];
    const found = (start: number) => [[start + 2, 10, start + 1, "i32", 25]];
    expect(rotations(["lwu", { rd: 10, rs1: 11 }], ...rotate)).toEqual(found(1));
    expect(rotations(shift("srliw", 10, 11, 1), ...rotate)).toEqual(found(1));
    expect(rotations(shift("srli", 10, 11, 32), ...rotate)).toEqual(found(1));
    expect(rotations(["lw", { rd: 10, rs1: 11 }], ...rotate)).toEqual([]);
    expect(rotations(["ld", { rd: 10, rs1: 11 }], ...rotate)).toEqual([]);
    expect(rotations(shift("srli", 10, 11, 31), ...rotate)).toEqual([]);
    expect(rotations(shift("slliw", 10, 11, 1), ...rotate)).toEqual([]);
  });

  it("are of a value, wherever it has gone meanwhile", () => {
    expect(rotations(shift("srliw", 5, 10, 7), shift("slliw", 10, 10, 25), or(10, 10, 5))).toEqual([
      [2, 10, 1, "i32", 25],
    ]);
    expect(
      rotations(
        ["c.mv", { rd: 8, rs2: 10 }],
        shift("srliw", 5, 8, 7),
        shift("slliw", 6, 10, 25),
        or(7, 6, 5),
      ),
    ).toEqual([[3, 10, 2, "i32", 25]]);
  });

  it("are not shifts of two values, or by counts that do not fit, or the same way", () => {
    const changed: Line = ["addi", { rd: 10, rs1: 10, immediate: 1 }];
    const left = shift("slli", 5, 10, 13);
    expect(rotations(left, changed, shift("srli", 6, 10, 51), or(7, 5, 6))).toEqual([]);
    expect(rotations(left, shift("srli", 6, 11, 51), or(7, 5, 6))).toEqual([]);
    expect(rotations(left, shift("srli", 6, 10, 50), or(7, 5, 6))).toEqual([]);
    expect(rotations(left, shift("srai", 6, 10, 51), or(7, 5, 6))).toEqual([]);
    expect(rotations(left, shift("slli", 6, 10, 51), or(7, 5, 6))).toEqual([]);
    expect(rotations(left, shift("srli", 6, 10, 51), changed, or(7, 5, 5))).toEqual([]);
    expect(rotations(shift("slliw", 5, 10, 13), shift("srliw", 6, 10, 51 - 32), or(7, 5, 6))).toHaveLength(1);
    expect(rotations(left, shift("srli", 6, 10, 51), shift("addi", 6, 6, 1), or(7, 5, 6))).toEqual([]);
  });
});
