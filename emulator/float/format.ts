/** Binary interchange formats of IEEE 754-2008 (section 3.4): sign, biased exponent, fraction. */

export interface Format {
  readonly name: string;
  readonly exponentBits: number;
  readonly fractionBits: number;
  /** Bits of the whole. */
  readonly width: number;
  readonly bias: number;
  /** The biased exponent of infinities and NaNs. */
  readonly maximumExponent: number;
  readonly sign: bigint;
  /** The fraction field's bits. */
  readonly fraction: bigint;
  /** The smallest normal value, whose bits are also the significand's hidden bit. */
  readonly minimumNormal: bigint;
  readonly infinity: bigint;
  /** The fraction bit that tells quiet NaNs from signalling ones. */
  readonly quiet: bigint;
  /** The one NaN that RISC-V operations give (unprivileged manual, 21.3). */
  readonly canonicalNaN: bigint;
}

/** Describes a format by its field widths. */
export function binaryFormat(name: string, exponentBits: number, fractionBits: number): Format {
  const maximumExponent = 2 ** exponentBits - 1;
  const minimumNormal = 1n << BigInt(fractionBits);
  const infinity = BigInt(maximumExponent) * minimumNormal;
  const quiet = minimumNormal >> 1n;
  return {
    name,
    exponentBits,
    fractionBits,
    width: 1 + exponentBits + fractionBits,
    bias: maximumExponent >> 1,
    maximumExponent,
    sign: 1n << BigInt(exponentBits + fractionBits),
    fraction: minimumNormal - 1n,
    minimumNormal,
    infinity,
    quiet,
    canonicalNaN: infinity | quiet,
  };
}

export const float16 = binaryFormat("float16", 5, 10);
export const float32 = binaryFormat("float32", 8, 23);
export const float64 = binaryFormat("float64", 11, 52);
