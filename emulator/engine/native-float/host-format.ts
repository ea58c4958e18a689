/** A format of the host's instructions, and what all native operations on it have in common. */
import { Flag, Frm } from "../../float/environment.ts";
import type { Format } from "../../float/format.ts";
import type { Code, FloatType } from "../../wasm/code.ts";
import type { Operand, Surroundings } from "./operation.ts";

/** A format that WebAssembly computes in. */
export interface HostFormat {
  readonly format: Format;
  readonly type: FloatType;
}

/** Turns the bits on the stack, zero-extended to an i64, into the host's number. */
export function fromBits(code: Code, type: FloatType): void {
  if (type === "f64") code.floatConvert("f64.reinterpret_i64");
  else code.convert("wrap").floatConvert("f32.reinterpret_i32");
}

/** Turns the host's number on the stack into its bits. */
export function toBits(code: Code, type: FloatType): void {
  if (type === "f64") code.floatConvert("i64.reinterpret_f64");
  else code.floatConvert("i32.reinterpret_f32").convert("extend_u");
}

export function operandAt({ operands }: Surroundings, index: number): Operand {
  const operand = operands[index];
  if (operand === undefined) throw new Error(`there is no operand ${index}`);
  return operand;
}

/** Pushes an i64 argument. */
export function pushInteger(s: Surroundings, index: number): void {
  const operand = operandAt(s, index);
  if ("local" in operand) s.code.get(operand.local);
  else if ("double" in operand) toBits(s.code.get(operand.double), "f64");
  else if ("constant" in operand) s.code.i64(BigInt.asIntN(64, operand.constant));
  else throw new Error("a rounding mode is no integer argument");
}

/** Pushes an argument that is a number of the format. */
export function pushNumber(s: Surroundings, type: FloatType, index: number): void {
  pushInteger(s, index);
  fromBits(s.code, type);
}

/** Pushes whether an argument is a zero: 1 or 0. */
export function pushIsZero(s: Surroundings, type: FloatType, index: number): void {
  pushNumber(s, type, index);
  s.code.float(type, 0).floatCompare(type, "eq");
}

/** Pushes 1 if NX is set, so that one more inexact result changes nothing; 0 otherwise. */
export function pushInexactIsKnown(s: Surroundings): void {
  s.fcsr();
  s.code.i32(Flag.inexact).arithmetic("i32", "and");
}

/** Pushes the mode that is this argument. */
export function pushMode(s: Surroundings, index: number): void {
  const mode = operandAt(s, index);
  if ("local" in mode) s.code.get(mode.local);
  else if ("constant" in mode) s.code.i32(mode.constant);
  else {
    s.fcsr();
    s.code.i32(Frm.low).arithmetic("i32", "shr_u");
    s.code.i32(2 ** Frm.width - 1).arithmetic("i32", "and");
  }
}

/** Pushes 1 if the mode, which is this argument, is nearest-even; 0 otherwise. */
export function pushToNearest(s: Surroundings, index: number): void {
  const mode = operandAt(s, index);
  if ("constant" in mode) s.code.i32(mode.constant === 0n ? 1 : 0);
  else {
    pushMode(s, index);
    s.code.isZero();
  }
}

/** Pushes 1 if the mode is nearest-even and NX is set; 0 otherwise. */
export function pushUsualState(s: Surroundings, index: number): void {
  const mode = operandAt(s, index);
  if ("unusual" in mode) {
    s.code.get(mode.unusual).i64(0).compare("i64", "eq");
    return;
  }
  pushInexactIsKnown(s);
  if ("constant" in mode && mode.constant === 0n) return;
  pushToNearest(s, index);
  s.code.arithmetic("i32", "and");
}

/** Pushes whether the number in the local is finite: 1 or 0. */
export function pushIsFinite(code: Code, type: FloatType, number: number): void {
  code.get(number).floatUnary(type, "abs").float(type, Number.POSITIVE_INFINITY).floatCompare(type, "lt");
}

/**
 * Pushes whether the number in the local is finite and its magnitude greater than the least normal number, which may be
 * what a tiny number was rounded to.
 */
export function pushIsSurelyNormal(code: Code, host: HostFormat, number: number): void {
  pushIsFiniteFrom(code, host, number, leastSurelyNormal(host));
}

/** Pushes 1 if the number in the local is finite and the state usual, as `pushUsualState` says; 0 otherwise. */
export function pushUsuallyFinite(s: Surroundings, host: HostFormat, number: number, mode: number): void {
  pushUsuallyFrom(s, host, number, mode, 0n);
}

/** Pushes 1 if the number in the local is surely normal and the state usual; 0 otherwise. */
export function pushUsuallyNormal(s: Surroundings, host: HostFormat, number: number, mode: number): void {
  pushUsuallyFrom(s, host, number, mode, leastSurelyNormal(host));
}

function pushUsuallyFrom(
  s: Surroundings,
  host: HostFormat,
  number: number,
  index: number,
  least: bigint,
): void {
  const mode = operandAt(s, index);
  if ("unusual" in mode) {
    pushIsFiniteFrom(s.code, host, number, least, mode.unusual);
    return;
  }
  pushIsFiniteFrom(s.code, host, number, least);
  pushUsualState(s, index);
  s.code.arithmetic("i32", "and");
}

const leastSurelyNormal = ({ format }: HostFormat): bigint => format.minimumNormal + 1n;

/**
 * Pushes whether the number in the local is finite and its magnitude at least that of the bits `least`. No number is where
 * the local `unless` (i64) has all bits, which costs less than to ask for it, too.
 */
function pushIsFiniteFrom(
  code: Code,
  { format, type }: HostFormat,
  number: number,
  least: bigint,
  unless?: number,
): void {
  const doubled = (magnitude: bigint) => BigInt.asIntN(format.width, magnitude << 1n);
  const integer = type === "f64" ? "i64" : "i32";
  const constant = (value: bigint) => (integer === "i64" ? code.i64(value) : code.i32(value));
  code.get(number).floatConvert(type === "f64" ? "i64.reinterpret_f64" : "i32.reinterpret_f32");
  constant(1n).arithmetic(integer, "shl");
  if (least !== 0n) constant(doubled(least)).arithmetic(integer, "sub");
  if (unless !== undefined) {
    code.get(unless);
    if (integer === "i32") code.convert("wrap");
    code.arithmetic(integer, "or");
  }
  constant(doubled(format.infinity - least)).compare(integer, "lt_u");
}

/** With a condition on the stack: leaves the bits of the number in the local if it holds, else what `slow` gives. */
export function giveNumber(s: Surroundings, type: FloatType, number: number): void {
  s.code.isZero().ifUnlikely(() => {
    s.slow();
    fromBits(s.code, type);
    s.code.set(number);
  });
  s.code.get(number);
  toBits(s.code, type);
}
