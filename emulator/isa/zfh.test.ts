/** Half precision has so few values that all of them can be tried: in a loop of guest code, on the interpreter. */
import { describe, expect, test } from "vitest";
import { Bench } from "../board/bench.ts";
import { parseCpu } from "../board/cpu.ts";
import type { Format } from "../float/format.ts";
import { float16, float32, float64 } from "../float/format.ts";
import { edges } from "../float/testing/operands.ts";
import type { Outcome } from "../float/testing/oracle.ts";
import * as oracle from "../float/testing/oracle.ts";
import { RAM_BASE } from "../memory/physical.ts";
import { encode } from "./encode.ts";
import { instructionNamed } from "./testing/sample.ts";
import { hex } from "./testing/values.ts";

const INPUT = 0x10_0000n;
const OUTPUT = 0x20_0000n;
const CASES = 65536;
const FLAGS = 1;
const TIMEOUT_MILLISECONDS = 60_000;
const MODES = [0, 1, 2, 3, 4];
const FLOATING_POINT_ON = 1n << 13n;

const bench = await Bench.create({ engine: "interpreter", memory: 0x40_0000, cpu: parseCpu("max") });

/** An instruction under test with its operands' bits, as a register holds them. */
interface Run {
  readonly name: string;
  readonly mode: number;
  readonly inputs: readonly (readonly [a: bigint, b: bigint])[];
}

/** Executes the instruction on every pair of inputs: the destination's bits and the flags raised. */
function execute({ name, mode, inputs }: Run): Outcome[] {
  const entry = instructionNamed(name);
  const has = (field: string) => entry.pattern.split(" ").includes(field);
  const [from, to, count, a, b, result, flags] = [5, 6, 7, 10, 11, 12, 13];
  const op = (mnemonic: string, operands: Parameters<typeof encode>[1]) =>
    encode(instructionNamed(mnemonic), operands);
  const load = has("rs1") ? "ld" : "fld";
  const program = [
    op(load, { rd: a, rs1: from }),
    op(load, { rd: b, rs1: from, immediate: 8 }),
    op("csrrw", { immediate: FLAGS }),
    (encode(entry, { rd: result, rs1: a, rs2: b }) | (has("rm") ? mode << 12 : 0)) >>> 0,
    op("csrrs", { rd: flags, immediate: FLAGS }),
    op(has("rd") ? "sd" : "fsd", { rs1: to, rs2: result }),
    op("sd", { rs1: to, rs2: flags, immediate: 8 }),
    op("addi", { rd: from, rs1: from, immediate: 16 }),
    op("addi", { rd: to, rs1: to, immediate: 16 }),
    op("addi", { rd: count, rs1: count, immediate: -1 }),
    op("bne", { rs1: count, rs2: 0, immediate: -40 }),
  ];
  bench.reset();
  bench.write(RAM_BASE, new Uint8Array(Uint32Array.from(program).buffer));
  bench.write(RAM_BASE + INPUT, new Uint8Array(BigUint64Array.from(inputs.flat()).buffer));
  const [hart] = bench.harts;
  if (hart === undefined) throw new Error("a bench has a hart");
  hart.setX(from, RAM_BASE + INPUT);
  hart.setX(to, RAM_BASE + OUTPUT);
  hart.setX(count, BigInt(inputs.length));
  hart.setCsr("mstatus", FLOATING_POINT_ON);
  bench.run(program.length * inputs.length);
  expect(hart.pc).toBe(RAM_BASE + BigInt(4 * program.length));
  const output = bench.read(RAM_BASE + OUTPUT, 16 * inputs.length);
  const words = new BigUint64Array(output.slice().buffer);
  return inputs.map((_, i) => ({ bits: words[2 * i] ?? 0n, flags: Number(words[2 * i + 1]) }));
}

/** Compares with the oracle, and tells the first few inputs on which it differs. */
function check(run: Run, expected: (a: bigint, b: bigint) => Outcome, to: Format | "x"): void {
  const outcomes = execute(run);
  const wrong = run.inputs.flatMap(([a, b], i) => {
    const { bits, flags } = expected(a, b);
    const register = BigInt.asUintN(64, to === "x" ? bits : bits | (-1n << BigInt(to.width)));
    const actual = outcomes[i];
    if (actual?.bits === register && actual.flags === flags) return [];
    return [
      `${hex(a)} ${hex(b)} = ${hex(actual?.bits ?? 0n)} flags ${actual?.flags}, not ${hex(register)} ${flags}`,
    ];
  });
  expect(wrong.slice(0, 5), `${run.name} in mode ${run.mode}`).toEqual([]);
}

const boxed = (format: Format, bits: bigint) => BigInt.asUintN(64, bits | (-1n << BigInt(format.width)));
const value = (register: bigint, format: Format) => BigInt.asUintN(format.width, register);
const all = Array.from({ length: CASES }, (_, i) => BigInt(i));
const everyHalf = all.map((bits) => [boxed(float16, bits), 0n] as const);

const INTEGERS = [
  { name: "w", bits: 32, signed: true },
  { name: "wu", bits: 32, signed: false },
  { name: "l", bits: 64, signed: true },
  { name: "lu", bits: 64, signed: false },
];

