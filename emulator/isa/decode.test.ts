import { describe, expect, test } from "vitest";
import type { Decoded } from "./decode.ts";
import { createDecoder } from "./decode.ts";
import { encode } from "./encode.ts";
import type { Instruction } from "./instruction.ts";
import { instructionSet, instructions } from "./table.ts";
import { randomWords } from "./testing/sample.ts";

const decode = createDecoder(instructions);

/** All bits of an entry's word that are fixed or hold a register or immediate. */
function knownBits({ encoding }: Instruction): number {
  let known = encoding.mask;
  for (const { low, width } of [...encoding.registers, ...encoding.slices]) {
    known |= (width === 32 ? -1 : (1 << width) - 1) << low;
  }
  return known >>> 0;
}

function decoded(word: number): Decoded {
  const result = decode(word);
  if (result === undefined) throw new Error(`0x${word.toString(16)} does not decode`);
  return result;
}

describe("every entry", () => {
  test.each(instructions.map((i) => [i.name, i] as const))(
    "%s decodes to itself and encodes back",
    (_name, entry) => {
      let own = 0;
      for (const word of randomWords(entry, 200)) {
        const result = decode(word);
        if (result === undefined) {
          expect(entry.except).not.toHaveLength(0);
          continue;
        }
        if (result.instruction !== entry) {
          // A more specific entry, or what an excepted value belongs to.
          expect((word ^ result.instruction.encoding.match) & result.instruction.encoding.mask).toBe(0);
          continue;
        }
        own++;
        expect(result.word).toBe(word);
        expect(encode(entry, result)).toBe((word & knownBits(entry)) >>> 0);
      }
      expect(own).toBeGreaterThan(0);
    },
  );
});

test.each([
  // Fields placed by hand from the manual's tables.
  [0xfff50513, { name: "addi", rd: 10, rs1: 10, immediate: -1 }],
  [0x8000_0537, { name: "lui", rd: 10, immediate: -0x8000_0000 }],
  [0xfe00_0ee3, { name: "beq", immediate: -4 }],
  [0x8000_006f, { name: "jal", immediate: -0x10_0000 }],
  [0x7ff0_00ef, { name: "jal", rd: 1, immediate: 0xffe }],
  [0x03f5_1513, { name: "slli", rd: 10, rs1: 10, immediate: 63 }],
  [0xfea1_3c23, { name: "sd", rs1: 2, rs2: 10, immediate: -8 }],
  [0x0100_000f, { name: "pause" }],
  [0x0ff0_000f, { name: "fence" }],
  [0x0001, { name: "c.nop", rd: 0, rs1: 0 }],
  [0x1141, { name: "c.addi", rd: 2, rs1: 2, immediate: -16 }],
  [0x7179, { name: "c.addi16sp", rd: 2, rs1: 2, immediate: -48 }],
  [0x0808, { name: "c.addi4spn", rd: 10, rs1: 2, immediate: 16 }],
  [0x777d, { name: "c.lui", rd: 14, immediate: -4096 }],
  [0x8082, { name: "c.jr", rd: 0, rs1: 1 }],
  [0x9002, { name: "c.ebreak" }],
  [0x9782, { name: "c.jalr", rd: 1, rs1: 15 }],
  [0x85aa, { name: "c.mv", rd: 11, rs1: 0, rs2: 10 }],
  [0xe406, { name: "c.sdsp", rs1: 2, rs2: 1, immediate: 8 }],
  [0xbfed, { name: "c.j", rd: 0, immediate: -6 }],
  [0xc119, { name: "c.beqz", rs1: 10, rs2: 0, immediate: 6 }],
  [0x81e8, { name: "c.lbu", rd: 10, rs1: 11, immediate: 3 }],
  [0x89c8, { name: "c.sb", rs1: 11, rs2: 10, immediate: 1 }],
  [0x89a8, { name: "c.sb", rs1: 11, rs2: 10, immediate: 2 }],
  [0x9d71, { name: "c.zext.w", rd: 10, rs1: 10, rs2: 0 }],
  [0x9d75, { name: "c.not", rd: 10, rs1: 10, immediate: -1 }],
])("0x%s", (word, { name, ...operands }) => {
  const { instruction, ...rest } = decoded(word);
  expect(instruction.name).toBe(name);
  expect(rest).toMatchObject(operands);
});

