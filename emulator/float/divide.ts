/** Division. */
import type { I64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import type { Local64 } from "../language/statement.ts";
import { local, returns, when, whilst } from "../language/statement.ts";
import { accrue, Flag } from "./environment.ts";
import type { Format } from "./format.ts";
import { invalid, propagateNaN } from "./invalid.ts";
import { isNarrow } from "./product.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import { isInfinite, isNormal, isZero, normaliseSubnormal, signOf, unpackNormal } from "./value.ts";

/** Points of dividend, divisor, and the quotient with its sticky bit. */
interface Points {
  readonly dividend: number;
  readonly divisor: number;
  readonly quotient: number;
}
const narrowPoints = ({ fractionBits }: Format): Points => ({
  dividend: POINT,
  divisor: fractionBits,
  quotient: POINT - fractionBits + 1,
});
const widePoints: Points = { dividend: 60, divisor: 61, quotient: 62 };

/** Bits of a digit in long division: the wide divisor is two of them. */
const DIGIT = 31;

/** One division of 64 by 64 bits. */
function narrowQuotient(dividend: Local64, divisor: Local64): I64 {
  const quotient = local(dividend.divU(divisor));
  return quotient.shl(1).or(quotient.mul(divisor).ne(dividend).toU64());
}

/**
 * Long division (Knuth 4.3.1, algorithm D) by a divisor of two digits whose upper one has its highest bit set: a
 * digit found from the upper digit alone is at most 2 too large.
 */
function wideQuotient(dividend: Local64, divisor: Local64): I64 {
  const upper = local(divisor.shrU(DIGIT));
  const remainder = local(dividend);
  const nextDigit = () => {
    const digit = local(remainder.divU(upper));
    remainder.set(remainder.shl(DIGIT).sub(digit.mul(divisor)));
    whilst(remainder.ltS(0), () => {
      digit.set(digit.sub(1));
      remainder.set(remainder.add(divisor));
    });
    return digit;
  };
  const first = nextDigit();
  const second = nextDigit();
  return first.shl(DIGIT).add(second).shl(1).or(remainder.ne(0).toU64());
}

/** a / b. */
export function division(format: Format, round: Round) {
  const narrow = isNarrow(format);
  const points = narrow ? narrowPoints(format) : widePoints;
  return procedure(`${format.name}.divide`, { a: "i64", b: "i64", mode: "i32" }, "i64", ({ a, b, mode }) => {
    const sign = local(signOf(format, a.xor(b)));
    const x = unpackNormal(format, a, points.dividend);
    const y = unpackNormal(format, b, points.divisor);
    when(isNormal(format, x.exponent).and(isNormal(format, y.exponent)).isZero(), () => {
      propagateNaN(format, a, b);
      when(isInfinite(format, a), () => {
        when(isInfinite(format, b), () => invalid(format));
        returns(sign.or(format.infinity));
      });
      when(isZero(format, b), () => {
        when(isZero(format, a), () => invalid(format));
        accrue(Flag.divideByZero);
        returns(sign.or(format.infinity));
      });
      when(isZero(format, a).or(isInfinite(format, b)), () => returns(sign));
      normaliseSubnormal(format, a, x, points.dividend);
      normaliseSubnormal(format, b, y, points.divisor);
    });
    const quotient = local((narrow ? narrowQuotient : wideQuotient)(x.significand, y.significand));
    const shift = local(quotient.clz().sub(63 - POINT));
    const exponent = x.exponent
      .sub(y.exponent)
      .add(format.bias + POINT - points.quotient)
      .sub(shift.toI32());
    return round({ sign, exponent, significand: quotient.shl(shift) }, mode);
  });
}
