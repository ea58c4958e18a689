/** Numbers with their bits or bytes in another order. */
import type { I64 } from "../language/expression.ts";
import { local } from "../language/statement.ts";

/** Swaps neighbouring groups of bits: those that `mask` has, `distance` below those that it lacks. */
const swap = (value: I64, mask: bigint, distance: number) =>
  value.shrU(distance).and(mask).or(value.and(mask).shl(distance));

/** The first byte becomes the last. */
export function reverseBytes(value: I64): I64 {
  const pairs = local(swap(local(value), 0x00ff_00ff_00ff_00ffn, 8));
  return swap(pairs, 0x0000_ffff_0000_ffffn, 16).rotl(32);
}

/** The first bit of every byte becomes its last. */
export function reverseBitsInBytes(value: I64): I64 {
  const pairs = local(swap(local(value), 0x5555_5555_5555_5555n, 1));
  const nibbles = local(swap(pairs, 0x3333_3333_3333_3333n, 2));
  return swap(nibbles, 0x0f0f_0f0f_0f0f_0f0fn, 4);
}

/** The first bit becomes the last. */
export const reverseBits = (value: I64): I64 => reverseBitsInBytes(reverseBytes(value));
