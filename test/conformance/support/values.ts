/** Values at which instructions go wrong. */

/** Numbers no two bytes of which are alike, positive and negative. */
export const SAMPLE = 0x0123_4567_89ab_cdefn;
export const NEGATIVE_SAMPLE = 0xfedc_ba98_7654_3211n;

/** Edges of every width, shift counts around them, and patterns no two of whose digits are alike. */
export const integers: readonly bigint[] = [
  0n,
  1n,
  31n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  SAMPLE,
  0x0900_4f00_00a7_0010n,
  NEGATIVE_SAMPLE,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xc000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fff7n,
  0xffff_ffff_ffff_ffffn,
];

/** A few of them, for what is tried many times. */
export const fewIntegers: readonly bigint[] = [
  1n,
  0x8000_0000n,
  SAMPLE,
  NEGATIVE_SAMPLE,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
];

/** Signed immediates of a width: bounds, single bits, and patterns. */
export function immediates(bits: number): readonly number[] {
  const least = -(2 ** (bits - 1));
  const powers = Array.from({ length: bits - 1 }, (_, i) => 2 ** i);
  return [
    ...new Set([
      0,
      ...powers,
      ...powers.map((p) => -p),
      least,
      -least - 1,
      least + 1,
      0x5a5 % -least,
      -0x2d3 % least,
    ]),
  ];
}

/** Unsigned numbers below 2^64 from a linear congruential generator: the same for the same seed. */
export function sequence(seed: bigint, count: number): readonly bigint[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = BigInt.asUintN(128, state * MULTIPLIER + 1n);
    return state >> 64n;
  });
}
/** Knuth's multiplier for MMIX above an odd one: full period modulo 2^128. */
const MULTIPLIER = 0x5851_f42d_4c95_7f2d_2360_ed05_1fc6_5da5n;

export const hex = (value: bigint): string => `0x${value.toString(16)}`;
export const unsigned = (value: bigint | number): bigint => BigInt.asUintN(64, BigInt(value));
