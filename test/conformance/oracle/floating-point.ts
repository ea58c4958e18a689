/**
 * What floating-point instructions compute, worked out with exact fractions. Operands are whole registers: narrow values
 * stand in them boxed in a NaN, and so do results (D, NaN Boxing of Narrower Values).
 */
import type { Format } from "../../../emulator/float/format.ts";
import { float16, float32, float64 } from "../../../emulator/float/format.ts";
import type { Outcome } from "../../../emulator/float/testing/oracle.ts";
import * as exact from "../../../emulator/float/testing/oracle.ts";

/** What a register holds after an instruction, and the flags it raises. */
export type { Outcome };

export interface FloatingPointOperation {
  readonly because: string;
  /** What the operands are, in the order rs1, rs2, rs3. */
  readonly sources: readonly (Format | "integer")[];
  readonly result: Format | "integer";
  /** It has a rounding mode. */
  readonly rounds: boolean;
  /** Registers to a register; `mode` as in rm. */
  readonly outcome: (operands: readonly bigint[], mode: number) => Outcome;
}

const widthMask = (format: Format) => (1n << BigInt(format.width)) - 1n;
const ALL = (1n << 64n) - 1n;

/** A value in a register, boxed. */
export const boxed = (format: Format, bits: bigint): bigint => bits | (ALL ^ widthMask(format));

const canonicalNaN = (format: Format) =>
  (((1n << BigInt(format.exponentBits)) - 1n) << BigInt(format.fractionBits)) |
  (1n << BigInt(format.fractionBits - 1));

/** The value in a register: the canonical NaN where not every bit above it is one. */
const unboxed = (format: Format, register: bigint) =>
  register >> BigInt(format.width) === ALL >> BigInt(format.width)
    ? register & widthMask(format)
    : canonicalNaN(format);

const signOf = (format: Format) => 1n << BigInt(format.width - 1);

type Compute = (values: readonly [bigint, bigint, bigint], mode: number) => Outcome;

/** An instruction that takes the values of its operands, and gives one. */
function on(
  sources: readonly (Format | "integer")[],
  result: Format | "integer",
  rounds: boolean,
  because: string,
  compute: Compute,
): FloatingPointOperation {
  const operand = (i: number, register = 0n) => {
    const source = sources[i];
    return source === undefined || source === "integer" ? register : unboxed(source, register);
  };
  return {
    because,
    sources,
    result,
    rounds,
    outcome: ([a, b, c], mode) => {
      const { bits, flags } = compute([operand(0, a), operand(1, b), operand(2, c)], mode);
      return { bits: result === "integer" ? BigInt.asUintN(64, bits) : boxed(result, bits), flags };
    },
  };
}

const raw = (bits: bigint): Outcome => ({ bits, flags: 0 });

/** Bounds of the integers that conversions know. */
const integers = {
  w: { least: -(1n << 31n), greatest: (1n << 31n) - 1n },
  wu: { least: 0n, greatest: (1n << 32n) - 1n },
  l: { least: -(1n << 63n), greatest: (1n << 63n) - 1n },
  lu: { least: 0n, greatest: (1n << 64n) - 1n },
} as const;

/** The integer that a register holds, for a conversion. */
const readInteger = {
  w: (v: bigint) => BigInt.asIntN(32, v),
  wu: (v: bigint) => BigInt.asUintN(32, v),
  l: (v: bigint) => BigInt.asIntN(64, v),
  lu: (v: bigint) => v,
} as const;

const integerNames = ["w", "wu", "l", "lu"] as const;

