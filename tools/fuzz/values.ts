/** Register values that are likely to tell right from wrong: edges, special values, and everything between. */
import type { Random } from "./random.ts";

const ALL = 2n ** 64n - 1n;

const integerEdges: readonly bigint[] = [
  ...[0n, 1n, 2n, 31n, 32n, 63n, 64n, 0xffn, 0xff80n, 0x7fffn, 0x8000n, 0x5555_5555_5555_5555n],
  ...[0x7fff_ffffn, 0x8000_0001n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_8000_0000n],
  ...[ALL, ALL - 1n, 1n << 63n, (1n << 63n) - 1n],
];

export function integer(random: Random): bigint {
  if (random.chance(0.5)) return random.pick(integerEdges);
  return random.chance(0.5) ? random.long() : random.long() >> BigInt(random.below(64));
}

/** A binary interchange format of IEEE 754. */
interface Format {
  readonly exponent: number;
  readonly fraction: number;
}

const half: Format = { exponent: 5, fraction: 10 };
const single: Format = { exponent: 8, fraction: 23 };
const double: Format = { exponent: 11, fraction: 52 };

const bits = (count: number) => (1n << BigInt(count)) - 1n;

/** A number of a format: special values, ties, numbers near one, near overflow, subnormal, and any. */
function float(random: Random, { exponent, fraction }: Format): bigint {
  const top = Number(bits(exponent));
  const bias = top >> 1;
  const nearOne = () => bias - 2 + random.below(5);
  // Around the ends of 32-bit and 64-bit integers, and of the next narrower format.
  const edges = [bias + 31, bias + 32, bias + 63, bias + 64, bias - 15, bias - 127].filter(
    (e) => e > 0 && e < top,
  );
  const chosen = random.pick([
    () => 0,
    () => top,
    () => 1,
    () => top - 1,
    nearOne,
    nearOne,
    () => random.pick([...edges, bias]) - random.below(2),
    () => random.below(top + 1),
    () => bias - fraction + random.below(2 * fraction),
  ])();
  const any = random.long() & bits(fraction);
  const significand = random.pick([
    () => 0n,
    () => bits(fraction),
    () => 1n,
    () => 1n << BigInt(fraction - 1),
    () => (1n << BigInt(fraction - 1)) - 1n,
    () => any & ~bits(random.below(fraction)),
    () => any,
    () => any,
  ])();
  const sign = random.chance(0.5) ? 1n : 0n;
  const clamped = BigInt(Math.min(Math.max(chosen, 0), top));
  return (sign << BigInt(exponent + fraction)) | (clamped << BigInt(fraction)) | significand;
}

/** What a floating-point register may hold: a boxed number of any format, or one that is not boxed. */
export function boxedFloat(random: Random): bigint {
  const kind = random.below(100);
  if (kind < 42) return (bits(32) << 32n) | float(random, single);
  if (kind < 85) return float(random, double);
  if (kind < 96) return (bits(48) << 16n) | float(random, half);
  return (random.long() & (bits(32) << 32n)) | float(random, single);
}
