/** Square root. */
import type { I64 } from "../language/expression.ts";
import { select, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import type { Local64 } from "../language/statement.ts";
import { local, returns, when, whilst } from "../language/statement.ts";
import type { Format } from "./format.ts";
import { invalid, propagateNaN } from "./invalid.ts";
import { isNarrow } from "./product.ts";
import type { Round } from "./round.ts";
import { POINT } from "./round.ts";
import { isNormal, isZero, normaliseSubnormal, unpackNormal } from "./value.ts";

/**
 * Doubles a root's length (Zimmermann, "Karatsuba Square Root"): from the integer root of the upper bits and the
 * remainder it left, to the root of these bits followed by `next` (`bits` of them) and as many more. The result is
 * exact or 1 too large.
 */
const extendRoot = (root: I64, remainder: I64, bits: number, next: I64): I64 =>
  root.shl(bits).add(remainder.shl(bits).or(next).divU(root.shl(1)));

/** The integer square root of a number of 61 or 62 bits: 31 bits. */
const integerRoot = procedure("integerRoot", { value: "i64" }, "i64", ({ value }) => {
  const top = local(value.shrU(46));
  const root = local(u64(0));
  const bit = local(u64(1n << 7n));
  whilst(bit.ne(0), () => {
    const larger = local(root.or(bit));
    root.set(select(larger.mul(larger).leU(top), larger, root));
    bit.set(bit.shrU(1));
  });
  for (const [bits, below] of [
    [8, 30],
    [15, 0],
  ] as const) {
    const upper = value.shrU(below + 2 * bits);
    const radicand = local(value.shrU(below));
    const next = value.bits(below + bits, bits);
    const longer = local(extendRoot(root, upper.sub(root.mul(root)), bits, next));
    root.set(longer.sub(longer.mul(longer).gtU(radicand).toU64()));
  }
  return root;
});

/** Bits that `wideRoot` adds to the root it is given. */
const EXTENSION = 31;

/** The root of `remainder + root^2`, which is scaled by 2^62. */
function wideRoot(root: Local64, remainder: Local64): I64 {
  const low = local(remainder.shl(EXTENSION).divU(root.shl(1)));
  const rest = remainder.shl(EXTENSION).sub(low.mul(root.shl(1)));
  const tooLarge = rest.shl(EXTENSION).ltU(low.mul(low));
  return root.shl(EXTENSION).add(low).sub(tooLarge.toU64());
}

/** The square root of a. */
export const squareRoot = (format: Format, round: Round) =>
  procedure(`${format.name}.squareRoot`, { a: "i64", mode: "i32" }, "i64", ({ a, mode }) => {
    const point = POINT - 2;
    const x = unpackNormal(format, a, point);
    when(isNormal(format, x.exponent).isZero().or(a.and(format.sign).ne(0)), () => {
      propagateNaN(format, a);
      when(isZero(format, a).or(a.eq(format.infinity)), () => returns(a));
      when(a.and(format.sign).ne(0), () => invalid(format));
      normaliseSubnormal(format, a, x, point);
    });
    const exponent = local(x.exponent.sub(format.bias));
    const radicand = local(x.significand.shl(exponent.and(1).toU64()));
    const root = local(integerRoot({ value: radicand }));
    // A root that has no more bits than a significand leaves no remainder here already.
    const remainder = local(radicand.sub(root.mul(root)));
    const significand = isNarrow(format) ? root.shl(POINT - 30) : wideRoot(root, remainder).shl(1);
    return round(
      {
        sign: u64(0),
        exponent: exponent.shrS(1).add(format.bias),
        significand: significand.or(remainder.ne(0).toU64()),
      },
      mode,
    );
  });
