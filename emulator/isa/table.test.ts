import { expect, test } from "vitest";
import { instruction } from "./instruction.ts";
import { check, instructionSet, instructions } from "./table.ts";

const entry = (name: string, pattern: string) => instruction("i", name, pattern, "", () => {});
const wide = entry("wide", "............ rs1 000 rd 0001111");
const narrow = entry("narrow", "000000010000 00000 000 00000 0001111");

test("all instructions agree with each other", () => {
  check(instructions);
});

test("an encoding may be strictly more specific than another", () => {
  check([wide, narrow]);
  check([narrow, wide]);
});

test("equal encodings are refused, and the error names both", () => {
  const twin = entry("twin", "............ rs1 000 rd 0001111");
  expect(() => check([wide, twin])).toThrow(/"wide".*"twin"/);
});

test("encodings of which neither is more specific are refused", () => {
  const across = entry("across", "............ 00001 ... rd 0001111");
  expect(() => check([wide, across])).toThrow(/"wide".*"across".*overlap/);
});

test("a name stands once", () => {
  expect(() => check([wide, entry("wide", "000000010000 00000 001 00000 0001111")])).toThrow(/"wide".*twice/);
});

test("a compressed instruction and a 32-bit one never overlap", () => {
  const short = entry("short", "000 imm[5] rd imm[4:0] 01");
  check([short, wide]);
});

test("a set has the base extensions always and the others as asked", () => {
  const names = (extensions: string[]) => new Set(instructionSet(new Set(extensions)).map((i) => i.name));
  const base = names([]);
  for (const name of ["addi", "mul", "amoadd.d", "c.addi", "sret", "sfence.vma"])
    expect(base).toContain(name);
  for (const name of ["sh1add", "rev8", "bset", "csrrw", "fence.i", "sinval.vma"])
    expect(base).not.toContain(name);
  expect(names(["zbb"])).toContain("rev8");
  expect(names(["zbb"])).not.toContain("bset");
  const all = instructionSet(new Set(instructions.map((i) => i.extension)));
  expect(all).toHaveLength(instructions.length);
});
