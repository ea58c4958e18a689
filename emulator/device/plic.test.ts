import { beforeEach, describe, expect, test } from "vitest";
import { Plic } from "./plic.ts";

const priority = (source: number) => source * 4;
const pending = (word: number) => 0x1000 + word * 4;
const enable = (context: number, word = 0) => 0x2000 + context * 0x80 + word * 4;
const threshold = (context: number) => 0x20_0000 + context * 0x1000;
const claim = (context: number) => threshold(context) + 4;

/** Contexts of a board with two harts. */
const [machine0, supervisor0, machine1, supervisor1] = [0, 1, 2, 3];

let changes: string[];
let plic: Plic;
const read = (offset: number) => plic.read(offset, 4);
const write = (offset: number, value: number) => plic.write(offset, 4, value);

beforeEach(() => {
  changes = [];
  plic = new Plic(95, 2, (hart, mode, level) => changes.push(`${hart}${mode}${level ? "+" : "-"}`));
});

describe("registers", () => {
  test("priorities have three bits, and source 0 none", () => {
    write(priority(1), 0xffff_ffff);
    write(priority(95), 5);
    write(priority(0), 7);
    write(priority(96), 7);
    expect([0, 1, 95, 96, 1023].map((source) => read(priority(source)))).toEqual([0, 7, 5, 0, 0]);
  });

  test("every context has an enable bit for every source there is", () => {
    for (const context of [machine0, supervisor0, machine1, supervisor1]) {
      for (const word of [0, 1, 2, 3]) write(enable(context, word), 0xffff_ffff);
      expect([0, 1, 2, 3].map((word) => read(enable(context, word)))).toEqual([
        0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0,
      ]);
    }
    write(enable(4), 0xffff_ffff);
    expect(read(enable(4))).toBe(0);
  });

  test("a source count inside a word ends there", () => {
    plic = new Plic(40, 1, () => {});
    write(enable(0, 1), 0xffff_ffff);
    expect(read(enable(0, 1))).toBe(0x1ff);
  });

  test("thresholds have three bits, one register per context", () => {
    write(threshold(supervisor1), 0xf);
    write(threshold(4), 1);
    expect(
      [machine0, supervisor0, machine1, supervisor1, 4].map((context) => read(threshold(context))),
    ).toEqual([0, 0, 0, 7, 0]);
  });

  test("pending bits are read-only", () => {
    plic.line(33)(true);
    write(pending(0), 0xffff_ffff);
    write(pending(1), 0);
    expect([read(pending(0)), read(pending(1)), read(pending(2)), read(pending(3))]).toEqual([0, 2, 0, 0]);
  });

  test("narrow accesses and the reserved rest read zero and are ignored", () => {
    plic.write(priority(1), 1, 7);
    plic.write(priority(1), 2, 7);
    expect(read(priority(1))).toBe(0);
    write(priority(1), 7);
    expect(plic.read(priority(1), 1)).toBe(0);
    for (const offset of [0x1f_fffc, 0x20_0008, 0x20_0ffc, 0x5f_fffc]) {
      write(offset, 0xffff_ffff);
      expect(read(offset)).toBe(0);
    }
    expect(changes).toEqual([]);
  });

  test("a source that does not exist cannot be wired", () => {
    expect(() => plic.line(0)).toThrow("no source 0");
    expect(() => plic.line(96)).toThrow("no source 96");
  });
});

describe("notification", () => {
  test("needs a priority, an enable bit and a threshold below the priority, in any order", () => {
    plic.line(10)(true);
    expect(changes).toEqual([]);
    write(enable(supervisor1), 1 << 10);
    expect(changes).toEqual([]);
    write(threshold(supervisor1), 3);
    write(priority(10), 3);
    expect(changes).toEqual([]);
    write(priority(10), 4);
    expect(changes).toEqual(["1S+"]);
    write(threshold(supervisor1), 4);
    expect(changes).toEqual(["1S+", "1S-"]);
    write(threshold(supervisor1), 0);
    write(enable(supervisor1), 0);
    expect(changes).toEqual(["1S+", "1S-", "1S+", "1S-"]);
  });

  test("goes to every context that enabled the source, and is called only on change", () => {
    write(priority(1), 1);
    write(priority(2), 1);
    write(enable(machine0), 0b110);
    write(enable(supervisor0), 0b110);
    write(enable(machine1), 0b010);
    plic.line(1)(true);
    plic.line(1)(true);
    plic.line(2)(true);
    expect(changes.sort()).toEqual(["0M+", "0S+", "1M+"]);
  });
});

