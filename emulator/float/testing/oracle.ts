/**
 * What IEEE 754-2008 and RISC-V say of an operation, worked out with exact fractions: slow, and with nothing in common
 * with the code it judges.
 */
import type { Format } from "../format.ts";

/** Bits of a result and the exception flags it raises (as in fflags). */
export interface Outcome {
  readonly bits: bigint;
  readonly flags: number;
}

const NX = 1;
const UF = 2;
const OF = 4;
const DZ = 8;
const NV = 16;

const RNE = 0;
const RTZ = 1;
const RDN = 2;
const RUP = 3;

/** (-1)^negative * numerator / denominator. */
interface Fraction {
  readonly negative: boolean;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

type Value =
  | { readonly kind: "quiet" }
  | { readonly kind: "signalling" }
  | { readonly kind: "infinite"; readonly negative: boolean }
  | ({ readonly kind: "finite" } & Fraction);

const power = (exponent: number) => 2n ** BigInt(exponent);

/** numerator / denominator * 2^exponent as a fraction. */
function scaled(negative: boolean, numerator: bigint, exponent: number): Fraction {
  return exponent >= 0
    ? { negative, numerator: numerator * power(exponent), denominator: 1n }
    : { negative, numerator, denominator: power(-exponent) };
}

/** What the bits of a format mean. */
export function meaningOf(format: Format, bits: bigint): Value {
  const p = BigInt(format.fractionBits);
  const negative = bits >> BigInt(format.width - 1) !== 0n;
  const exponent = Number((bits >> p) % power(format.exponentBits));
  const fraction = bits % power(format.fractionBits);
  if (exponent === 2 ** format.exponentBits - 1) {
    if (fraction === 0n) return { kind: "infinite", negative };
    return { kind: fraction >> (p - 1n) === 1n ? "quiet" : "signalling" };
  }
  const unit = 2 - 2 ** (format.exponentBits - 1) - format.fractionBits;
  if (exponent === 0) return { kind: "finite", ...scaled(negative, fraction, unit) };
  return { kind: "finite", ...scaled(negative, fraction + power(format.fractionBits), unit + exponent - 1) };
}

const bitLength = (v: bigint) => v.toString(2).length;

/** The integer nearest to numerator / denominator in the direction of the mode, and whether it is exact. */
function roundToInteger({ negative, numerator, denominator }: Fraction, mode: number): [bigint, boolean] {
  const whole = numerator / denominator;
  const rest = numerator % denominator;
  if (rest === 0n) return [whole, true];
  const half = rest * 2n - denominator;
  const up =
    mode === RTZ
      ? false
      : mode === RDN
        ? negative
        : mode === RUP
          ? !negative
          : half > 0n || (half === 0n && (mode !== RNE || whole % 2n === 1n));
  return [up ? whole + 1n : whole, false];
}

/** The largest e with 2^e <= numerator / denominator. */
function exponentOf(numerator: bigint, denominator: bigint): number {
  const e = bitLength(numerator) - bitLength(denominator);
  const atLeast = e >= 0 ? numerator >= denominator * power(e) : numerator * power(-e) >= denominator;
  return atLeast ? e : e - 1;
}

/** The fraction divided by 2^exponent. */
function over(f: Fraction, exponent: number): Fraction {
  return exponent >= 0
    ? { ...f, denominator: f.denominator * power(exponent) }
    : { ...f, numerator: f.numerator * power(-exponent) };
}

/** Rounds a fraction that is not zero to the format. */
function round(format: Format, f: Fraction, mode: number): Outcome {
  const bias = 2 ** (format.exponentBits - 1) - 1;
  const sign = f.negative ? power(format.width - 1) : 0n;
  const exponent = exponentOf(f.numerator, f.denominator);
  const unit = Math.max(exponent, 1 - bias) - format.fractionBits;
  const [units, exact] = roundToInteger(over(f, unit), mode);
  const overflows = units * power(unit + 4096) >= power(bias + 1 + 4096);
  const infinity = power(format.width - 1) - power(format.fractionBits);
  if (overflows) {
    const toInfinity = mode === RTZ ? false : mode === RDN ? f.negative : mode === RUP ? !f.negative : true;
    return { bits: sign + (toInfinity ? infinity : infinity - 1n), flags: OF | NX };
  }
  const [unbounded] = roundToInteger(over(f, exponent - format.fractionBits), mode);
  const tiny = unbounded * power(exponent - format.fractionBits + 4096) < power(1 - bias + 4096);
  const hidden = power(format.fractionBits);
  const normalUnits = 1 - bias - format.fractionBits;
  const bits = units < hidden ? units : BigInt(unit - normalUnits) * hidden + units;
  return { bits: sign + bits, flags: exact ? 0 : NX | (tiny ? UF : 0) };
}

const nan = (format: Format, flags: number): Outcome => ({
  bits: power(format.width - 1) - power(format.fractionBits - 1),
  flags,
});
const infinite = (format: Format, negative: boolean, flags = 0): Outcome => ({
  bits: (negative ? power(format.width) : power(format.width - 1)) - power(format.fractionBits),
  flags,
});
const zero = (format: Format, negative: boolean): Outcome => ({
  bits: negative ? power(format.width - 1) : 0n,
  flags: 0,
});
const isNan = (v: Value) => v.kind === "quiet" || v.kind === "signalling";
const invalidIfSignalling = (...values: Value[]) => (values.some((v) => v.kind === "signalling") ? NV : 0);
const isZero = (v: Value) => v.kind === "finite" && v.numerator === 0n;

/** a * b + c, rounded once. */
export function fusedMultiplyAdd(format: Format, a: bigint, b: bigint, c: bigint, mode: number): Outcome {
  const [x, y, z] = [meaningOf(format, a), meaningOf(format, b), meaningOf(format, c)];
  const infiniteTimesZero =
    (x.kind === "infinite" && isZero(y)) || (isZero(x) && y.kind === "infinite") ? NV : 0;
  if (isNan(x) || isNan(y) || isNan(z) || infiniteTimesZero !== 0) {
    return nan(format, invalidIfSignalling(x, y, z) | infiniteTimesZero);
  }
  if (!("negative" in x && "negative" in y && "negative" in z)) throw new Error("unreachable");
  const negative = x.negative !== y.negative;
  if (x.kind === "infinite" || y.kind === "infinite") {
    return z.kind === "infinite" && z.negative !== negative ? nan(format, NV) : infinite(format, negative);
  }
  if (z.kind === "infinite") return infinite(format, z.negative);
  const product = { numerator: x.numerator * y.numerator, denominator: x.denominator * y.denominator };
  const signed = (n: bigint, isNegative: boolean) => (isNegative ? -n : n);
  const sum =
    signed(product.numerator, negative) * z.denominator +
    signed(z.numerator, z.negative) * product.denominator;
  if (sum === 0n) {
    return zero(format, negative === z.negative ? negative : mode === RDN);
  }
  const magnitude = sum < 0n ? -sum : sum;
  return round(
    format,
    { negative: sum < 0n, numerator: magnitude, denominator: product.denominator * z.denominator },
    mode,
  );
}

/** The bits of one. */
const one = (format: Format) => BigInt(2 ** (format.exponentBits - 1) - 1) * power(format.fractionBits);

/** a + b. */
export const add = (format: Format, a: bigint, b: bigint, mode: number): Outcome =>
  fusedMultiplyAdd(format, a, one(format), b, mode);

/** a * b: a fused addition of the zero that has the product's sign. */
export function multiply(format: Format, a: bigint, b: bigint, mode: number): Outcome {
  const negative = (a ^ b) >> BigInt(format.width - 1) !== 0n;
  return fusedMultiplyAdd(format, a, b, zero(format, negative).bits, mode);
}

/** a / b. */
export function divide(format: Format, a: bigint, b: bigint, mode: number): Outcome {
  const [x, y] = [meaningOf(format, a), meaningOf(format, b)];
  if (!("negative" in x && "negative" in y)) return nan(format, invalidIfSignalling(x, y));
  const negative = x.negative !== y.negative;
  if (x.kind === "infinite") return y.kind === "infinite" ? nan(format, NV) : infinite(format, negative);
  if (y.kind === "infinite") return zero(format, negative);
  if (isZero(y)) return isZero(x) ? nan(format, NV) : infinite(format, negative, DZ);
  if (isZero(x)) return zero(format, negative);
  const numerator = x.numerator * y.denominator;
  return round(format, { negative, numerator, denominator: x.denominator * y.numerator }, mode);
}

/** The largest integer whose square is not above `n`, by Newton's method. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt((bitLength(n) >> 1) + 1);
  for (;;) {
    const better = (root + n / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}

/** The square root of a: enough of its digits, and half a digit more where it has still others. */
export function squareRoot(format: Format, a: bigint, mode: number): Outcome {
  const x = meaningOf(format, a);
  if (!("negative" in x)) return nan(format, invalidIfSignalling(x));
  if (isZero(x)) return { bits: a, flags: 0 };
  if (x.negative) return nan(format, NV);
  if (x.kind === "infinite") return infinite(format, false);
  // No root has more zeros behind the point than the least number has, halved.
  const digits = 2 ** (format.exponentBits - 1) + 2 * format.fractionBits;
  const radicand = (x.numerator * power(2 * digits)) / x.denominator;
  const root = integerRoot(radicand);
  const exact = root * root === radicand && (x.numerator * power(2 * digits)) % x.denominator === 0n;
  const numerator = root * 2n + (exact ? 0n : 1n);
  return round(format, { negative: false, numerator, denominator: power(digits + 1) }, mode);
}

/** -1, 0 or 1 as a is less than, equal to or greater than b; undefined where either is a NaN. */
function order(x: Value, y: Value): number | undefined {
  if (!("negative" in x && "negative" in y)) return undefined;
  const huge = (v: typeof x): bigint =>
    (v.kind === "infinite" ? power(5000) : (v.numerator * power(2500)) / v.denominator) *
    (v.negative ? -1n : 1n);
  const difference = huge(x) - huge(y);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function compare(
  relation: "equal" | "less" | "lessOrEqual",
  format: Format,
  a: bigint,
  b: bigint,
): Outcome {
  const [x, y] = [meaningOf(format, a), meaningOf(format, b)];
  const o = order(x, y);
  if (o === undefined) return { bits: 0n, flags: relation === "equal" ? invalidIfSignalling(x, y) : NV };
  const holds = relation === "equal" ? o === 0 : relation === "less" ? o < 0 : o <= 0;
  return { bits: holds ? 1n : 0n, flags: 0 };
}

export function extreme(which: "minimum" | "maximum", format: Format, a: bigint, b: bigint): Outcome {
  const [x, y] = [meaningOf(format, a), meaningOf(format, b)];
  const flags = invalidIfSignalling(x, y);
  if (isNan(x) && isNan(y)) return nan(format, flags);
  if (isNan(x)) return { bits: b, flags };
  if (isNan(y)) return { bits: a, flags };
  const o = order(x, y) ?? 0;
  // Only zeros can be equal and yet differ; the negative one, whose bits are greater, is the lesser.
  const aIsLess = o < 0 || (o === 0 && a > b);
  return { bits: aIsLess === (which === "minimum") ? a : b, flags };
}

export function classify(format: Format, a: bigint): Outcome {
  const x = meaningOf(format, a);
  const kind = () => {
    if (x.kind === "signalling") return 8;
    if (x.kind === "quiet") return 9;
    if (x.kind === "infinite") return x.negative ? 0 : 7;
    if (x.numerator === 0n) return x.negative ? 3 : 4;
    const bias = 2 ** (format.exponentBits - 1) - 1;
    const isNormal = exponentOf(x.numerator, x.denominator) >= 1 - bias;
    if (isNormal) return x.negative ? 1 : 6;
    return x.negative ? 2 : 5;
  };
  return { bits: 1n << BigInt(kind()), flags: 0 };
}

/** The value of a in another format. */
export function convert(from: Format, to: Format, a: bigint, mode: number): Outcome {
  const x = meaningOf(from, a);
  if (!("negative" in x)) return nan(to, invalidIfSignalling(x));
  if (x.kind === "infinite") return infinite(to, x.negative);
  return isZero(x) ? zero(to, x.negative) : round(to, x, mode);
}

/** a as an integer between the bounds; the result is a mathematical integer. */
export function toInteger(format: Format, a: bigint, least: bigint, greatest: bigint, mode: number): Outcome {
  const x = meaningOf(format, a);
  if (!("negative" in x)) return { bits: greatest, flags: NV };
  if (x.kind === "infinite") return { bits: x.negative ? least : greatest, flags: NV };
  const [magnitude, exact] = roundToInteger(x, mode);
  const integer = x.negative ? -magnitude : magnitude;
  if (integer > greatest) return { bits: greatest, flags: NV };
  if (integer < least) return { bits: least, flags: NV };
  return { bits: integer, flags: exact ? 0 : NX };
}

/** An integer in a format. */
export function fromInteger(format: Format, integer: bigint, mode: number): Outcome {
  if (integer === 0n) return zero(format, false);
  const negative = integer < 0n;
  return round(format, { negative, numerator: negative ? -integer : integer, denominator: 1n }, mode);
}
