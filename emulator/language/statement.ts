/**
 * Statements of the vocabulary. They are appended to the block that is being described: `block` opens one, and the
 * functions below, called inside it, add to it.
 */
import type { Cell, Node, RegisterOperand } from "./expression.ts";
import { I32, I64 } from "./expression.ts";

export type Statement =
  | { readonly kind: "set"; readonly id: number; readonly value: Node }
  | { readonly kind: "evaluate"; readonly value: Node }
  | { readonly kind: "if"; readonly condition: Node; readonly taken: Block; readonly otherwise: Block }
  | { readonly kind: "while"; readonly condition: Node; readonly body: Block }
  | {
      readonly kind: "match";
      readonly value: Node;
      readonly cases: ReadonlyMap<number, Block>;
      readonly otherwise: Block;
    }
  | { readonly kind: "return"; readonly value: Node | undefined }
  | {
      readonly kind: "store";
      readonly cell: Cell;
      readonly address: Node;
      readonly offset: number;
      readonly value: Node;
    }
  | { readonly kind: "fill"; readonly address: Node; readonly byte: number; readonly bytes: Node }
  | { readonly kind: "write-x"; readonly operand: RegisterOperand; readonly value: Node }
  | { readonly kind: "write-f"; readonly operand: RegisterOperand; readonly value: Node }
  | { readonly kind: "write"; readonly address: Node; readonly bytes: 1 | 2 | 4 | 8; readonly value: Node }
  /** Leaves the instruction: `cause` as in mcause, `value` as in mtval. */
  | { readonly kind: "raise"; readonly cause: Node; readonly value: Node }
  | { readonly kind: "jump-to"; readonly target: Node }
  /** Jump relative to pc by the immediate. */
  | { readonly kind: "jump-by-immediate" }
  /** Mode, translation, interrupt enables or code may have changed: an engine must look at them again. */
  | { readonly kind: "synchronise" };

export type Block = readonly Statement[];

let open: Statement[] | undefined;
let nextLocal = 0;

/** Describes a block: the statements that `body` adds. */
export function block(body: () => void): Block {
  const outer = open;
  const statements: Statement[] = [];
  open = statements;
  try {
    body();
  } finally {
    open = outer;
  }
  return statements;
}

function append(statement: Statement): void {
  if (open === undefined) throw new Error(`statement "${statement.kind}" outside a block`);
  open.push(statement);
}

/** A variable of the block in which it is made. */
export class Local32 extends I32 {
  private readonly id: number;
  constructor(id: number) {
    super({ kind: "local", type: "i32", id });
    this.id = id;
  }
  set(value: I32 | number): void {
    append({ kind: "set", id: this.id, value: I32.of(value).node });
  }
}

export class Local64 extends I64 {
  private readonly id: number;
  constructor(id: number) {
    super({ kind: "local", type: "i64", id });
    this.id = id;
  }
  set(value: I64 | number | bigint): void {
    append({ kind: "set", id: this.id, value: I64.of(value).node });
  }
}

/** A fresh variable number: variables are unique over all blocks, so blocks may be nested and inlined freely. */
export function freshLocal(): number {
  return nextLocal++;
}

/** Computes `value` here, once, and keeps it. */
export function local(value: I32): Local32;
export function local(value: I64): Local64;
export function local(value: I32 | I64): Local32 | Local64 {
  const id = freshLocal();
  append({ kind: "set", id, value: value.node });
  return value instanceof I32 ? new Local32(id) : new Local64(id);
}

/** Executes `then` if the condition is not zero, else `otherwise`. */
export function when(condition: I32, then: () => void, otherwise: () => void = () => {}): void {
  append({ kind: "if", condition: condition.node, taken: block(then), otherwise: block(otherwise) });
}

/** Executes `body` as long as the condition is not zero. */
export function whilst(condition: I32, body: () => void): void {
  append({ kind: "while", condition: condition.node, body: block(body) });
}

/** Executes the case whose number equals `value`, or `otherwise`. Case numbers are small and not negative. */
export function match(
  value: I32,
  cases: Iterable<readonly [number, () => void]>,
  otherwise: () => void,
): void {
  const blocks = new Map<number, Block>();
  for (const [number, body] of cases) {
    if (blocks.has(number)) throw new Error(`case ${number} is described twice`);
    blocks.set(number, block(body));
  }
  append({ kind: "match", value: value.node, cases: blocks, otherwise: block(otherwise) });
}

/** Leaves the procedure with a result. */
export function returns(value?: I32 | I64): void {
  append({ kind: "return", value: value?.node });
}

/** Stores to a cell of machine memory (not of the guest's address space). */
export function storeCell(cell: Cell, address: I32, value: I32 | I64, offset = 0): void {
  append({ kind: "store", cell, address: address.node, offset, value: value.node });
}

/** Sets `bytes` bytes of machine memory from `address` on to `byte`. */
export function fillCells(address: I32, byte: number, bytes: I32): void {
  append({ kind: "fill", address: address.node, byte, bytes: bytes.node });
}

/** Ends the instruction with a trap, before it has changed anything. */
export function raise(cause: I32 | number, value: I64): void {
  append({ kind: "raise", cause: I32.of(cause).node, value: value.node });
}

/** Marks that mode, translation, interrupt enables or code may have changed. */
export function synchronise(): void {
  append({ kind: "synchronise" });
}

/** Evaluates a call for its effect. */
export function evaluate(value: { readonly node: Node }): void {
  append({ kind: "evaluate", value: value.node });
}

/** Statements that only instructions use; isa/operands.ts gives them their names. */
export const writeRegister = (file: "x" | "f", operand: RegisterOperand, value: I64) =>
  append({ kind: file === "x" ? "write-x" : "write-f", operand, value: value.node });
export const writeMemory = (address: I64, bytes: 1 | 2 | 4 | 8, value: I64) =>
  append({ kind: "write", address: address.node, bytes, value: value.node });
export const jumpTo = (target: I64) => append({ kind: "jump-to", target: target.node });
export const jumpByImmediate = () => append({ kind: "jump-by-immediate" });
