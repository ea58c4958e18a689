/** Conversions by the host's instructions. */
import type { FloatUnary } from "../../wasm/code.ts";
import type { HostFormat } from "./host-format.ts";
import {
  giveNumber,
  operandAt,
  pushInexactIsKnown,
  pushInteger,
  pushMode,
  pushNumber,
  pushUsuallyNormal,
  pushUsualState,
} from "./host-format.ts";
import type { NativePaths, Surroundings } from "./operation.ts";

/** Single to double precision, always exact; but NaNs are changed, and signalling ones are told. */
export const promotion: NativePaths = {
  usual: (s) => {
    const { code } = s;
    const promoted = code.scratch("f64", 0);
    pushNumber(s, "f32", 0);
    code.floatConvert("f64.promote_f32").set(promoted);
    code.get(promoted).get(promoted).floatCompare("f64", "eq");
    giveNumber(s, "f64", promoted);
  },
};

/** Double to single precision. */
export const demotion = (single: HostFormat): NativePaths => {
  const demote = (s: Surroundings): number => {
    const demoted = s.code.scratch("f32", 0);
    pushNumber(s, "f64", 0);
    s.code.floatConvert("f32.demote_f64").set(demoted);
    return demoted;
  };
  return {
    usual: (s) => {
      const demoted = demote(s);
      pushUsuallyNormal(s, single, demoted, 1);
      giveNumber(s, "f32", demoted);
    },
    exact: (s) => {
      const demoted = demote(s);
      s.code.get(demoted).floatConvert("f64.promote_f32");
      pushNumber(s, "f64", 0);
      s.code.floatCompare("f64", "eq");
      giveNumber(s, "f32", demoted);
    },
  };
};

/** Beyond it not all integers are numbers of the format. */
const lastOfAll = ({ format }: HostFormat): bigint => 1n << BigInt(format.fractionBits + 1);

/** A 64-bit integer to a number; an unsigned one where it is less than 2^63. */
export const fromInteger = (host: HostFormat, isSigned: boolean): NativePaths => {
  const { type } = host;
  const convert = (s: Surroundings): number => {
    const number = s.code.scratch(type, 0);
    pushInteger(s, 0);
    s.code.floatConvert(`${type}.convert_i64_s`).set(number);
    return number;
  };
  return {
    // Small integers need no state.
    usual: (s) => {
      const { code } = s;
      const number = convert(s);
      const span = isSigned ? 2n * lastOfAll(host) : lastOfAll(host);
      pushInteger(s, 0);
      if (isSigned) code.i64(lastOfAll(host)).arithmetic("i64", "add");
      code.i64(span).compare("i64", "le_u");
      giveNumber(s, type, number);
    },
    exact: (s) => {
      const { code } = s;
      const number = convert(s);
      pushUsualState(s, 1);
      if (!isSigned) {
        pushInteger(s, 0);
        code.i64(0).compare("i64", "ge_s").arithmetic("i32", "and");
      }
      giveNumber(s, type, number);
    },
  };
};

/** How the host rounds to integers in each mode; there is no instruction for the last one. */
const ROUNDINGS: readonly FloatUnary[] = ["nearest", "trunc", "floor", "ceil"];

/** Arguments of toInteger. */
const SMALLEST = 1;
const LARGEST = 2;
const MODE = 3;

/** Rounds to an integral number, where the mode is one that the host knows. */
function roundToIntegral(s: Surroundings, type: HostFormat["type"], number: number): void {
  const { code } = s;
  const mode = operandAt(s, MODE);
  if ("constant" in mode) {
    // Conversion truncates by itself.
    code.get(number);
    const rounding = ROUNDINGS[Number(mode.constant)];
    if (rounding !== undefined && rounding !== "trunc") code.floatUnary(type, rounding);
    return;
  }
  const [first, ...others] = ROUNDINGS.map((rounding, n) => ({ rounding, n }));
  const rounded = (rounding: FloatUnary) => code.get(number).floatUnary(type, rounding);
  if (first !== undefined) rounded(first.rounding);
  for (const { rounding, n } of others) {
    rounded(rounding);
    pushMode(s, MODE);
    code.i32(n).compare("i32", "ne").select();
  }
}

function pushHostKnowsMode(s: Surroundings): void {
  const mode = operandAt(s, MODE);
  if ("constant" in mode) s.code.i32(mode.constant < ROUNDINGS.length ? 1 : 0);
  else {
    pushMode(s, MODE);
    s.code.i32(ROUNDINGS.length).compare("i32", "lt_u");
  }
}

/** A number to an integer between bounds, where -2^63 and 2^63 bound what it is rounded to. */
export const toInteger = ({ type }: HostFormat): NativePaths => ({
  usual: (s) => {
    const { code } = s;
    const [number, integral] = [code.scratch(type, 0), code.scratch(type, 1)];
    const integer = code.scratch("i64", 0);
    pushNumber(s, type, 0);
    code.set(number);
    roundToIntegral(s, type, number);
    code.tee(integral).floatConvert(`i64.trunc_sat_${type}_s`).set(integer);

    code
      .get(integral)
      .floatUnary(type, "abs")
      .float(type, 2 ** 63)
      .floatCompare(type, "lt");
    const smallest = () => pushInteger(s, SMALLEST);
    code.get(integer);
    smallest();
    code.arithmetic("i64", "add");
    // What the integer cannot be anyway is cut off, so that the sum cannot run over.
    pushInteger(s, LARGEST);
    code.i64((1n << 63n) - 1n).arithmetic("i64", "and");
    smallest();
    code.arithmetic("i64", "add").compare("i64", "le_u").arithmetic("i32", "and");
    pushInexactIsKnown(s);
    code.get(integer).floatConvert(`${type}.convert_i64_s`).get(number).floatCompare(type, "eq");
    code.arithmetic("i32", "or").arithmetic("i32", "and");
    pushHostKnowsMode(s);
    code
      .arithmetic("i32", "and")
      .isZero()
      .ifUnlikely(() => {
        s.slow();
        code.set(integer);
      });
    code.get(integer);
  },
});
