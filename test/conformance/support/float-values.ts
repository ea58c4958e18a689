/** Floating-point values at which instructions go wrong, as bits of a format. */
import type { Format } from "../../../emulator/float/format.ts";
import { sequence } from "./values.ts";

/** A value from its parts: the exponent as a power of two, the fraction's bits below the point. */
function value(
  { exponentBits, fractionBits, width }: Format,
  negative: boolean,
  exponent: number,
  fraction: bigint,
): bigint {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = negative ? 1n << BigInt(width - 1) : 0n;
  return (
    sign |
    (BigInt(exponent + bias) << BigInt(fractionBits)) |
    (fraction & ((1n << BigInt(fractionBits)) - 1n))
  );
}

/** A fraction no two parts of which are alike. */
const PATTERN = 0xb4e1_d52c_936f_8n;
const patternOf = ({ fractionBits }: Format) => PATTERN >> BigInt(52 - fractionBits);

/** Quiet and signalling NaNs of both signs, with payloads. */
export function nans({ fractionBits, width }: Format): readonly bigint[] {
  const sign = 1n << BigInt(width - 1);
  const quiet = 1n << BigInt(fractionBits - 1);
  const infinity = sign - (1n << BigInt(fractionBits));
  return [infinity | quiet, sign | infinity | quiet | 5n, infinity | 1n, sign | infinity | (quiet - 1n)];
}

/** The positive values at the edges of a format, from zero to infinity. */
function positive(format: Format): readonly bigint[] {
  const { fractionBits, width } = format;
  const normal = 1n << BigInt(fractionBits);
  const infinity = (1n << BigInt(width - 1)) - normal;
  return [
    0n,
    1n,
    normal - 1n,
    normal,
    normal + 1n,
    value(format, false, -1, 0n),
    value(format, false, 0, -1n) - normal,
    value(format, false, 0, 0n),
    value(format, false, 1, 0n),
    value(format, false, 1, normal >> 1n),
    value(format, false, 3, patternOf(format)),
    value(format, false, fractionBits - 1, 3n),
    infinity - 1n,
    infinity,
  ];
}

/** The edges of a format, of both signs, and NaNs. */
export function edges(format: Format): readonly bigint[] {
  const sign = 1n << BigInt(format.width - 1);
  return [...positive(format).flatMap((v) => [v, v | sign]), ...nans(format)];
}

/** Ordinary numbers whose sums, products and quotients are inexact. */
export function samplesOf(format: Format): readonly bigint[] {
  return [
    value(format, false, 3, patternOf(format)),
    value(format, true, 1, patternOf(format) >> 1n),
    value(format, false, format.fractionBits - 1, 3n),
  ];
}

/** The number whose bits are those of the canonical NaN, shifted by one: 1.75. */
export const almostNaN = (format: Format): bigint =>
  value(format, false, 0, 3n << BigInt(format.fractionBits - 2));

/** A few of them, for operations on three. */
export function fewEdges(format: Format): readonly bigint[] {
  const sign = 1n << BigInt(format.width - 1);
  const normal = 1n << BigInt(format.fractionBits);
  const infinity = sign - normal;
  const [quiet = 0n, , , signalling = 0n] = nans(format);
  return [
    0n,
    sign,
    1n,
    sign | value(format, false, 0, 0n),
    value(format, true, 3, patternOf(format)),
    value(format, false, 0, 1n),
    sign | (infinity - 1n),
    infinity,
    sign | infinity,
    quiet,
    signalling,
  ];
}

/**
 * Two factors whose product lies less than a quarter of a unit below a power of two, to which it rounds: at the upper
 * bound of the format, at the lower one of normal numbers, and in between.
 */
export function factorsBelowPower(format: Format): readonly (readonly [bigint, bigint])[] {
  const { fractionBits, exponentBits } = format;
  const hidden = 1n << BigInt(fractionBits);
  const power = 2n * hidden * hidden;
  let first = hidden + 1n;
  while (power % first > hidden / 4n) first += 2n;
  const second = power / first;
  const bias = 2 ** (exponentBits - 1) - 1;
  return [bias, 0, -bias].map((sum) => {
    const exponent = Math.floor(sum / 2);
    return [value(format, false, exponent, first), value(format, false, sum - exponent, second)];
  });
}

/** Where results of random operands lie: among ordinary numbers, or about the smallest or the greatest normal one. */
export type Region = "ordinary" | "tiny" | "huge";

/** Random values whose product (of two) lies in a region; fractions are full, sparse, or just below a power of two. */
export function randomValues(format: Format, seed: bigint, region: Region, count: number): readonly bigint[] {
  const { exponentBits, fractionBits } = format;
  const bias = 2 ** (exponentBits - 1) - 1;
  const middle = region === "ordinary" ? 0 : region === "tiny" ? -bias / 2 : bias / 2;
  const spread = region === "ordinary" ? Math.min(12, Math.floor(bias / 2)) : 2;
  return sequence(seed, count).map((bits) => {
    const exponent = Math.floor(middle) + (Number((bits >> 8n) % BigInt(2 * spread + 1)) - spread);
    const full = bits >> 12n;
    const shape = Number((bits >> 4n) % 4n);
    const sparse = full << BigInt(fractionBits >> 1);
    const fraction = shape === 0 ? sparse : shape === 1 ? -1n - (full % 4n) : full;
    return value(format, bits % 2n === 1n, exponent, fraction);
  });
}

/** Values about every integer bound and every half below 4: what conversions to integers must tell apart. */
export function nearIntegers(format: Format): readonly bigint[] {
  const { fractionBits, exponentBits, width } = format;
  const sign = 1n << BigInt(width - 1);
  const greatest = 2 ** (exponentBits - 1) - 1;
  const around = [7, 15, 30, 31, 32, 62, 63, 64]
    .filter((e) => e <= greatest)
    .flatMap((e) => {
      const power = value(format, false, e, 0n);
      const half = e < fractionBits ? 1n << BigInt(fractionBits - e - 1) : 0n;
      return [
        -2n * half,
        -half - 1n,
        -half,
        -half + 1n,
        -2n,
        -1n,
        0n,
        1n,
        half - 1n,
        half,
        half + 1n,
        2n * half,
      ].map((d) => power + d);
    });
  const half = 1n << BigInt(fractionBits - 1);
  const small = [-2, -1, 0, 1].flatMap((e) =>
    [0n, 1n, half >> 1n, half - 1n, half, half + 1n, half | (half >> 1n), -1n].map((f) =>
      value(format, false, e, f),
    ),
  );
  const values = [...new Set([...around, ...small, ...positive(format)])];
  return [...values.flatMap((v) => [v, v | sign]), ...nans(format)];
}
