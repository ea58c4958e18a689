import { describe, expect, it } from "vitest";
import type { Profile } from "./profile.ts";
import type { Region } from "./region.ts";
import { formRegion } from "./region.ts";
import type { Line } from "./testing/snippet.ts";
import { regionOf, Snippet } from "./testing/snippet.ts";

const LIMITS = { operations: 100, destinations: 8 };
const nop: Line = ["addi"];
const ret: Line = ["jalr", { rs1: 1 }];
const branch = (immediate: number): Line => ["bne", { rs1: 5, immediate }];
const jump = (immediate: number): Line => ["jal", { immediate }];

/** Of each block: where it begins, how many operations it has, and where it leads. */
const blocks = ({ blocks: all }: Region) =>
  all.map(({ delta, operations, successors }) => [delta, operations.length, successors]);

describe("a region", () => {
  it("is what was seen to execute, in blocks", () => {
    // 0: a branch over 1 and 2; both sides meet at 3.
    expect(blocks(regionOf([branch(12), nop, nop, nop, ret], 0, 1, 2, 3, 4, 0, 3, 4))).toEqual([
      [0, 1, [12, 4]],
      [4, 2, [12]],
      [12, 2, []],
    ]);
    expect(blocks(regionOf([branch(12), nop, nop, nop, ret], 0, 3, 4))).toEqual([
      [0, 1, [12]],
      [12, 2, []],
    ]);
  });

  it("cuts a block in two where a loop leads back into it", () => {
    expect(blocks(regionOf([nop, nop, branch(-4), ret], 0, 1, 2, 1, 2, 3))).toEqual([
      [0, 1, [4]],
      [4, 2, [4, 12]],
      [12, 1, []],
    ]);
  });

  it("begins with its entry, also where code before it belongs to it", () => {
    const region = regionOf([nop, ret, jump(-8)], 2, 0, 1);
    expect(region.place).toBe(0x1008);
    expect(blocks(region)).toEqual([
      [0, 1, [-8]],
      [-8, 2, []],
    ]);
  });

  it("does not follow calls, but what comes after them", () => {
    const call: Line = ["jal", { rd: 1, immediate: 12 }];
    const region = regionOf([call, nop, ret, nop, ret], 0, 3, 4, 1, 2);
    expect(blocks(region)).toEqual([
      [0, 1, [4]],
      [4, 2, []],
    ]);
    expect(region.blocks[0]?.targets).toEqual([12]);
  });

  it("knows where an indirect jump was seen to lead, the most frequent first", () => {
    const region = regionOf([["jalr", { rs1: 10 }], ret, ret, ret], 0, 2, 0, 3, 0, 3);
    expect(region.blocks[0]?.targets).toEqual([12, 8]);
    expect(new Set(region.blocks[0]?.successors)).toEqual(new Set([8, 12]));
  });

  it("takes overlapping instructions as the different ones they are", () => {
    // lui's upper half is c.nop followed by nothing that was executed.
    const code = new Snippet(0, [["lui", { rd: 5, immediate: 0x10000 }], ret]);
    const profile = code.executed(0, 1);
    profile.learn([
      { place: 4, pc: 4 },
      { place: 2, pc: 2 },
      { place: 4, pc: 4 },
    ]);
    const lengths = (region: Region | undefined) =>
      region?.blocks.map((block) => [block.delta, block.operations[0]?.operation.length]);
    expect(lengths(formRegion(0, profile, code, LIMITS))?.[0]).toEqual([0, 4]);
    expect(lengths(formRegion(2, profile, code, LIMITS))?.[0]).toEqual([0, 2]);
  });

  it("ends at breakpoints, and does not begin at one", () => {
    const code = new Snippet(0x1000, [nop, nop, nop, ret]);
    const profile = code.executed(0, 1, 2, 3);
    code.breakpoints.add(code.places[2] ?? 0);
    expect(formRegion(0x1000, profile, code, LIMITS)?.blocks[0]?.operations).toHaveLength(2);
    expect(formRegion(0x1008, profile, code, LIMITS)).toBeUndefined();
  });

  it("has no more operations than it may, of the most executed", () => {
    const code = new Snippet(0x1000, [branch(16), nop, nop, ret, nop, nop, ret]);
    const profile = code.executed(0, 4, 5, 6, 0, 4, 5, 6, 0, 1, 2, 3);
    const region = formRegion(0x1000, profile, code, { ...LIMITS, operations: 4 });
    expect(region && blocks(region)).toEqual([
      [0, 1, [16]],
      [16, 3, []],
    ]);
  });
});

describe("a region on several pages", () => {
  const at = (place: number, pc: number) => ({ place, pc });
  /** Two pages, next to each other for the program, the other way round in RAM. */
  function scattered(): { code: Snippet; profile: Profile } {
    const first = new Snippet(0x5ff8, [nop, jump(8)]);
    const second = new Snippet(0x2000, [nop, ret, nop]);
    const code = new Snippet(0, []);
    code.operation = (place, half) => (place >= 0x5000 ? first : second).operation(place, half);
    const profile = code.executed();
    profile.learn([at(0x5ff8, 0x1ff8), at(0x5ffc, 0x1ffc), at(0x2004, 0x2004)]);
    return { code, profile };
  }

  it("knows which page of RAM each of them is", () => {
    const { code, profile } = scattered();
    const region = formRegion(0x5ff8, profile, code, LIMITS);
    expect(region?.pages).toEqual(
      new Map([
        [0, 5],
        [1, 2],
      ]),
    );
    expect(region && blocks(region)).toEqual([
      [0, 2, [12]],
      [12, 1, []],
    ]);
  });

  it("goes on on the next one, also through an instruction that lies on both", () => {
    const aligned = new Snippet(0x1ff8, [nop, nop, nop, ret]);
    const region = formRegion(0x1ff8, aligned.executed(0, 1, 2, 3), aligned, LIMITS);
    expect(region && blocks(region)).toEqual([
      [0, 2, [8]],
      [8, 2, []],
    ]);
    const across = new Snippet(0x1ffa, [nop, nop, nop, ret]);
    const other = formRegion(0x1ffa, across.executed(0, 1, 2, 3), across, LIMITS);
    expect(other?.blocks.flatMap(({ operations }) => operations).map((o) => o.crosses)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it("leaves what another mapping of the same code leads to elsewhere", () => {
    const { code, profile } = scattered();
    profile.learn([at(0x5ffc, 0x1ffc), at(0x3004, 0x2004)]);
    profile.learn([at(0x5ffc, 0x1ffc), at(0x3004, 0x2004)]);
    // The page seen more often is met first, and there is no code on it.
    const region = formRegion(0x5ff8, profile, code, LIMITS);
    expect(region?.pages.get(1)).toBe(3);
    expect(region && blocks(region)).toEqual([[0, 2, []]]);
  });

  it("does not begin with an instruction that lies on two", () => {
    const code = new Snippet(0x1ffe, [nop, nop, jump(-6)]);
    expect(formRegion(0x1ffe, code.executed(0, 1, 2), code, LIMITS)).toBeUndefined();
  });

  it("holds instructions that lie on two where it knows both", () => {
    const code = new Snippet(0x1ffa, [nop, nop, nop, jump(-12)]);
    const region = formRegion(0x2002, code.executed(2, 3, 0, 1, 2), code, LIMITS);
    const crossing = region?.blocks.flatMap(({ operations }) => operations).filter((o) => o.crosses);
    expect(crossing?.map(({ delta }) => delta)).toEqual([-4]);
  });
});
