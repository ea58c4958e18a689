/** Values at which integer instructions go wrong, and arithmetic to say what is right. */

export const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
export const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
export const signed32 = (value: bigint): bigint => BigInt.asIntN(32, value);
export const unsigned32 = (value: bigint): bigint => BigInt.asUintN(32, value);

export const edgeValues: readonly bigint[] = [
  0n,
  1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x0123_4567_89ab_cdefn,
  0xfedc_ba98_0000_0001n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];

export const edgeImmediates: readonly number[] = [0, 1, -1, 2, 255, 1024, 2047, -2048, -2047];

/** An instruction's result as a function of its source operands, unsigned 64-bit numbers; cut to 64 bits. */
export type Oracle = (a: bigint, b: bigint) => bigint;

export const hex = (value: bigint): string => `0x${unsigned(value).toString(16)}`;
