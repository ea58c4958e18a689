/** Operands worth trying. */
import type { Format } from "../format.ts";

/** Values at the edges of a format, of both signs. */
export function edges(format: Format): bigint[] {
  const { fractionBits, minimumNormal, infinity, quiet, sign, bias } = format;
  const one = BigInt(bias) << BigInt(fractionBits);
  const positive = [
    0n,
    1n,
    2n,
    minimumNormal - 1n,
    minimumNormal,
    minimumNormal + 1n,
    one - 1n,
    one,
    one + 1n,
    one + quiet,
    one + minimumNormal,
    one + minimumNormal + quiet,
    // Halfway between neighbours of one, and the largest odd integer.
    one - (BigInt(fractionBits + 1) << BigInt(fractionBits)),
    one + (BigInt(fractionBits) << BigInt(fractionBits)) + minimumNormal - 1n,
    infinity - minimumNormal,
    infinity - 1n,
    infinity,
    infinity + 1n,
    infinity + quiet,
    infinity + quiet + 5n,
  ].filter((v) => v >= 0n);
  return [...positive, ...positive.map((v) => v + sign)];
}

/** Pseudo-random 64-bit numbers, the same in every run (xorshift64*). */
export function randomBits(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state ^= state >> 12n;
    state = BigInt.asUintN(64, state ^ (state << 25n));
    state ^= state >> 27n;
    return BigInt.asUintN(64, state * 0x2545_f491_4f6c_dd1dn);
  };
}

/**
 * Pseudo-random values of a format: exponents near each other and near the bounds, fractions with long runs of equal
 * bits, so that cancellations, carries, ties and subnormal results are frequent.
 */
export function randomValues(format: Format, seed: bigint): () => bigint {
  const random = randomBits(seed);
  const below = (n: number) => Number(random() % BigInt(n));
  const { fractionBits, maximumExponent, bias, sign } = format;
  const exponent = () => {
    const near = below(2 * fractionBits + 6) - fractionBits - 3;
    const anywhere = below(maximumExponent + 1);
    const choices = [bias + near, bias + below(3), anywhere, below(4), maximumExponent - below(3)];
    return Math.min(Math.max(choices[below(choices.length)] ?? 0, 0), maximumExponent);
  };
  const fraction = () => {
    const bits = random() & format.fraction;
    const run = format.fraction >> BigInt(below(fractionBits));
    const choices = [bits, run, run ^ format.fraction, bits & ~run, bits | run, (run + 1n) & format.fraction];
    return choices[below(choices.length)] ?? 0n;
  };
  return () => (random() & 1n ? sign : 0n) | (BigInt(exponent()) << BigInt(fractionBits)) | fraction();
}
