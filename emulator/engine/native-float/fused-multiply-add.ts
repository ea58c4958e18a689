/** Fused multiplication and addition from instructions that round each operation. */
import { float32, float64 } from "../../float/format.ts";
import type { Code } from "../../wasm/code.ts";
import type { HostFormat } from "./host-format.ts";
import {
  giveNumber,
  pushInteger,
  pushIsFinite,
  pushIsSurelyNormal,
  pushIsZero,
  pushNumber,
  pushToNearest,
  pushUsuallyNormal,
  pushUsualState,
} from "./host-format.ts";
import { multiplyAdd } from "./host-fusing.ts";
import type { NativeOperation, NativePaths, Surroundings } from "./operation.ts";
import { pushSumError } from "./two-sum.ts";

const MODE = 3;

/** Where the host rounds once itself (`hostFuses`). Without it, what is found to be exact is so here, too. */
export function fusedByHost(host: HostFormat, { exact }: NativePaths): NativePaths {
  const { type } = host;
  const usual: NativeOperation = (s) => {
    const { code } = s;
    const result = code.scratch(type, 0);
    const number = (index: number) => () => pushNumber(s, type, index);
    multiplyAdd(code, type, number(0), number(1), number(2));
    code.set(result);
    pushUsuallyNormal(s, host, result, MODE);
    giveNumber(s, type, result);
  };
  return { usual, ...(exact && { exact }) };
}

/** In double precision the product is exact; the sum is rounded there, and its rounding is then rounded again. */
export function fusedSingle(host: HostFormat): NativePaths {
  const compute = (s: Surroundings) => {
    const { code } = s;
    const [product, addend, sum] = [code.scratch("f64", 0), code.scratch("f64", 1), code.scratch("f64", 2)];
    const result = code.scratch("f32", 0);
    const promoted = (index: number) => {
      pushNumber(s, "f32", index);
      code.floatConvert("f64.promote_f32");
    };
    promoted(0);
    promoted(1);
    code.floatArithmetic("f64", "mul").tee(product);
    promoted(2);
    code.tee(addend).floatArithmetic("f64", "add").tee(sum);
    code.floatConvert("f32.demote_f64").set(result);
    return { product, addend, sum, result };
  };
  const dropped = BigInt(float64.fractionBits - float32.fractionBits);
  return {
    // A sum in the middle of two numbers may be what another was rounded to, nearer to one of them.
    usual: (s) => {
      const { code } = s;
      const { sum, result } = compute(s);
      code
        .get(sum)
        .floatConvert("i64.reinterpret_f64")
        .i64((1n << dropped) - 1n)
        .arithmetic("i64", "and")
        .i64(1n << (dropped - 1n))
        .compare("i64", "ne");
      pushIsSurelyNormal(code, host, result);
      code.arithmetic("i32", "and");
      pushUsualState(s, MODE);
      code.arithmetic("i32", "and");
      giveNumber(s, "f32", result);
    },
    exact: (s) => {
      const { code } = s;
      const { product, addend, sum, result } = compute(s);
      const part = code.scratch("f64", 3);
      pushSumError(code, "f64", { a: () => code.get(product), b: () => code.get(addend), sum, part });
      code.float("f64", 0).floatCompare("f64", "eq");
      code.get(result).floatConvert("f64.promote_f32").get(sum).floatCompare("f64", "eq");
      code.arithmetic("i32", "and");
      pushToNearest(s, MODE);
      code.arithmetic("i32", "and");
      giveNumber(s, "f32", result);
    },
  };
}

/** Products between these powers of two neither run over nor lose bits of their error below the least number. */
const LEAST_PRODUCT = -900n;
const GREATEST_PRODUCT = 1000n;

/** Bits of the lower half of a significand that is split in two, each of which has 26 with its sign. */
const LOWER_HALF = 27n;

type Halves = readonly [upper: number, lower: number];

/**
 * Splits a number into the nearest one of 26 bits and what is left of it: products of such parts are exact. What would
 * run over becomes infinite and ends in NaNs.
 */
function split(s: Surroundings, index: number, halves: Halves): Halves {
  const { code } = s;
  const [upper, lower] = halves;
  pushInteger(s, index);
  code.i64(1n << (LOWER_HALF - 1n)).arithmetic("i64", "add");
  code.i64(-1n << LOWER_HALF).arithmetic("i64", "and");
  code.floatConvert("f64.reinterpret_i64").set(upper);
  pushNumber(s, "f64", index);
  code.get(upper).floatArithmetic("f64", "sub").set(lower);
  return halves;
}

