/** The last step of every operation: rounding to a format (IEEE 754-2008, sections 4.3 and 7.4 to 7.6). */
import { select, u32 } from "../language/expression.ts";
import type { Callable } from "../language/procedure.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import { accrue, Flag } from "./environment.ts";
import type { Format } from "./format.ts";
import { shiftRightSticky } from "./value.ts";

/** Where the highest bit of a significand stands that goes to be rounded. */
export const POINT = 62;

/** Rounds; `sign` is the format's sign bit or 0, bit 0 of the significand may stand for lower bits that are lost. */
export type Round = Callable<{ sign: "i64"; exponent: "i32"; significand: "i64"; mode: "i32" }, "i64">;

/** The rounding procedure of a format. Raises inexact, underflow and overflow. */
export function rounding(format: Format): Round {
  const dropped = POINT - format.fractionBits;
  const below = (1n << BigInt(dropped)) - 1n;
  const half = 1n << BigInt(dropped - 1);
  return procedure(
    `${format.name}.round`,
    { sign: "i64", exponent: "i32", significand: "i64", mode: "i32" },
    "i64",
    ({ sign, exponent, significand, mode }) => {
      // Both ways to the nearest have the low mode bits clear; "down" of a negative and "up" of a positive value
      // go away from zero.
      const away = mode.xor(sign.ne(0)).eq(3);
      const increment = local(select(mode.and(3).isZero(), half, select(away, below, 0)));
      const carries = () => significand.add(increment).ltS(0);

      when(exponent.sub(1).geU(format.maximumExponent - 2), () => {
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
      });

      const remainder = local(significand.and(below));
      when(remainder.ne(0), () => accrue(Flag.inexact));
      const tie = remainder.eq(half).and(mode.isZero());
      const rounded = significand.add(increment).shrU(dropped).and(tie.toU64().not());
      // The hidden bit, where there is one, adds the one that is missing from the exponent.
      return sign.or(exponent.sub(1).toU64().shl(format.fractionBits).add(rounded));
    },
  );
}