test("only the low half of a compressed instruction counts", () => {
  expect(decoded(0xffff_1141)).toEqual(decoded(0x1141));
  expect(decoded(0xffff_1141).word).toBe(0x1141);
});

test("words are unsigned whichever way the caller holds them", () => {
  expect(decoded(0xfff50513 | 0)).toEqual(decoded(0xfff50513));
});

test.each([
  ["the zero halfword", 0x0000],
  ["c.addi4spn with no immediate", 0x0004],
  ["c.addiw to x0", 0x2005],
  ["c.addi16sp with no immediate", 0x6101],
  ["c.lui with no immediate", 0x6081],
  ["c.lwsp to x0", 0x4002],
  ["c.ldsp to x0", 0x6002],
  ["c.jr of x0", 0x8002],
  ["quadrant 1, arithmetic 1-11-110", 0x9c79],
  ["quadrant 1, arithmetic 1-11-111", 0x9c7d],
  ["quadrant 0, funct3 100 with bit 12 set", 0x9000],
  ["c.sh with bit 6 set", 0x8c40],
  ["all ones", 0xffff_ffff],
  ["slliw with bit 5 of the count set", 0x0205_151b],
])("reserved: %s", (_what, word) => {
  expect(decode(word)).toBeUndefined();
});

test.each([
  ["c.nop with an immediate", 0x0005, "c.nop"],
  ["c.addi of 0", 0x0081, "c.addi"],
  ["c.li to x0", 0x4005, "c.li"],
  ["c.lui to x0", 0x6005, "c.lui"],
  ["c.slli by 0", 0x0082, "c.slli"],
  ["c.slli to x0", 0x0006, "c.slli"],
  ["c.srli by 0", 0x8001, "c.srli"],
  ["c.mv to x0", 0x8006, "c.mv"],
  ["c.add to x0", 0x9006, "c.add"],
])("HINT: %s", (_what, word, name) => {
  expect(decoded(word).instruction.name).toBe(name);
});

describe("a word of an absent extension does not decode", () => {
  const nameFor = (word: number, extensions: readonly string[]) =>
    createDecoder(instructionSet(new Set(extensions)))(word)?.instruction.name;

  test.each([
    // Words as clang 17 and GNU as 2.40 assemble them, and what they are with which extensions.
    ["rev8 a0,a1", 0x6b85_d513, [["zbb"], ["zbkb"]], [[], ["zba", "zbs"]]],
    ["clmul a0,a1,a2", 0x0ac5_9533, [["zbc"], ["zbkc"]], [[], ["zbkb"]]],
    ["clmulr a0,a1,a2", 0x0ac5_a533, [["zbc"]], [[], ["zbkc"]]],
    ["flh fa0,0(a1)", 0x0005_9507, [["zfhmin"], ["zfh"]], [[]]],
    ["fadd.h fa0,fa1,fa2,rne", 0x04c5_8553, [["zfh"]], [[], ["zfhmin"]]],
    ["c.lbu a0,3(a1)", 0x81e8, [["zcb"]], [[], ["zba", "zbb"]]],
    ["c.mul a0,a1", 0x9d4d, [["zcb"]], [[]]],
    ["c.sext.b a0", 0x9d65, [["zcb", "zbb"]], [["zcb"], ["zbb"], ["zcb", "zbkb"]]],
    ["c.zext.h a0", 0x9d69, [["zcb", "zbb"]], [["zcb"], ["zbb"], ["zcb", "zba"]]],
    ["c.sext.h a0", 0x9d6d, [["zcb", "zbb"]], [["zcb"], ["zbb"], ["zcb", "zba"]]],
    ["c.zext.w a0", 0x9d71, [["zcb", "zba"]], [["zcb"], ["zba"], ["zcb", "zbb"]]],
  ] as const)("%s", (text, word, present, absent) => {
    const [name] = text.split(" ");
    for (const extensions of present) expect(nameFor(word, extensions), extensions.join()).toBe(name);
    for (const extensions of absent) expect(nameFor(word, extensions), extensions.join()).toBeUndefined();
  });

  test("zext.h is Zbkb's packw of zero where there is no Zbb", () => {
    expect(nameFor(0x0805_c53b, ["zbb"])).toBe("zext.h");
    expect(nameFor(0x0805_c53b, ["zbkb"])).toBe("packw");
    expect(nameFor(0x0805_c53b, ["zbb", "zbkb"])).toBe("zext.h");
  });
});
