import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseElf } from "./elf.ts";
import { buildElf, elfHeader, firstProgramHeader, programHeader } from "./elf-fixture.ts";
import { ImageError } from "./image-error.ts";

const contents = Uint8Array.of(1, 2, 3, 4);
const fixture = {
  entry: 0x8000_0000n,
  segments: [
    { virtual: 0xffff_ffc0_0020_0000n, physical: 0x8020_0000n, contents, memoryBytes: 0x1000n },
    { virtual: 0x8000_0000n, contents: Uint8Array.of(5, 6) },
  ],
  text: { address: 0x8000_0000n, bytes: 0x100n },
  symbols: [
    { name: "_start", address: 0x8000_0000n, bytes: 2n },
    { name: "table", address: 0x8000_0040n, bytes: 16n, info: 0x11 },
    { name: "again", address: 0x8000_0080n, info: 0x00 },
    { name: "$x", address: 0x8000_0000n, info: 0x00 },
    { name: "start.c", address: 0n, info: 0x04, section: 0xfff1 },
    { name: "outside", address: 0n, section: 0 },
    { name: "", address: 0x8000_0000n },
    { name: "LIMIT", address: 64n, info: 0x10, section: 0xfff1 },
  ],
};

/** The fixture with a field overwritten. */
function spoilt(bytes: 1 | 2 | 8, offset: number, value: number | bigint): Uint8Array {
  const image = buildElf(fixture);
  const view = new DataView(image.buffer);
  if (bytes === 1) view.setUint8(offset, Number(value));
  else if (bytes === 2) view.setUint16(offset, Number(value), true);
  else view.setBigUint64(offset, BigInt(value), true);
  return image;
}

describe("a good program", () => {
  const program = parseElf(buildElf(fixture), "kernel");

  test("has its entry and its segments by physical address", () => {
    expect(program.entry).toBe(0x8000_0000n);
    expect(program.segments).toEqual([
      {
        virtual: 0x8000_0000n,
        physical: 0x8000_0000n,
        contents: Uint8Array.of(5, 6),
        memoryBytes: 2n,
        executable: true,
      },
      {
        virtual: 0xffff_ffc0_0020_0000n,
        physical: 0x8020_0000n,
        contents,
        memoryBytes: 0x1000n,
        executable: true,
      },
    ]);
  });

  test("has the symbols that name something, and only those", () => {
    expect(program.symbols.all.map((symbol) => `${symbol.kind} ${symbol.name}`)).toEqual([
      "function _start",
      "object table",
      "label again",
      "label LIMIT",
    ]);
    expect(program.symbols.symbolAt(0x8000_0001n)?.symbol.name).toBe("_start");
    expect(program.symbols.symbolAt(0x8000_00ffn)?.symbol.name).toBe("again");
    expect(program.symbols.symbolAt(0x8000_0100n)).toBeUndefined();
    expect(program.symbols.symbolAt(64n)).toBeUndefined();
    expect(program.symbols.named("LIMIT")?.address).toBe(64n);
  });

  test("may be a view into a larger buffer", () => {
    const image = buildElf(fixture);
    const buffer = new Uint8Array(image.length + 7);
    buffer.set(image, 7);
    expect(parseElf(buffer.subarray(7), "kernel").segments).toEqual(program.segments);
  });

  test("may have no sections", () => {
    const stripped = spoilt(8, 40, 0);
    expect(parseElf(stripped, "kernel").symbols.all).toEqual([]);
  });
});

const sectionTable = () => Number(new DataView(buildElf(fixture).buffer).getBigUint64(40, true));
const physicalOfFirst = firstProgramHeader + programHeader.physical;