/** Pushes the error of a product (Dekker). */
function pushProductError(code: Code, product: number, [aU, aL]: Halves, [bU, bL]: Halves): void {
  const times = (x: number, y: number) => code.get(x).get(y).floatArithmetic("f64", "mul");
  times(aU, bU);
  code.get(product).floatArithmetic("f64", "sub");
  times(aU, bL);
  code.floatArithmetic("f64", "add");
  times(aL, bU);
  code.floatArithmetic("f64", "add");
  times(aL, bL);
  code.floatArithmetic("f64", "add");
}

/**
 * The exact result is a sum of three numbers: the rounded sum of the rounded product and the addend, and the errors of
 * both. Rounding the sum of the errors first could only matter near the middle of two results. So the last step is
 * made with a slightly greater and a slightly smaller sum: if both give the same, so does the exact one.
 */
export function fusedDouble(): NativePaths {
  const type = "f64";
  /** Computes into scratch locals; whether the result is right is pushed. */
  const compute = (s: Surroundings) => {
    const { code } = s;
    const scratch = (n: number) => code.scratch(type, n);
    const [result, product, sum, part, error] = [scratch(0), scratch(1), scratch(2), scratch(3), scratch(4)];
    const a = split(s, 0, [scratch(5), scratch(6)]);
    const b = split(s, 1, [scratch(7), scratch(8)]);
    pushNumber(s, type, 0);
    pushNumber(s, type, 1);
    code.floatArithmetic(type, "mul").tee(product);
    pushNumber(s, type, 2);
    code.floatArithmetic(type, "add").set(sum);
    pushSumError(code, type, { a: () => code.get(product), b: () => pushNumber(s, type, 2), sum, part });
    pushProductError(code, product, a, b);
    code.floatArithmetic(type, "add").set(error);

    const withErrorTimes = (factor: number) =>
      code.get(sum).get(error).float(type, factor).floatArithmetic(type, "mul").floatArithmetic(type, "add");
    withErrorTimes(1 + 2 ** -50).tee(result);
    withErrorTimes(1 - 2 ** -50);
    // Infinities have no difference.
    code.floatArithmetic(type, "sub").float(type, 0).floatCompare(type, "eq");

    const at = (exponent: bigint) => (exponent + BigInt(float64.bias)) << BigInt(float64.fractionBits + 1);
    const constant = (bits: bigint) => code.i64(BigInt.asIntN(64, bits));
    code.get(product).floatConvert("i64.reinterpret_f64").i64(1).arithmetic("i64", "shl");
    constant(at(LEAST_PRODUCT)).arithmetic("i64", "sub");
    constant(at(GREATEST_PRODUCT) - at(LEAST_PRODUCT)).compare("i64", "lt_u");
    code.arithmetic("i32", "and");
    return { result, error };
  };
  /** The product is exactly zero where a factor is. */
  const zeroFactor: NativeOperation = (s) => {
    const { code } = s;
    const sum = code.scratch(type, 0);
    pushNumber(s, type, 0);
    pushNumber(s, type, 1);
    code.floatArithmetic(type, "mul");
    pushNumber(s, type, 2);
    code.floatArithmetic(type, "add").set(sum);
    pushIsFinite(code, type, sum);
    pushIsZero(s, type, 0);
    pushIsZero(s, type, 1);
    code.arithmetic("i32", "or").arithmetic("i32", "and");
    pushToNearest(s, MODE);
    code.arithmetic("i32", "and");
    giveNumber(s, type, sum);
  };
  const withoutError: NativeOperation = (s) => {
    const { result, error } = compute(s);
    s.code.get(error).float(type, 0).floatCompare(type, "eq").arithmetic("i32", "and");
    pushToNearest(s, MODE);
    s.code.arithmetic("i32", "and");
    giveNumber(s, type, result);
  };
  return {
    usual: (s) => {
      const { result } = compute(s);
      pushUsualState(s, MODE);
      s.code.arithmetic("i32", "and");
      giveNumber(s, type, result);
    },
    exact: (s) => zeroFactor({ ...s, slow: () => withoutError(s) }),
  };
}
