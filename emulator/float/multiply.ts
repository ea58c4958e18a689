/** Multiplication. */
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import type { Format } from "./format.ts";
import { invalid, propagateNaN } from "./invalid.ts";
import { collapse, isNarrow, wideProduct } from "./product.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import { isInfinite, isNormal, isZero, normaliseSubnormal, signOf, unpackNormal } from "./value.ts";

/** a * b. */
export function multiplication(format: Format, round: Round) {
  // The product, or the upper half of a wide one, has its highest bit at 61 or 62.
  const [pointA, pointB] = isNarrow(format) ? [30, 31] : [62, 63];
  return procedure(
    `${format.name}.multiply`,
    { a: "i64", b: "i64", mode: "i32" },
    "i64",
    ({ a, b, mode }) => {
      const sign = local(signOf(format, a.xor(b)));
      const x = unpackNormal(format, a, pointA);
      const y = unpackNormal(format, b, pointB);
      when(isNormal(format, x.exponent).and(isNormal(format, y.exponent)).isZero(), () => {
        propagateNaN(format, a, b);
        when(isInfinite(format, a).or(isInfinite(format, b)), () => {
          when(isZero(format, a).or(isZero(format, b)), () => invalid(format));
          returns(sign.or(format.infinity));
        });
        when(isZero(format, a).or(isZero(format, b)), () => returns(sign));
        normaliseSubnormal(format, a, x, pointA);
        normaliseSubnormal(format, b, y, pointB);
      });
      const product = local(
        isNarrow(format)
          ? x.significand.mul(y.significand)
          : collapse(wideProduct(x.significand, y.significand)),
      );
      const atPoint = local(product.shrU(POINT));
      const exponent = x.exponent.add(y.exponent).sub(format.bias).add(atPoint.toI32());
      return round({ sign, exponent, significand: product.shl(atPoint.xor(1)) }, mode);
    },
  );
}
