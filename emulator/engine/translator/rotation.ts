/**
 * Rotations that a program makes of two shifts, as it must without Zbb: the operation that unites them can be emitted as
 * what it is. What the shifts themselves give stays, for whoever reads it; the host drops it where nobody does.
 */
import type { Node, RegisterOperand, Type } from "../../language/expression.ts";
import type { Block } from "../../language/statement.ts";
import { constantOf, lowWord } from "./fold.ts";
import type { Operation } from "./operation.ts";

/** What an operation gives that unites two shifts of one value. */
export interface Rotation {
  readonly of: Rotated;
  /** Words are rotated as such, and the result is extended by its sign. */
  readonly type: Type;
  /** To the left, in bits. */
  readonly count: number;
}

/** A value that is rotated later: what a register holds before the operation of an index. */
export interface Rotated {
  readonly index: number;
  readonly register: number;
}

/** What a register holds. */
interface Value {
  /** Whether the upper half is surely 0. */
  readonly isUnsignedWord: boolean;
  readonly shift: Shift | undefined;
}

/** A shift by a constant. Of a word: to the left, then extended by its sign, or of the lower half alone to the right. */
interface Shift {
  readonly type: Type;
  readonly left: boolean;
  readonly count: number;
  readonly value: Value;
  readonly of: Rotated;
}

/** The rotations among operations that execute one after the other, by the index of the one that gives each. */
export function rotationsIn(operations: readonly Operation[]): ReadonlyMap<number, Rotation> {
  const rotations = new Map<number, Rotation>();
  const values = new Map<number, Value>();
  operations.forEach(({ body, decoded, writes }, index) => {
    const valueIn = (operand: RegisterOperand): Value => {
      const register = decoded[operand];
      const value = values.get(register) ?? { isUnsignedWord: false, shift: undefined };
      values.set(register, value);
      return value;
    };
    const result = resultOf(body);
    const rotation = result && rotationOf(result, (operand) => valueIn(operand).shift);
    if (rotation !== undefined) rotations.set(index, rotation);
    const value = result && valueGiven(result, valueIn, (operand) => ({ index, register: decoded[operand] }));
    for (const register of writes.x) {
      if (value === undefined) values.delete(register);
      else values.set(register, value);
    }
  });
  return rotations;
}

/** What an operation gives that does nothing else. */
function resultOf([first, ...others]: Block): Node | undefined {
  return first?.kind === "write-x" && others.length === 0 ? first.value : undefined;
}

/** The bits of two shifts that make a rotation are apart, so it does not matter which way they are united. */
const UNITES: ReadonlySet<string> = new Set(["or", "xor", "add"]);

function rotationOf(n: Node, shiftIn: (operand: RegisterOperand) => Shift | undefined): Rotation | undefined {
  if (n.kind !== "arithmetic" || !UNITES.has(n.op) || n.a.kind !== "x" || n.b.kind !== "x") return undefined;
  const [a, b] = [shiftIn(n.a.operand), shiftIn(n.b.operand)];
  if (a === undefined || b === undefined || a.value !== b.value || a.type !== b.type) return undefined;
  if (a.left === b.left || a.count + b.count !== (a.type === "i32" ? 32 : 64)) return undefined;
  return { of: a.of, type: a.type, count: a.left ? a.count : b.count };
}

/** What a register holds that has been given a result. */
function valueGiven(
  n: Node,
  valueIn: (operand: RegisterOperand) => Value,
  rotated: (operand: RegisterOperand) => Rotated,
): Value {
  if (n.kind === "x") return valueIn(n.operand);
  const shift = shiftOf(n);
  if (shift === undefined)
    return { isUnsignedWord: n.kind === "read" && !n.signed && n.bytes < 8, shift: undefined };
  const { operand, left, count } = shift;
  const value = valueIn(operand);
  const type = value.isUnsignedWord && !left ? "i32" : shift.type;
  const isUnsignedWord = !left && (type === "i32" || count >= 32);
  return { isUnsignedWord, shift: { type, left, count, value, of: rotated(operand) } };
}

function shiftOf(
  n: Node,
): (Pick<Shift, "type" | "left" | "count"> & { operand: RegisterOperand }) | undefined {
  const extended = n.kind === "unary" && n.op === "extend32_s";
  const shift = extended ? n.a : n;
  if (shift.kind !== "arithmetic" || shift.b.kind !== "constant") return undefined;
  const { a, op } = shift;
  const count = Number(shift.b.value);
  if (op === "shl" && a.kind === "x")
    return { operand: a.operand, type: extended ? "i32" : "i64", left: true, count };
  if (op !== "shr_u" || extended) return undefined;
  if (a.kind === "x") return { operand: a.operand, type: "i64", left: false, count };
  if (a.kind !== "arithmetic" || a.op !== "and" || a.a.kind !== "x") return undefined;
  return constantOf(a.b) === lowWord ? { operand: a.a.operand, type: "i32", left: false, count } : undefined;
}