describe("every value of half precision", { timeout: TIMEOUT_MILLISECONDS }, () => {
  test.each(INTEGERS)("to an integer: $name", ({ name, bits, signed }) => {
    const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
    const greatest = least + 2n ** BigInt(bits) - 1n;
    for (const mode of MODES) {
      const expected = (a: bigint) => {
        const outcome = oracle.toInteger(float16, value(a, float16), least, greatest, mode);
        return { ...outcome, bits: BigInt.asIntN(bits, outcome.bits) };
      };
      check({ name: `fcvt.${name}.h`, mode, inputs: everyHalf }, expected, "x");
    }
  });

  test("its square root", () => {
    for (const mode of MODES) {
      const expected = (a: bigint) => oracle.squareRoot(float16, value(a, float16), mode);
      check({ name: "fsqrt.h", mode, inputs: everyHalf }, expected, float16);
    }
  });

  test("its class", () => {
    const expected = (a: bigint) => oracle.classify(float16, value(a, float16));
    check({ name: "fclass.h", mode: 0, inputs: everyHalf }, expected, "x");
  });

  test.each([
    ["fcvt.s.h", float32],
    ["fcvt.d.h", float64],
  ] as const)("to a wider format: %s", (name, to) => {
    const expected = (a: bigint) => oracle.convert(float16, to, value(a, float16), 0);
    check({ name, mode: 0, inputs: everyHalf }, expected, to);
  });

  test.each([
    ["fcvt.h.s", float32],
    ["fcvt.h.d", float64],
  ] as const)("from a wider format, and what lies around the middle of two neighbours: %s", (name, from) => {
    const tie = 1n << BigInt(from.fractionBits - float16.fractionBits - 1);
    const widened = all.map((bits) => oracle.convert(float16, from, bits, 0).bits);
    for (const mode of MODES) {
      // Each distance with a fifth of the values, another one in each mode.
      const inputs = widened.map((bits, i) => {
        const distance = [0n, 1n, tie - 1n, tie, tie + 1n][(i + mode) % 5] ?? 0n;
        return [boxed(from, bits + distance), 0n] as const;
      });
      const expected = (a: bigint) => oracle.convert(from, float16, value(a, from), mode);
      check({ name, mode, inputs }, expected, float16);
    }
  });

  test.each(INTEGERS)("from an integer: $name", ({ name, bits, signed }) => {
    for (const mode of MODES) {
      // Those that round to finite numbers, of both signs, and the powers of two with their neighbours.
      const inputs = all.map((i) => {
        const integer = i < 65000n ? i * 2n - 65000n + BigInt(mode % 2) : (1n << (i % 64n)) + (i % 3n) - 1n;
        return [BigInt.asUintN(64, integer), 0n] as const;
      });
      const expected = (a: bigint) => {
        const integer = signed ? BigInt.asIntN(bits, a) : BigInt.asUintN(bits, a);
        return oracle.fromInteger(float16, integer, mode);
      };
      check({ name: `fcvt.h.${name}`, mode, inputs }, expected, float16);
    }
  });
});

describe("operations of two operands on the edges of the format", () => {
  const values = edges(float16).map((bits) => boxed(float16, bits));
  const inputs = values.flatMap((a) => values.map((b) => [a, b] as const));
  const halves = (a: bigint, b: bigint) => [value(a, float16), value(b, float16)] as const;

  test.each([
    ["fadd.h", oracle.add],
    ["fmul.h", oracle.multiply],
    ["fdiv.h", oracle.divide],
  ] as const)("%s", (name, outcome) => {
    for (const mode of MODES) {
      check({ name, mode, inputs }, (a, b) => outcome(float16, ...halves(a, b), mode), float16);
    }
  });

  test.each([
    ["feq.h", "equal"],
    ["flt.h", "less"],
    ["fle.h", "lessOrEqual"],
  ] as const)("%s", (name, relation) => {
    check({ name, mode: 0, inputs }, (a, b) => oracle.compare(relation, float16, ...halves(a, b)), "x");
  });

  test.each([
    ["fmin.h", "minimum"],
    ["fmax.h", "maximum"],
  ] as const)("%s", (name, which) => {
    check({ name, mode: 0, inputs }, (a, b) => oracle.extreme(which, float16, ...halves(a, b)), float16);
  });
});

test.each([
  // One, a third to nearest and upwards, the largest value, the least one, and both ways to pass them by.
  ["fdiv.h", 0x3c00n, 0x4200n, 0, 0x3555n, 1],
  ["fdiv.h", 0x3c00n, 0x4200n, 3, 0x3556n, 1],
  ["fadd.h", 0x7bffn, 0x4c00n, 0, 0x7c00n, 5],
  ["fadd.h", 0x7bffn, 0x4bffn, 0, 0x7bffn, 1],
  ["fadd.h", 0x7bffn, 0x7bffn, 1, 0x7bffn, 5],
  ["fmul.h", 0x0001n, 0x3800n, 0, 0x0000n, 3],
  ["fmul.h", 0x0001n, 0x3800n, 3, 0x0001n, 3],
  ["fmul.h", 0x0400n, 0x3800n, 0, 0x0200n, 0],
  // 2^-14 (1 - 2^-11), which has all its bits with an exponent without bounds: tiny.
  ["fmul.h", 0x07ffn, 0x3800n, 0, 0x0400n, 3],
  // 2^-14 (1 - 2^-20), which would be rounded to 2^-14 with such an exponent, too: not tiny, except towards zero.
  ["fmul.h", 0x0401n, 0x3bfen, 0, 0x0400n, 1],
  ["fmul.h", 0x0401n, 0x3bfen, 1, 0x03ffn, 3],
  ["fadd.h", 0x7c00n, 0xfc00n, 0, 0x7e00n, 16],
  ["fdiv.h", 0x3c00n, 0x8000n, 0, 0xfc00n, 8],
] as const)("%s of %s and %s in mode %d", (name, a, b, mode, bits, flags) => {
  const inputs = [[boxed(float16, a), boxed(float16, b)]] as const;
  check({ name, mode, inputs }, () => ({ bits, flags }), float16);
});
