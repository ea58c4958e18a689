/** Addition, multiplication, division and square root by the host's instructions. */
import { float64 } from "../../float/format.ts";
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
  pushUsuallyFinite,
  pushUsuallyNormal,
} from "./host-format.ts";
import type { NativePaths, Surroundings } from "./operation.ts";
import { pushSumError } from "./two-sum.ts";

const A = 0;
const B = 1;
/** Where the rounding mode is among the arguments. */
const BINARY_MODE = 2;
const UNARY_MODE = 1;

/** Computes a op b into a scratch local. */
function compute(s: Surroundings, { type }: HostFormat, op: "add" | "mul" | "div"): number {
  const result = s.code.scratch(type, 0);
  pushNumber(s, type, A);
  pushNumber(s, type, B);
  s.code.floatArithmetic(type, op).set(result);
  return result;
}

/** Computes the root of a into a scratch local. */
function computeRoot(s: Surroundings, { type }: HostFormat): number {
  const result = s.code.scratch(type, 0);
  pushNumber(s, type, A);
  s.code.floatUnary(type, "sqrt").set(result);
  return result;
}

/** Pushes a single-precision number as a double, in which products of such are exact. */
function pushPromoted(s: Surroundings, index: number): void {
  pushNumber(s, "f32", index);
  s.code.floatConvert("f64.promote_f32");
}

/**
 * Pushes whether the significant bits of two doubles, given by their bits, are so few that a double surely holds those
 * of the product.
 */
function pushProductFits(code: Code, x: () => void, y: () => void): void {
  for (const bits of [x, y]) {
    bits();
    code.i64(float64.minimumNormal).arithmetic("i64", "or").unary("i64", "ctz");
  }
  code.arithmetic("i64", "add").i64(float64.fractionBits).compare("i64", "gt_u");
}

/** Sums below the least normal number are exact: no more is asked of a result than that it be finite. */
export function addition(host: HostFormat): NativePaths {
  const { type } = host;
  return {
    usual: (s) => {
      const sum = compute(s, host, "add");
      pushUsuallyFinite(s, host, sum, BINARY_MODE);
      giveNumber(s, type, sum);
    },
    exact: (s) => {
      const { code } = s;
      const sum = compute(s, host, "add");
      const part = code.scratch(type, 1);
      pushSumError(code, type, {
        a: () => pushNumber(s, type, A),
        b: () => pushNumber(s, type, B),
        sum,
        part,
      });
      code.float(type, 0).floatCompare(type, "eq");
      pushToNearest(s, BINARY_MODE);
      code.arithmetic("i32", "and");
      giveNumber(s, type, sum);
    },
  };
}

function usualWithRange(host: HostFormat, op: "mul" | "div"): NativePaths["usual"] {
  return (s) => {
    const result = compute(s, host, op);
    pushUsuallyNormal(s, host, result, BINARY_MODE);
    giveNumber(s, host.type, result);
  };
}

export function multiplication(host: HostFormat): NativePaths {
  const { type } = host;
  const exactDouble = (s: Surroundings) => {
    const { code } = s;
    const product = compute(s, host, "mul");
    pushProductFits(
      code,
      () => pushInteger(s, A),
      () => pushInteger(s, B),
    );
    pushIsSurelyNormal(code, host, product);
    code.arithmetic("i32", "and");
    pushIsZero(s, type, A);
    pushIsZero(s, type, B);
    code.arithmetic("i32", "or");
    pushIsFinite(code, type, product);
    code.arithmetic("i32", "and").arithmetic("i32", "or");
  };
  const exactSingle = (s: Surroundings) => {
    const product = compute(s, host, "mul");
    pushPromoted(s, A);
    pushPromoted(s, B);
    s.code.floatArithmetic("f64", "mul");
    s.code.get(product).floatConvert("f64.promote_f32").floatCompare("f64", "eq");
  };
  return {
    usual: usualWithRange(host, "mul"),
    exact: (s) => {
      (type === "f64" ? exactDouble : exactSingle)(s);
      pushToNearest(s, BINARY_MODE);
      s.code.arithmetic("i32", "and");
      giveNumber(s, type, s.code.scratch(type, 0));
    },
  };
}

/** A quotient is exact if the product with the divisor is the dividend. */
export function division(host: HostFormat): NativePaths {
  const { type } = host;
  const exactDouble = (s: Surroundings, quotient: number) => {
    const { code } = s;
    const dividend = code.scratch(type, 1);
    pushNumber(s, type, A);
    code.tee(dividend);
    pushNumber(s, type, B);
    code.get(quotient).floatArithmetic(type, "mul").floatCompare(type, "eq");
    pushProductFits(
      code,
      () => pushInteger(s, B),
      () => code.get(quotient).floatConvert("i64.reinterpret_f64"),
    );
    pushIsSurelyNormal(code, host, dividend);
    code.arithmetic("i32", "and").arithmetic("i32", "and");
  };
  const exactSingle = (s: Surroundings, quotient: number) => {
    s.code.get(quotient).floatConvert("f64.promote_f32");
    pushPromoted(s, B);
    s.code.floatArithmetic("f64", "mul");
    pushPromoted(s, A);
    s.code.floatCompare("f64", "eq");
  };
  return {
    usual: usualWithRange(host, "div"),
    exact: (s) => {
      const quotient = compute(s, host, "div");
      (type === "f64" ? exactDouble : exactSingle)(s, quotient);
      pushToNearest(s, BINARY_MODE);
      s.code.arithmetic("i32", "and");
      giveNumber(s, type, quotient);
    },
  };
}

/** Roots are far from the bounds of the exponents. */
export function squareRoot(host: HostFormat): NativePaths {
  const { type } = host;
  const exactDouble = (s: Surroundings, root: number) => {
    const { code } = s;
    const radicand = code.scratch(type, 1);
    pushNumber(s, type, A);
    code.tee(radicand);
    code.get(root).get(root).floatArithmetic(type, "mul").floatCompare(type, "eq");
    const bits = () => code.get(root).floatConvert("i64.reinterpret_f64");
    pushProductFits(code, bits, bits);
    pushIsSurelyNormal(code, host, radicand);
    code.arithmetic("i32", "and").arithmetic("i32", "and");
  };
  const exactSingle = (s: Surroundings, root: number) => {
    const promoted = () => s.code.get(root).floatConvert("f64.promote_f32");
    promoted();
    promoted();
    s.code.floatArithmetic("f64", "mul");
    pushPromoted(s, A);
    s.code.floatCompare("f64", "eq");
  };
  return {
    usual: (s) => {
      const root = computeRoot(s, host);
      pushUsuallyFinite(s, host, root, UNARY_MODE);
      giveNumber(s, type, root);
    },
    exact: (s) => {
      const root = computeRoot(s, host);
      (type === "f64" ? exactDouble : exactSingle)(s, root);
      pushToNearest(s, UNARY_MODE);
      s.code.arithmetic("i32", "and");
      giveNumber(s, type, root);
    },
  };
}
