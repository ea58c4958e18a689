/** All operations of a format. Operands and results are the format's bits, zero-extended; modes as in frm. */
import { addition } from "./add.ts";
import { classification } from "./classify.ts";
import { equality, lessOrEqual, lessThan, maximum, minimum } from "./compare.ts";
import { formatConversion, fromInteger, toInteger } from "./convert.ts";
import { division } from "./divide.ts";
import type { Format } from "./format.ts";
import { float16, float32, float64 } from "./format.ts";
import { fusedMultiplyAdd } from "./fused-multiply-add.ts";
import { multiplication } from "./multiply.ts";
import { rounding } from "./round.ts";
import { squareRoot } from "./square-root.ts";

/** The operations of a format; each raises its exception flags in fcsr. */
export function arithmetic(format: Format) {
  const round = rounding(format);
  return {
    format,
    round,
    add: addition(format, round),
    multiply: multiplication(format, round),
    divide: division(format, round),
    squareRoot: squareRoot(format, round),
    fusedMultiplyAdd: fusedMultiplyAdd(format, round),
    equal: equality(format),
    less: lessThan(format),
    lessOrEqual: lessOrEqual(format),
    minimum: minimum(format),
    maximum: maximum(format),
    classify: classification(format),
    toInteger: toInteger(format),
    fromInteger: fromInteger(format, round),
  };
}

export type Arithmetic = ReturnType<typeof arithmetic>;

export const half = arithmetic(float16);
export const single = arithmetic(float32);
export const double = arithmetic(float64);
export const singleToDouble = formatConversion(float32, float64, double.round);
export const doubleToSingle = formatConversion(float64, float32, single.round);
export const halfToSingle = formatConversion(float16, float32, single.round);
export const singleToHalf = formatConversion(float32, float16, half.round);
export const halfToDouble = formatConversion(float16, float64, double.round);
export const doubleToHalf = formatConversion(float64, float16, half.round);