test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(0), "not an ELF file"],
  ["text", new TextEncoder().encode("#!/bin/sh\n"), "not an ELF file"],
  [
    "a cut header",
    buildElf(fixture).slice(0, 63),
    "truncated: the ELF header needs 64 bytes, the file has 63",
  ],
  ["32 bits", spoilt(1, elfHeader.class, 1), "is 32-bit; this machine runs 64-bit RISC-V"],
  ["an unknown class", spoilt(1, elfHeader.class, 9), "of unknown class 9"],
  ["big-endian data", spoilt(1, elfHeader.data, 2), "not little-endian"],
  ["another processor", spoilt(2, elfHeader.machine, 62), "is for x86-64; this machine runs"],
  ["a strange processor", spoilt(2, elfHeader.machine, 999), "is for machine number 999"],
  ["an object file", spoilt(2, elfHeader.type, 1), "link it first"],
  ["a core dump", spoilt(2, elfHeader.type, 4), "it is a core dump"],
  ["a reserved type", spoilt(2, elfHeader.type, 77), "ELF type 77 cannot be loaded"],
  ["no program headers", spoilt(2, 56, 0), "no segment to load"],
  [
    "odd program headers",
    spoilt(2, elfHeader.programHeaderBytes, 32),
    "program headers have 32 bytes each, not 56",
  ],
  ["too many program headers", spoilt(2, 56, 0xffff), "truncated: the program header table ends at byte"],
  ["program headers far away", spoilt(8, 32, 2n ** 64n - 1n), "truncated: the program header table"],
  [
    "contents past the end",
    spoilt(8, firstProgramHeader + programHeader.offset, 1n << 63n),
    "truncated: segment 0 ends at byte 9223372036854775812",
  ],
  [
    "more in the file than in memory",
    spoilt(8, firstProgramHeader + programHeader.memoryBytes, 3),
    "segment 0 has 4 bytes in the file but only 3 in memory",
  ],
  [
    "an address space overrun",
    spoilt(8, physicalOfFirst, 2n ** 64n - 4n),
    "runs past the end of the address space",
  ],
  [
    "overlapping segments",
    spoilt(8, physicalOfFirst, 0x7fff_f800n),
    "the segment at physical 0x7ffff800 to 0x800007ff overlaps the one at 0x80000000",
  ],
  ["odd section headers", spoilt(2, 58, 40), "section headers have 40 bytes each, not 64"],
  ["too many sections", spoilt(2, 60, 5), "truncated: the section header table"],
  ["symbols past the end", spoilt(8, sectionTable() + 2 * 64 + 24, 1n << 40n), "truncated: the symbol table"],
  ["names past the end", spoilt(8, sectionTable() + 3 * 64 + 32, 1n << 40n), "truncated: the symbols' names"],
  ["symbols without names", spoilt(1, sectionTable() + 2 * 64 + 40, 1), "names section 1 as its strings"],
  [
    "symbols with missing names",
    spoilt(1, sectionTable() + 2 * 64 + 40, 200),
    "names section 200 as its strings",
  ],
  ["a name outside the names", spoilt(8, sectionTable() + 3 * 64 + 32, 4), "a symbol's name lies at"],
])("%s is refused with what is wrong", (_, image, message) => {
  expect(() => parseElf(image, "kernel")).toThrow(ImageError);
  expect(() => parseElf(image, "kernel")).toThrow(message);
  expect(() => parseElf(image, "kernel")).toThrow(/^kernel: .+; .+$/);
});

test("whatever single byte is wrong, the answer is a program or an ImageError", () => {
  const image = buildElf(fixture);
  for (let offset = 0; offset < image.length; offset++) {
    for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const damaged = image.slice();
      damaged[offset] = value;
      try {
        parseElf(damaged, "kernel");
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }
  }
});

test("however the file is cut, the answer is an ImageError", () => {
  const image = buildElf(fixture);
  for (let length = 0; length < image.length; length++) {
    expect(() => parseElf(image.subarray(0, length), "kernel")).toThrow(ImageError);
  }
});

const openSbi = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf";

test.skipIf(!existsSync(openSbi))(`reads ${openSbi}`, () => {
  const program = parseElf(new Uint8Array(readFileSync(openSbi)), "firmware");
  expect(program.entry).toBe(0x8000_0000n);
  expect(program.segments.map((segment) => segment.physical)).toEqual([0x8000_0000n]);
});