describe("claim and completion", () => {
  beforeEach(() => {
    for (const source of [1, 2, 3, 40, 95]) write(priority(source), 1);
    for (const word of [0, 1, 2]) write(enable(supervisor0, word), 0xffff_ffff);
  });

  test("a claim answers the highest priority, then the lowest number, and lowers the line after the last", () => {
    write(priority(95), 7);
    write(priority(2), 3);
    for (const source of [40, 3, 2, 1, 95]) plic.line(source)(true);
    expect(Array.from({ length: 6 }, () => read(claim(supervisor0)))).toEqual([95, 2, 1, 3, 40, 0]);
    expect(changes).toEqual(["0S+", "0S-"]);
  });

  test("a claim takes the pending bit from all contexts", () => {
    write(enable(machine1), 0b10);
    plic.line(1)(true);
    expect(read(claim(machine1))).toBe(1);
    expect(read(claim(supervisor0))).toBe(0);
    expect(read(pending(0))).toBe(0);
    expect(changes.sort()).toEqual(["0S+", "0S-", "1M+", "1M-"]);
  });

  test("a claim does not look at the threshold, but at priority 0 and enable bits", () => {
    write(threshold(supervisor0), 7);
    write(priority(2), 0);
    plic.line(1)(true);
    plic.line(2)(true);
    expect(changes).toEqual([]);
    expect(read(claim(machine0))).toBe(0);
    expect(read(claim(supervisor0))).toBe(1);
    expect(read(claim(supervisor0))).toBe(0);
    expect(read(pending(0))).toBe(0b100);
  });

  test("an asserted line asks again on completion, not before", () => {
    const line = plic.line(1);
    line(true);
    expect(read(claim(supervisor0))).toBe(1);
    line(false);
    line(true);
    expect(read(pending(0))).toBe(0);
    expect(changes).toEqual(["0S+", "0S-"]);
    write(claim(supervisor0), 1);
    expect(read(pending(0))).toBe(0b10);
    expect(changes).toEqual(["0S+", "0S-", "0S+"]);
  });

  test("a line that fell meanwhile does not ask again", () => {
    const line = plic.line(95);
    line(true);
    expect(read(claim(supervisor0))).toBe(95);
    line(false);
    write(claim(supervisor0), 95);
    expect(changes).toEqual(["0S+", "0S-"]);
    line(true);
    expect(changes).toEqual(["0S+", "0S-", "0S+"]);
  });

  test("an edge asks once; of those that come while it is in service, one asks again on completion", () => {
    const edge = plic.edge(1);
    edge();
    edge();
    expect(read(claim(supervisor0))).toBe(1);
    expect(read(pending(0))).toBe(0);
    edge();
    edge();
    expect(read(pending(0))).toBe(0);
    write(claim(supervisor0), 1);
    expect(read(claim(supervisor0))).toBe(1);
    write(claim(supervisor0), 1);
    expect(read(pending(0))).toBe(0);
    expect(changes).toEqual(["0S+", "0S-", "0S+", "0S-"]);
  });

  test("a request outlives the line that raised it", () => {
    const line = plic.line(1);
    line(true);
    line(false);
    expect(read(pending(0))).toBe(0b10);
    expect(read(claim(supervisor0))).toBe(1);
  });

  test("completion counts from any context that enabled the source, and from no other", () => {
    const line = plic.line(1);
    line(true);
    read(claim(supervisor0));
    write(claim(machine1), 1);
    expect(read(pending(0))).toBe(0);
    write(enable(machine1), 0b10);
    write(claim(machine1), 1);
    expect(read(pending(0))).toBe(0b10);
  });

  test("completing nonsense does nothing", () => {
    plic.line(1)(true);
    for (const value of [0, 1, 2, 96, 1024, 0xffff_ffff]) write(claim(supervisor0), value);
    expect(read(pending(0))).toBe(0b10);
    expect(read(claim(supervisor0))).toBe(1);
    expect(read(claim(supervisor0))).toBe(0);
    expect(changes).toEqual(["0S+", "0S-"]);
  });
});
