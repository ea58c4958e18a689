/** Fused multiplication and addition, rounded once. */
import type { I32, I64 } from "../language/expression.ts";
import { select, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import type { Local64 } from "../language/statement.ts";
import { local, returns, when } from "../language/statement.ts";
import { ADDEND_POINT, addOrdered, zeroSum } from "./add.ts";
import type { Format } from "./format.ts";
import { invalid, propagateNaN } from "./invalid.ts";
import { collapse, isNarrow, wideProduct } from "./product.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import type { Unpacked } from "./value.ts";
import {
  isInfinite,
  isNormal,
  isZero,
  normaliseSubnormal,
  shiftRightSticky,
  signOf,
  unpackNormal,
} from "./value.ts";

/** A finite number in pieces; the significand stands at the addends' point. */
interface Term extends Unpacked {
  readonly sign: Local64;
}

/** An exponent below that of any product: that of a zero addend. */
const FAR_BELOW = -(2 ** 20);

/** Multiplies and adds where 64 bits hold the exact product. */
function narrow(
  format: Format,
  round: Round,
  sign: Local64,
  x: Unpacked,
  y: Unpacked,
  c: Term,
  mode: I32,
): I64 {
  const exact = local(x.significand.mul(y.significand));
  const atPoint = local(exact.shrU(ADDEND_POINT));
  const significand = local(exact.shl(atPoint.xor(1)));
  const exponent = local(x.exponent.add(y.exponent).sub(format.bias).add(atPoint.toI32()));
  const product = { sign, exponent, significand };
  const smaller = exponent.eq(c.exponent).and(significand.ltU(c.significand));
  when(exponent.ltS(c.exponent).or(smaller), () => returns(addOrdered(format, round, c, product, mode)));
  return addOrdered(format, round, product, c, mode);
}

/**
 * Multiplies and adds in 128 bits. The upper half of the product has its highest bit one or two below the addends'
 * point.
 */
function wide(
  format: Format,
  round: Round,
  sign: Local64,
  x: Unpacked,
  y: Unpacked,
  c: Term,
  mode: I32,
): I64 {
  const product = wideProduct(x.significand, y.significand);
  const exponent = local(x.exponent.add(y.exponent).sub(format.bias - 2));
  const distance = local(exponent.sub(c.exponent));
  when(distance.ltS(0), () => {
    // The addend is more than twice as large: cancellation cannot bring lower bits of the product up.
    const significand = local(collapse(product));
    returns(addOrdered(format, round, c, { sign, exponent, significand }, mode));
  });

  const { high, low } = product;
  const count = distance.toU64();
  const far = local(distance.geS(64));
  const addendHigh = local(select(far, 0, c.significand.shrU(count)));
  const spilled = c.significand.shl(1).shl(u32(63).sub(distance).toU64());
  const addendLow = local(select(far, shiftRightSticky(c.significand, distance.sub(64)), spilled));
  when(
    sign.eq(c.sign),
    () => {
      low.set(low.add(addendLow));
      high.set(high.add(addendHigh).add(low.ltU(addendLow).toU64()));
    },
    () => {
      high.set(high.sub(addendHigh).sub(low.ltU(addendLow).toU64()));
      low.set(low.sub(addendLow));
      when(high.ltS(0), () => {
        low.set(low.negate());
        high.set(high.not().add(low.isZero().toU64()));
        sign.set(c.sign);
      });
      when(high.isZero(), () => {
        when(low.isZero(), () => returns(zeroSum(format, sign, c.sign, mode)));
        high.set(low.shrU(1));
        low.set(low.shl(63));
        exponent.set(exponent.sub(63));
      });
    },
  );

  const shift = local(high.clz().sub(63 - POINT));
  const upper = high.shl(shift).or(low.shrU(1).shrU(u64(63).sub(shift)));
  return round(
    {
      sign,
      exponent: exponent.add(POINT - ADDEND_POINT).sub(shift.toI32()),
      significand: upper.or(low.shl(shift).ne(0).toU64()),
    },
    mode,
  );
}

/** a * b + c. */
export function fusedMultiplyAdd(format: Format, round: Round) {
  const [pointA, pointB] = isNarrow(format) ? [30, 30] : [60, 63];
  return procedure(
    `${format.name}.fusedMultiplyAdd`,
    { a: "i64", b: "i64", c: "i64", mode: "i32" },
    "i64",
    ({ a, b, c, mode }) => {
      const sign = local(signOf(format, a.xor(b)));
      const x = unpackNormal(format, a, pointA);
      const y = unpackNormal(format, b, pointB);
      const z = { sign: local(signOf(format, c)), ...unpackNormal(format, c, ADDEND_POINT) };
      const normal = [x, y, z].map(({ exponent }) => isNormal(format, exponent)).reduce((p, q) => p.and(q));
      when(normal.isZero(), () => {
        const factorIsZero = local(isZero(format, a).or(isZero(format, b)));
        const factorIsInfinite = local(isInfinite(format, a).or(isInfinite(format, b)));
        // Infinity times zero raises invalid even if a quiet NaN is added (unprivileged 21.6).
        when(factorIsZero.and(factorIsInfinite), () => invalid(format));
        propagateNaN(format, a, b, c);
        when(factorIsInfinite, () => {
          when(isInfinite(format, c).and(sign.ne(z.sign)), () => invalid(format));
          returns(sign.or(format.infinity));
        });
        when(isInfinite(format, c), () => returns(c));
        when(factorIsZero, () => returns(select(isZero(format, c), zeroSum(format, sign, z.sign, mode), c)));
        normaliseSubnormal(format, a, x, pointA);
        normaliseSubnormal(format, b, y, pointB);
        normaliseSubnormal(format, c, z, ADDEND_POINT);
        when(isZero(format, c), () => {
          z.significand.set(0);
          z.exponent.set(FAR_BELOW);
        });
      });
      return (isNarrow(format) ? narrow : wide)(format, round, sign, x, y, z, mode);
    },
  );
}
