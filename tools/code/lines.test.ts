import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { type ElfProgram, parseElf } from "../../emulator/board/elf.ts";
import { buildProgram } from "../conformance/testing/programs.ts";
import { type Sections, SourceLines } from "./lines.ts";

const sections = (line: Uint8Array, names: Readonly<Record<string, Uint8Array>> = {}): Sections => ({
  section: (name) => (name === ".debug_line" ? line : names[name]),
});
const u16 = (value: number) => [value & 0xff, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const text = (value: string) => [...Buffer.from(`${value}\0`)];

/** Line 10 at 0x1000 for 4 bytes, line 12 for 4 more; then line 3 of another file for 2. */
const program = [
  ...[0, 9, 2, ...u32(0x1000), 0, 0, 0, 0], // set_address
  ...[3, 9, 1], // advance_line, copy
  13 + 4 * 14 + 2 - -3, // special: 4 bytes on, 2 lines on
  ...[4, 2, 3, 0x77, 9, ...u16(4), 1], // set_file, advance_line -9, fixed_advance_pc, copy
  ...[2, 2, 0, 1, 1], // advance_pc, end_sequence
];
const opcodes = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
const parameters = [0xfd, 14, 13, ...opcodes]; // line_base -3, line_range 14, opcode_base 13

function unit(version: number, header: readonly number[]): Uint8Array {
  const sized = [...u32(header.length), ...header];
  const body = [...u16(version), ...(version >= 5 ? [8, 0] : []), ...sized, ...program];
  return Uint8Array.from([...u32(body.length), ...body]);
}

const files = [...text("src"), 0, ...text("a.S"), 1, 0, 0, ...text("b.S"), 0, 0, 0, 0];
const units: [number, Sections][] = [
  [2, sections(unit(2, [1, 1, ...parameters, ...files]))],
  [3, sections(unit(3, [1, 1, ...parameters, ...files]))],
  [4, sections(unit(4, [1, 1, 1, ...parameters, ...files]))],
  [
    5,
    sections(
      unit(5, [
        ...[1, 1, 1, ...parameters],
        ...[1, 1, 0x1f, 2, ...u32(0), ...u32(5)], // directories by line_strp
        ...[2, 1, 0x08, 2, 0x0b, 3, ...text("?"), 0, ...text("a.S"), 1, ...text("b.S"), 0],
      ]),
      { ".debug_line_str": Uint8Array.from([...text("/top"), ...text("src")]) },
    ),
  ],
];

describe("SourceLines", () => {
  it.each(units)("reads DWARF %i", (version, made) => {
    const lines = new SourceLines(made);
    const top = version === 5 ? "/top/" : "";
    expect(lines.at(0xfffn)).toBeUndefined();
    expect(lines.at(0x1000n)).toEqual({ file: `${top}src/a.S`, line: 10 });
    expect(lines.at(0x1003n)).toEqual({ file: `${top}src/a.S`, line: 10 });
    expect(lines.at(0x1004n)).toEqual({ file: `${top}src/a.S`, line: 12 });
    expect(lines.at(0x1008n)).toEqual({ file: `${top}b.S`, line: 3 });
    expect(lines.at(0x100an)).toBeUndefined();
  });

  it("knows nothing where nothing is said", () => {
    expect(new SourceLines({ section: () => undefined }).at(0n)).toBeUndefined();
  });

  it("survives whatever byte is wrong, and whatever is missing", () => {
    for (const [, made] of units) {
      const bytes = made.section(".debug_line") ?? new Uint8Array(0);
      for (let at = 0; at < bytes.length; at++) {
        for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
          new SourceLines({
            section: (n) => (n === ".debug_line" ? bytes.with(at, value) : made.section(n)),
          }).at(0x1004n);
        }
        new SourceLines(sections(bytes.subarray(0, at))).at(0x1004n);
      }
    }
  });

  describe("of a program that was built here", () => {
    let elf: ElfProgram;
    beforeAll(async () => {
      const path = await buildProgram("checks");
      elf = parseElf(readFileSync(path), path);
    });
    it("names the line of a label", () => {
      const source = readFileSync("tools/conformance/testing/checks.S", "utf8").split("\n");
      const found = new SourceLines(elf).at(elf.symbols.named("test_3")?.address ?? 0n);
      expect(found?.file).toMatch(/checks\.S$/);
      expect(source[(found?.line ?? 0) - 2]).toMatch(/^test_3:/);
    });
  });
});
