/** What is lost in a sum. */
import type { Code, FloatType } from "../../wasm/code.ts";

/**
 * Pushes the error of `sum`, which is a + b rounded to nearest; this error is a number of the format (Knuth 4.2.2,
 * theorem B). Overflow makes it a NaN. `part` is a local to work in.
 */
export function pushSumError(
  code: Code,
  type: FloatType,
  { a, b, sum, part }: { a: () => void; b: () => void; sum: number; part: number },
): void {
  code.get(sum);
  a();
  code.floatArithmetic(type, "sub").set(part);
  a();
  code.get(sum).get(part).floatArithmetic(type, "sub").floatArithmetic(type, "sub");
  b();
  code.get(part).floatArithmetic(type, "sub").floatArithmetic(type, "add");
}
