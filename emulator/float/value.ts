/** What the bits of a floating-point value say, and how its parts are taken out. */
import type { I32, I64 } from "../language/expression.ts";
import { select32, u32 } from "../language/expression.ts";
import type { Local32, Local64 } from "../language/statement.ts";
import { local, when } from "../language/statement.ts";
import type { Format } from "./format.ts";

export const signOf = (format: Format, bits: I64): I64 => bits.and(format.sign);
export const magnitudeOf = (format: Format, bits: I64): I64 => bits.and(format.sign - 1n);
/** The biased exponent field. */
export const exponentOf = (format: Format, bits: I64): I32 =>
  bits.bits(format.fractionBits, format.exponentBits).toI32();

export const isNan = (format: Format, bits: I64): I32 => magnitudeOf(format, bits).gtU(format.infinity);
export const isSignaling = (format: Format, bits: I64): I32 =>
  isNan(format, bits).and(bits.and(format.quiet).isZero());
export const isInfinite = (format: Format, bits: I64): I32 => magnitudeOf(format, bits).eq(format.infinity);
export const isZero = (format: Format, bits: I64): I32 => magnitudeOf(format, bits).isZero();
/** Neither zero nor subnormal nor infinite nor NaN, by the exponent field. */
export const isNormal = (format: Format, exponent: I32): I32 =>
  exponent.sub(1).ltU(format.maximumExponent - 1);

/**
 * A finite magnitude as `significand / 2^point * 2^(exponent - bias)`. The point is the significand bit that weighs
 * one.
 */
export interface Unpacked {
  readonly exponent: Local32;
  readonly significand: Local64;
}

/** Unpacks a normal value; of others only the exponent field means something. */
export function unpackNormal(format: Format, bits: I64, point: number): Unpacked {
  return {
    exponent: local(exponentOf(format, bits)),
    significand: local(
      bits
        .and(format.fraction)
        .or(format.minimumNormal)
        .shl(point - format.fractionBits),
    ),
  };
}

/** Unpacks any finite value; a subnormal significand stays below 2^point. */
export function unpackFinite(format: Format, bits: I64, point: number): Unpacked {
  const field = local(exponentOf(format, bits));
  const hidden = field.ne(0).toU64().shl(format.fractionBits);
  return {
    exponent: local(field.add(field.isZero())),
    significand: local(
      bits
        .and(format.fraction)
        .or(hidden)
        .shl(point - format.fractionBits),
    ),
  };
}

/** Corrects what `unpackNormal` made of a value that is subnormal, so that its highest bit stands at the point. */
export function normaliseSubnormal(format: Format, bits: I64, value: Unpacked, point: number): void {
  when(value.exponent.isZero(), () => {
    const fraction = local(bits.and(format.fraction));
    const shift = local(fraction.clz().sub(63 - point));
    value.significand.set(fraction.shl(shift));
    value.exponent.set(u32(1 + point - format.fractionBits).sub(shift.toI32()));
  });
}

/** `value >> count` (a count not negative), with bit 0 set where bits were lost: enough to round correctly later. */
export function shiftRightSticky(value: Local64, count: I32): I64 {
  const distance = local(count);
  const by = local(select32(distance.ltU(63), distance, 63).toU64());
  const shifted = local(value.shrU(by));
  return shifted.or(shifted.shl(by).ne(value).toU64());
}
