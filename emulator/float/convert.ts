/** Conversions between formats, and between numbers and integers. */
import { select, select32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import { accrue, Flag, Rounding } from "./environment.ts";
import type { Format } from "./format.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import {
  isInfinite,
  isNan,
  isNormal,
  isSignaling,
  isZero,
  normaliseSubnormal,
  signOf,
  unpackFinite,
  unpackNormal,
} from "./value.ts";

/** The value of `a`, a number in `from`, in `to`, of which `round` is the rounding. */
export const formatConversion = (from: Format, to: Format, round: Round) =>
  procedure(`${from.name}.to.${to.name}`, { a: "i64", mode: "i32" }, "i64", ({ a, mode }) => {
    const sign = local(select(signOf(from, a).ne(0), to.sign, 0));
    const x = unpackNormal(from, a, POINT);
    when(isNormal(from, x.exponent).isZero(), () => {
      when(isNan(from, a), () => {
        when(isSignaling(from, a), () => accrue(Flag.invalid));
        returns(u64(to.canonicalNaN));
      });
      when(isInfinite(from, a), () => returns(sign.or(to.infinity)));
      when(isZero(from, a), () => returns(sign));
      normaliseSubnormal(from, a, x, POINT);
    });
    return round({ sign, exponent: x.exponent.add(to.bias - from.bias), significand: x.significand }, mode);
  });

/**
 * The integer that `a` rounds to, between -`smallest` and `largest`. What lies beyond, and NaN, which counts as
 * positive, raises invalid and gives the nearer of these bounds (unprivileged 21.7).
 */
export const toInteger = (format: Format) =>
  procedure(
    `${format.name}.toInteger`,
    { a: "i64", smallest: "i64", largest: "i64", mode: "i32" },
    "i64",
    ({ a, smallest, largest, mode }) => {
      const negative = local(signOf(format, a).ne(0));
      const { exponent, significand } = unpackFinite(format, a, 63);
      const scale = local(exponent.sub(format.bias));
      const saturate = () => {
        accrue(Flag.invalid);
        returns(select(negative.and(isNan(format, a).isZero()), smallest.negate(), largest));
      };
      when(scale.gtS(Math.min(63, format.bias)), saturate);

      const whole = local(select(scale.ltS(0), 0, significand.shrU(u32(63).sub(scale).toU64())));
      // What is cut off, as a fraction of 2^64; all that is less than a quarter is alike.
      const little = significand.ne(0).toU64();
      const small = select(scale.eq(-1), significand, little);
      const rest = local(select(scale.ltS(0), small, significand.shl(1).shl(scale.toU64())));
      const halfOrMore = rest.shrU(63).toI32();
      const notEvenTie = rest.shl(1).ne(0).or(whole.bit(0)).or(mode.eq(Rounding.nearestAway));
      const away = mode.xor(negative).eq(3).and(rest.ne(0));
      const increment = select32(mode.and(3).isZero(), halfOrMore.and(notEvenTie), away);
      const rounded = local(whole.add(increment.toU64()));
      when(rounded.gtU(select(negative, smallest, largest)), saturate);
      when(rest.ne(0), () => accrue(Flag.inexact));
      return select(negative, rounded.negate(), rounded);
    },
  );

/** A number from an integer's magnitude and the sign bit that it is to have if it is not zero. */
const magnitudeConversion = (format: Format, round: Round) =>
  procedure(
    `${format.name}.fromMagnitude`,
    { sign: "i64", magnitude: "i64", mode: "i32" },
    "i64",
    ({ sign, magnitude, mode }) => {
      when(magnitude.isZero(), () => returns(u64(0)));
      const zeros = local(magnitude.clz());
      const atTop = local(magnitude.shl(zeros));
      const exponent = u32(format.bias + 63).sub(zeros.toI32());
      return round({ sign, exponent, significand: atTop.shrU(1).or(atTop.and(1)) }, mode);
    },
  );

/** Conversions of 64-bit integers to numbers. */
export function fromInteger(format: Format, round: Round) {
  const convert = magnitudeConversion(format, round);
  const parameters = { value: "i64", mode: "i32" } as const;
  return {
    signed: procedure(`${format.name}.fromSigned`, parameters, "i64", ({ value, mode }) => {
      const negative = local(value.ltS(0));
      const magnitude = select(negative, value.negate(), value);
      return convert({ sign: select(negative, format.sign, 0), magnitude, mode });
    }),
    unsigned: procedure(`${format.name}.fromUnsigned`, parameters, "i64", ({ value, mode }) =>
      convert({ sign: 0n, magnitude: value, mode }),
    ),
  };
}
