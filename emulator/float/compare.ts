/** Comparisons, minimum and maximum (IEEE 754-2008, section 5.11; 754-2019, section 9.6). */
import type { I32, I64 } from "../language/expression.ts";
import { select, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import { accrue, Flag } from "./environment.ts";
import type { Format } from "./format.ts";
import { isNan, isSignaling, magnitudeOf } from "./value.ts";

const unordered = (format: Format, a: I64, b: I64): I32 => isNan(format, a).or(isNan(format, b));
const signaling = (format: Format, a: I64, b: I64): I32 => isSignaling(format, a).or(isSignaling(format, b));
const bothZero = (format: Format, a: I64, b: I64): I32 => magnitudeOf(format, a.or(b)).isZero();

/** An integer that orders as the value does, -0 just below +0. */
function order(format: Format, bits: I64): I64 {
  const atTop = local(bits.shl(64 - format.width));
  return atTop.xor(atTop.shrS(63).shrU(1));
}

/** a = b: 1 or 0. Raises invalid for signalling NaNs. */
export const equality = (format: Format) =>
  procedure(`${format.name}.equal`, { a: "i64", b: "i64" }, "i32", ({ a, b }) => {
    when(unordered(format, a, b), () => {
      when(signaling(format, a, b), () => accrue(Flag.invalid));
      returns(u32(0));
    });
    return a.eq(b).or(bothZero(format, a, b));
  });

/** a < b: 1 or 0. Raises invalid for every NaN. */
export const lessThan = (format: Format) =>
  procedure(`${format.name}.less`, { a: "i64", b: "i64" }, "i32", ({ a, b }) => {
    when(unordered(format, a, b), () => {
      accrue(Flag.invalid);
      returns(u32(0));
    });
    return order(format, a)
      .ltS(order(format, b))
      .and(bothZero(format, a, b).isZero());
  });

/** a <= b: 1 or 0. Raises invalid for every NaN. */
export const lessOrEqual = (format: Format) =>
  procedure(`${format.name}.lessOrEqual`, { a: "i64", b: "i64" }, "i32", ({ a, b }) => {
    when(unordered(format, a, b), () => {
      accrue(Flag.invalid);
      returns(u32(0));
    });
    return order(format, a)
      .leS(order(format, b))
      .or(bothZero(format, a, b));
  });

/** The extreme number of two; a NaN only if both are. Raises invalid for signalling NaNs. */
const extreme = (format: Format, name: string, isFirst: (a: I64, b: I64) => I32) =>
  procedure(`${format.name}.${name}`, { a: "i64", b: "i64" }, "i64", ({ a, b }) => {
    when(unordered(format, a, b), () => {
      when(signaling(format, a, b), () => accrue(Flag.invalid));
      const number = select(isNan(format, a), b, a);
      returns(select(isNan(format, a).and(isNan(format, b)), u64(format.canonicalNaN), number));
    });
    return select(isFirst(order(format, a), order(format, b)), a, b);
  });

/** The lesser of two numbers, -0 being less than +0. */
export const minimum = (format: Format) => extreme(format, "minimum", (a, b) => a.ltS(b));
/** The greater of two numbers, +0 being greater than -0. */
export const maximum = (format: Format) => extreme(format, "maximum", (a, b) => a.gtS(b));
