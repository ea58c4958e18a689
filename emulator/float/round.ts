/** The last step of every operation: rounding to a format (IEEE 754-2008, sections 4.3 and 7.4 to 7.6). */
import type { I32, I64 } from "../language/expression.ts";
import { select, u32 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import { accrue, Flag, Rounding } from "./environment.ts";
import type { Format } from "./format.ts";
import { shiftRightSticky } from "./value.ts";

/** Where the highest bit of a significand stands that goes to be rounded. */
export const POINT = 62;

export interface Unrounded {
  /** The format's sign bit or 0. */
  readonly sign: I64;
  readonly exponent: I32;
  /** Bit 0 may stand for lower bits that are lost. */
  readonly significand: I64;
}

/** Rounds as the last step of a procedure. Raises inexact, underflow and overflow. */
export type Round = (value: Unrounded, mode: I32) => I64;

/** The rounding of a format. */
export function rounding(format: Format): Round {
  const dropped = POINT - format.fractionBits;
  const below = (1n << BigInt(dropped)) - 1n;
  const half = 1n << BigInt(dropped - 1);
  // The hidden bit, where there is one, adds the one that is missing from the exponent.
  const pack = (sign: I64, exponent: I32, rounded: I64) =>
    sign.or(exponent.sub(1).toU64().shl(format.fractionBits).add(rounded));

  const general = procedure(
    `${format.name}.round`,
    { sign: "i64", exponent: "i32", significand: "i64", mode: "i32" },
    "i64",
    ({ sign, exponent, significand, mode }) => {
      // Both ways to the nearest have the low mode bits clear; "down" of a negative and "up" of a positive value
      // go away from zero.
      const away = mode.xor(sign.ne(0)).eq(3);
      const increment = local(select(mode.and(3).isZero(), half, select(away, below, 0)));
      const carries = () => significand.add(increment).ltS(0);

      when(
        exponent.leS(0),
        () => {
          // Tininess is detected after rounding: as if the exponent had no lower bound (unprivileged 21.2).
          const tiny = local(exponent.ltS(0).or(carries().isZero()));
          significand.set(shiftRightSticky(significand, u32(1).sub(exponent)));
          exponent.set(1);
          when(tiny.and(significand.and(below).ne(0)), () => accrue(Flag.underflow));
        },
        () =>
          when(exponent.add(carries()).geS(format.maximumExponent), () => {
            accrue(Flag.overflow | Flag.inexact);
            const largest = format.infinity - 1n;
            returns(sign.or(select(increment.isZero(), largest, format.infinity)));
          }),
      );

      const remainder = local(significand.and(below));
      when(remainder.ne(0), () => accrue(Flag.inexact));
      const tie = remainder.eq(half).and(mode.eq(Rounding.nearestEven));
      return pack(sign, exponent, significand.add(increment).shrU(dropped).and(tie.toU64().not()));
    },
  );

  return ({ sign, exponent: givenExponent, significand: givenSignificand }, mode) => {
    const exponent = local(givenExponent);
    const significand = local(givenSignificand);
    // The usual case is worth a path of its own: to nearest even, far from both ends of the exponents.
    const inside = exponent.sub(1).ltU(format.maximumExponent - 2);
    when(mode.eq(Rounding.nearestEven).and(inside), () => {
      when(significand.and(below).ne(0), () => accrue(Flag.inexact));
      const odd = significand.bits(dropped);
      returns(
        pack(
          sign,
          exponent,
          significand
            .add(half - 1n)
            .add(odd)
            .shrU(dropped),
        ),
      );
    });
    return general({ sign, exponent, significand, mode });
  };
}
