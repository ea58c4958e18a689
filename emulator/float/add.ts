/** Addition; a subtraction adds the negated value. */
import type { I32, I64 } from "../language/expression.ts";
import { select } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import type { Local64 } from "../language/statement.ts";
import { local, returns, when } from "../language/statement.ts";
import { Rounding } from "./environment.ts";
import type { Format } from "./format.ts";
import { invalid, propagateNaN } from "./invalid.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import { isInfinite, magnitudeOf, shiftRightSticky, signOf, unpackFinite } from "./value.ts";

/** Where the highest bit of an addend stands at most, so that a sum cannot run over. */
export const ADDEND_POINT = POINT - 1;

/** An exact sum of zero is negative only if both addends are, or when rounding down. */
export const zeroSum = (format: Format, sign: I64, otherSign: I64, mode: I32): I64 =>
  select(sign.eq(otherSign), sign, select(mode.eq(Rounding.down), format.sign, 0));

interface Addend {
  readonly sign: I64;
  readonly exponent: I32;
  readonly significand: Local64;
}

/** Adds two finite magnitudes at the addends' point, the larger one first, and rounds. */
export function addOrdered(format: Format, round: Round, larger: Addend, smaller: Addend, mode: I32): I64 {
  const a = larger.significand;
  const b = local(shiftRightSticky(smaller.significand, larger.exponent.sub(smaller.exponent)));
  const sum = local(select(larger.sign.eq(smaller.sign), a.add(b), a.sub(b)));
  when(sum.isZero(), () => returns(zeroSum(format, larger.sign, smaller.sign, mode)));
  const shift = local(sum.clz().sub(63 - POINT));
  const exponent = larger.exponent.add(POINT - ADDEND_POINT).sub(shift.toI32());
  return round({ sign: larger.sign, exponent, significand: sum.shl(shift) }, mode);
}

/** a + b. */
export const addition = (format: Format, round: Round) =>
  procedure(`${format.name}.add`, { a: "i64", b: "i64", mode: "i32" }, "i64", ({ a, b, mode }) => {
    const swapped = local(magnitudeOf(format, a).ltU(magnitudeOf(format, b)));
    const first = local(select(swapped, b, a));
    b.set(select(swapped, a, b));
    a.set(first);
    when(magnitudeOf(format, a).geU(format.infinity), () => {
      propagateNaN(format, a, b);
      when(isInfinite(format, b).and(a.ne(b)), () => invalid(format));
      returns(a);
    });
    const larger = { sign: local(signOf(format, a)), ...unpackFinite(format, a, ADDEND_POINT) };
    const smaller = { sign: local(signOf(format, b)), ...unpackFinite(format, b, ADDEND_POINT) };
    return addOrdered(format, round, larger, smaller, mode);
  });