/** The instructions that every format has; `suffix` ends their names. */
function arithmetic(suffix: string, format: Format): [string, FloatingPointOperation][] {
  const sign = signOf(format);
  const magnitude = sign - 1n;
  const two = [format, format];
  const three = [format, format, format];
  const fused = (because: string, compute: Compute) => on(three, format, true, because, compute);
  const rounded = (because: string, compute: Compute) => on(two, format, true, because, compute);
  const plain = (because: string, compute: Compute) => on(two, format, false, because, compute);
  const comparison = (because: string, relation: Parameters<typeof exact.compare>[0]) =>
    on(two, "integer", false, because, ([a, b]) => exact.compare(relation, format, a, b));
  const { fusedMultiplyAdd: fma } = exact;
  const operations: Readonly<Record<string, FloatingPointOperation>> = {
    fmadd: fused("rs1 x rs2 + rs3, rounded once", ([a, b, c], mode) => fma(format, a, b, c, mode)),
    fmsub: fused("rs1 x rs2 - rs3, rounded once", ([a, b, c], mode) => fma(format, a, b, c ^ sign, mode)),
    fnmsub: fused("-(rs1 x rs2) + rs3, rounded once", ([a, b, c], mode) => fma(format, a ^ sign, b, c, mode)),
    fnmadd: fused("-(rs1 x rs2) - rs3, rounded once", ([a, b, c], mode) =>
      fma(format, a ^ sign, b, c ^ sign, mode),
    ),
    fadd: rounded("rs1 + rs2", ([a, b], mode) => exact.add(format, a, b, mode)),
    fsub: rounded("rs1 - rs2", ([a, b], mode) => exact.add(format, a, b ^ sign, mode)),
    fmul: rounded("rs1 x rs2", ([a, b], mode) => exact.multiply(format, a, b, mode)),
    fdiv: rounded("rs1 / rs2", ([a, b], mode) => exact.divide(format, a, b, mode)),
    fsqrt: on([format], format, true, "the square root; of less than zero invalid", ([a], mode) =>
      exact.squareRoot(format, a, mode),
    ),
    fsgnj: plain("rs1 with the sign of rs2, NaNs too", ([a, b]) => raw((a & magnitude) | (b & sign))),
    fsgnjn: plain("rs1 with the opposite of rs2's sign", ([a, b]) => raw((a & magnitude) | (~b & sign))),
    fsgnjx: plain("rs1 with its sign xor that of rs2", ([a, b]) => raw(a ^ (b & sign))),
    fmin: plain(
      "the lesser; -0 < +0; of a NaN and a number the number; signalling NaNs are invalid",
      ([a, b]) => exact.extreme("minimum", format, a, b),
    ),
    fmax: plain(
      "the greater; -0 < +0; of a NaN and a number the number; signalling NaNs are invalid",
      ([a, b]) => exact.extreme("maximum", format, a, b),
    ),
    feq: comparison("a quiet comparison: only signalling NaNs are invalid", "equal"),
    flt: comparison("a signalling comparison: any NaN is invalid", "less"),
    fle: comparison("a signalling comparison: any NaN is invalid", "lessOrEqual"),
    fclass: on([format], "integer", false, "one bit for each class, no flags", ([a]) =>
      exact.classify(format, a),
    ),
  };
  const conversions = integerNames.flatMap((name): [string, FloatingPointOperation][] => {
    const { least, greatest } = integers[name];
    const narrow = name.startsWith("w");
    return [
      [
        `fcvt.${name}.${suffix}`,
        on(
          [format],
          "integer",
          true,
          "out of range is invalid and gives the nearest bound; NaN the greatest",
          ([a], mode) => {
            const { bits, flags } = exact.toInteger(format, a, least, greatest, mode);
            return { bits: narrow ? BigInt.asIntN(32, bits) : bits, flags };
          },
        ),
      ],
      [
        `fcvt.${suffix}.${name}`,
        on(["integer"], format, true, "the integer, rounded; zero gives +0", ([a], mode) =>
          exact.fromInteger(format, readInteger[name](a), mode),
        ),
      ],
    ];
  });
  return [
    ...Object.entries(operations).map(([name, operation]): [string, FloatingPointOperation] => [
      `${name}.${suffix}`,
      operation,
    ]),
    ...conversions,
  ];
}

/** Moves of bits between the register files: a narrow value is sign-extended in an x register and boxed in an f register. */
const moves = (suffix: string, format: Format): [string, FloatingPointOperation][] => [
  [
    `fmv.x.${suffix}`,
    on(
      ["integer"],
      "integer",
      false,
      "moves the low bits unchanged, whether boxed or not, and extends the sign",
      ([a]) => raw(BigInt.asIntN(format.width, a)),
    ),
  ],
  [
    `fmv.${suffix}.x`,
    on(["integer"], format, false, "moves the low bits unchanged", ([a]) => raw(a & widthMask(format))),
  ],
];

const conversion = (
  to: string,
  into: Format,
  from: string,
  source: Format,
): [string, FloatingPointOperation] => [
  `fcvt.${to}.${from}`,
  on(
    [source],
    into,
    true,
    "the same value, rounded where it does not fit; a NaN becomes the canonical one",
    ([a], mode) => exact.convert(source, into, a, mode),
  ),
];

const chapter = (title: string, entries: readonly [string, FloatingPointOperation][]) =>
  new Map(entries.map(([name, rule]) => [name, { ...rule, because: `${title}: ${rule.because}` }]));

/** Every floating-point instruction that works on registers, by format. */
export const floatingPoint: Readonly<
  Record<"single" | "double" | "half", ReadonlyMap<string, FloatingPointOperation>>
> = {
  single: chapter("F, Single-Precision Computation", [...arithmetic("s", float32), ...moves("w", float32)]),
  double: chapter("D, Double-Precision Computation", [
    ...arithmetic("d", float64),
    ...moves("d", float64),
    conversion("s", float32, "d", float64),
    conversion("d", float64, "s", float32),
  ]),
  half: chapter("Zfh, Half-Precision Computation", [
    ...arithmetic("h", float16),
    ...moves("h", float16),
    conversion("h", float16, "s", float32),
    conversion("s", float32, "h", float16),
    conversion("h", float16, "d", float64),
    conversion("d", float64, "h", float16),
  ]),
};
