/** Tests of instructions that compute an integer register from registers and an immediate, and do nothing else. */
import type { Case, Test } from "../../../tools/conformance/case.ts";
import type { Computation } from "../oracle/integer.ts";
import { instructionNamed, word } from "./assemble.ts";
import { instructionTest } from "./instruction-test.ts";
import { trial } from "./trial.ts";
import {
  fewIntegers,
  hex,
  immediates,
  integers,
  NEGATIVE_SAMPLE,
  SAMPLE,
  sequence,
  unsigned,
} from "./values.ts";

/** What one execution is given. */
interface Sample {
  readonly registers: { readonly rd: number; readonly rs1: number; readonly rs2?: number };
  readonly a: bigint;
  /** rs2's value, or the immediate. */
  readonly b: bigint;
}

const DISTINCT = { rd: 11, rs1: 22, rs2: 13 };

/** The test of an instruction, which the oracle knows. */
export function computingTest(name: string, computation: Computation): Test {
  return instructionTest(name, () => cases(name, computation));
}

function* cases(name: string, { because, value }: Computation): Generator<Case> {
  const { encoding } = instructionNamed(name);
  const hasImmediate = encoding.immediateBits > 0;
  const hasRs2 = encoding.registers.some(({ operands }) => operands.includes("rs2"));
  for (const { registers, a, b } of hasRs2 ? binary() : hasImmediate ? immediate(encoding) : unary()) {
    const { rd, rs1, rs2 = 0 } = registers;
    const second = BigInt.asIntN(64, b);
    const shown = hasRs2 ? `, x${rs2} = ${hex(b)}` : hasImmediate ? `, ${second}` : "";
    yield trial({
      name: `x${rd} from x${rs1} = ${hex(a)}${shown}`,
      because,
      code: [
        word(name, { rd, rs1, ...(hasRs2 && { rs2 }), ...(hasImmediate && { immediate: Number(second) }) }),
      ],
      before: { x: { ...(hasRs2 && { [rs2]: b }), [rs1]: a } },
      after: { x: rd === 0 ? {} : { [rd]: value(a, b) } },
    });
  }
}

/** Numbers of bytes and nibbles, in order and not, the first that there is not, and all the same. */
const indices = [
  0x0706_0504_0302_0100n,
  0x0001_0203_0405_0607n,
  0x0302_0706_0108_0504n,
  0x0808_0808_0808_0808n,
  0x0107_0003_0502_0604n,
  0xfedc_ba98_0123_4567n,
];

function* binary(): Generator<Sample> {
  for (const a of integers) for (const b of integers) yield { registers: DISTINCT, a, b };
  for (const a of [SAMPLE, NEGATIVE_SAMPLE]) for (const b of indices) yield { registers: DISTINCT, a, b };
  const random = sequence(11n, 40);
  for (const [i, a] of random.entries())
    yield { registers: DISTINCT, a, b: random[random.length - 1 - i] ?? 0n };
  for (const a of fewIntegers) {
    for (const b of fewIntegers) {
      yield { registers: { rd: 9, rs1: 9, rs2: 10 }, a, b };
      yield { registers: { rd: 9, rs1: 10, rs2: 9 }, a, b };
      yield { registers: { rd: 0, rs1: 10, rs2: 9 }, a, b };
    }
    yield { registers: { rd: 9, rs1: 10, rs2: 10 }, a, b: a };
    yield { registers: { rd: 9, rs1: 9, rs2: 9 }, a, b: a };
    yield { registers: { rd: 9, rs1: 0, rs2: 9 }, a: 0n, b: a };
    yield { registers: { rd: 9, rs1: 9, rs2: 0 }, a, b: 0n };
  }
  for (const a of [SAMPLE, NEGATIVE_SAMPLE]) {
    for (let count = 0; count < 66; count++) yield { registers: DISTINCT, a, b: BigInt(count) };
  }
  yield { registers: { rd: 9, rs1: 0, rs2: 0 }, a: 0n, b: 0n };
  for (let n = 1; n < 32; n++) {
    const registers = { rd: n, rs1: 32 - n === n ? 1 : 32 - n, rs2: n % 31 === 0 ? 5 : n % 31 };
    yield { registers, a: SAMPLE, b: NEGATIVE_SAMPLE };
  }
}

function* immediate(encoding: {
  readonly immediateBits: number;
  readonly signed: boolean;
}): Generator<Sample> {
  const { immediateBits: bits, signed } = encoding;
  const values = signed ? immediates(bits) : Array.from({ length: 2 ** bits }, (_, i) => i);
  for (const a of signed ? integers : fewIntegers)
    for (const b of values) yield { registers: DISTINCT, a, b: unsigned(b) };
  for (const a of signed ? fewIntegers : integers) {
    for (const b of [0, 1, 21, signed ? -1 : 2 ** bits - 1].map(unsigned)) {
      yield { registers: DISTINCT, a, b };
      yield { registers: { rd: 9, rs1: 9 }, a, b };
      yield { registers: { rd: 0, rs1: 9 }, a, b };
      yield { registers: { rd: 9, rs1: 0 }, a: 0n, b };
    }
  }
  for (let n = 1; n < 32; n++) yield { registers: { rd: n, rs1: 32 - n }, a: SAMPLE, b: 21n };
}

function* unary(): Generator<Sample> {
  const bits = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
  const runs = bits.flatMap((bit) => [bit, bit - 1n, unsigned(-bit), 0xa5a5_5a5a_c3c3_3c3cn ^ bit]);
  for (const a of [...integers, ...runs]) yield { registers: DISTINCT, a, b: 0n };
  for (const a of fewIntegers) {
    yield { registers: { rd: 9, rs1: 9 }, a, b: 0n };
    yield { registers: { rd: 0, rs1: 9 }, a, b: 0n };
  }
  yield { registers: { rd: 9, rs1: 0 }, a: 0n, b: 0n };
  for (let n = 1; n < 32; n++) yield { registers: { rd: n, rs1: 32 - n }, a: SAMPLE, b: 0n };
}
