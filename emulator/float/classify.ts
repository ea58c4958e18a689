/** What kind of value it is, as a one-hot mask (unprivileged manual, 21.9). */
import { select32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local } from "../language/statement.ts";
import type { Format } from "./format.ts";
import { isNan, magnitudeOf } from "./value.ts";

/**
 * Bit 0 to 7: -infinity, negative normal, negative subnormal, -0, +0, positive subnormal, positive normal, +infinity;
 * bit 8: signalling NaN; bit 9: quiet NaN.
 */
export const classification = (format: Format) =>
  procedure(`${format.name}.classify`, { a: "i64" }, "i64", ({ a }) => {
    const magnitude = local(magnitudeOf(format, a));
    // 0 zero, 1 subnormal, 2 normal, 3 infinity.
    const size = local(
      magnitude.ne(0).add(magnitude.geU(format.minimumNormal)).add(magnitude.geU(format.infinity)),
    );
    const number = select32(a.and(format.sign).ne(0), u32(3).sub(size), size.add(4));
    const nan = a.and(format.quiet).ne(0).add(8);
    return u64(1).shl(select32(isNan(format, a), nan, number).toU64());
  });
