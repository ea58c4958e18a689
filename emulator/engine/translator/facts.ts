/**
 * What is known at a point of execution beyond what the description says: values of variables, what cells of the hart's
 * state hold, and conditions that were looked at on the way. Part of it stays true from one instruction to the next.
 */
import { state } from "../../hart/layout.ts";
import type { Node, RegisterOperand } from "../../language/expression.ts";
import { children, someNode } from "../../language/parts.ts";
import type { Effects, HartStore } from "./effects.ts";
import { ALL_BITS, CELL_BYTES, isHartCell } from "./effects.ts";
import { alike, isPure } from "./fold.ts";

type CellNode = Extract<Node, { kind: "cell" }>;

/**
 * Cells that only instructions change, and never a device, the board or an engine. So what is known of them stays
 * known from one instruction to the next, into a block that only one leads to, and when a load or store calls a device.
 */
const LASTING: ReadonlySet<number> = new Set(
  [state.mode, state.mstatus, state.fcsr, state.mcounteren, state.scounteren, state.menvcfg].map(
    ({ offset }) => offset,
  ),
);

interface Condition {
  readonly node: Node;
  readonly holds: boolean;
}

export class Facts {
  /** Variables, and cells by offset, that have the value of a leaf. */
  readonly #values: Map<number, Node>;
  readonly #contents: Map<number, Node>;
  /** Bits of cells, by offset, that are 1. */
  readonly #ones: Map<number, bigint>;
  #conditions: readonly Condition[];

  /** Nothing is known. */
  constructor() {
    this.#values = new Map();
    this.#contents = new Map();
    this.#ones = new Map();
    this.#conditions = [];
  }

  copy(): Facts {
    const copy = new Facts();
    copy.become(this);
    return copy;
  }

  /** Becomes what is known on another way to the same point. */
  become(other: Facts): void {
    copyInto(this.#values, other.#values);
    copyInto(this.#contents, other.#contents);
    copyInto(this.#ones, other.#ones);
    this.#conditions = other.#conditions;
  }

  /** Keeps what is known on another way to the same point too. */
  meet(other: Facts): void {
    for (const [id, value] of this.#values) {
      const there = other.#values.get(id);
      if (there === undefined || !alike(value, there)) this.#values.delete(id);
    }
    for (const [offset, value] of this.#contents) {
      const there = other.#contents.get(offset);
      if (there === undefined || !alike(value, there)) this.#contents.delete(offset);
    }
    for (const [offset, bits] of this.#ones) this.#ones.set(offset, bits & (other.#ones.get(offset) ?? 0n));
    this.#conditions = this.#conditions.filter(({ node, holds }) =>
      other.#conditions.some((c) => c.holds === holds && alike(c.node, node)),
    );
  }

  // ---- questions

  valueOf(variable: number): Node | undefined {
    return this.#values.get(variable);
  }

  contentOf(cell: CellNode): Node | undefined {
    return isHartCell(cell) ? this.#contents.get(cell.offset) : undefined;
  }

  /** Whether a cell is known to hold a value. */
  holds(cell: CellNode, value: Node): boolean {
    const content = this.contentOf(cell);
    return content !== undefined && alike(content, value);
  }

  /** Bits of a node's value that are surely 1, as a signed number of its width. */
  onesOf(n: Node): bigint {
    if (n.kind === "constant") return n.value;
    if (n.kind === "cell" && isHartCell(n)) return this.#ones.get(n.offset) ?? 0n;
    if (n.kind !== "arithmetic") return 0n;
    if (n.op === "or") return this.onesOf(n.a) | this.onesOf(n.b);
    return n.op === "and" ? this.onesOf(n.a) & this.onesOf(n.b) : 0n;
  }

  /** Whether a condition holds; undefined where that is not known. */
  decide(condition: Node): boolean | undefined {
    if (condition.kind === "constant") return condition.value !== 0n;
    for (const { node, holds } of this.#conditions) if (alike(node, condition)) return holds;
    const zero = comparedWithZero(condition);
    if (zero !== undefined) {
      const holds = this.decide(zero.value);
      return holds === undefined ? undefined : holds !== zero.equal;
    }
    if (condition.kind !== "arithmetic") return undefined;
    // Of conditions in the narrow sense, which are 0 or 1, "and" is so too; of other values it is not.
    if (condition.op === "or" && isPure(condition)) {
      const a = this.decide(condition.a);
      const b = this.decide(condition.b);
      if (a === true || b === true) return true;
      if (a === false && b === false) return false;
    }
    if (condition.op === "and" && isPure(condition)) {
      if (this.decide(condition.a) === false || this.decide(condition.b) === false) return false;
    }
    return undefined;
  }

  // ---- what is learned

  /** From here on, a condition holds or does not. */
  assume(condition: Node, holds: boolean): void {
    if (condition.kind === "constant" || !readsStateOnly(condition)) return;
    const zero = comparedWithZero(condition);
    if (zero !== undefined) {
      this.assume(zero.value, holds !== zero.equal);
      return;
    }
    if (condition.kind === "arithmetic") {
      const { op, a, b } = condition;
      if ((op === "or" && !holds) || (op === "and" && holds)) {
        this.assume(a, holds);
        this.assume(b, holds);
      }
      if (
        op === "and" &&
        holds &&
        b.kind === "constant" &&
        isBit(b.value) &&
        a.kind === "cell" &&
        isHartCell(a)
      )
        this.#ones.set(a.offset, this.onesOf(a) | b.value);
    }
    this.#conditions = [...this.#conditions, { node: condition, holds }];
  }

  /** A variable has been set to `value`. */
  assigned(variable: number, value: Node): void {
    const depends = (n: Node) => n.kind === "local" && n.id === variable;
    this.#forget(depends);
    this.#values.delete(variable);
    if (isLeaf(value) && !depends(value)) this.#values.set(variable, value);
  }

  /** A register of one of the files has been written; `is` tells the operands that name it. */
  registerWritten(file: "x" | "f", is: (operand: RegisterOperand) => boolean): void {
    this.#forget((n) => n.kind === file && is(n.operand));
  }

  /** The hart's state has been stored to; `bits` of what is there now are 1. */
  stored(store: HartStore, value?: Node, bits = 0n): void {
    const { sets } = store;
    this.#forgetCells((offset, bytes) => {
      if (offset >= store.offset + store.bytes || store.offset >= offset + bytes) return 0n;
      return sets !== undefined && offset === store.offset ? sets : ALL_BITS;
    }, sets !== undefined);
    if (value === undefined) return;
    if (isLeaf(value)) this.#contents.set(store.offset, value);
    this.#ones.set(store.offset, bits | (this.#ones.get(store.offset) ?? 0n));
  }

  /** Any cell may have been stored to. */
  storedAnywhere(): void {
    this.#forgetCells(() => ALL_BITS);
  }

  /** The board or the engine may have changed what is theirs. */
  reachedOutside(): void {
    this.#forgetCells((offset) => (LASTING.has(offset) ? 0n : ALL_BITS));
  }

  /** A procedure has been called. */
  called({ stores, anywhere, outside }: Effects): void {
    if (anywhere) this.storedAnywhere();
    else if (outside) this.reachedOutside();
    if (!anywhere) for (const store of stores) this.stored(store);
  }

  /** A loop may have been gone around that sets some variables, and registers: what others hold is still known. */
  looped(variables: ReadonlySet<number>, registers: boolean): void {
    this.storedAnywhere();
    this.#conditions = [];
    this.#forget((n) =>
      n.kind === "local" ? variables.has(n.id) : registers && (n.kind === "x" || n.kind === "f"),
    );
    for (const id of variables) this.#values.delete(id);
  }

  /** Another instruction begins: time has passed, and operands and variables are other ones. */
  instructionEnded(): void {
    this.#values.clear();
    this.#forget((n) => n.kind !== "constant" && isLeaf(n) && n.kind !== "hart");
    this.reachedOutside();
  }

  // ---- what is forgotten

  #forget(depends: (n: Node) => boolean): void {
    for (const [id, value] of this.#values) if (depends(value)) this.#values.delete(id);
    for (const [offset, value] of this.#contents) if (depends(value)) this.#contents.delete(offset);
    if (this.#conditions.length > 0)
      this.#conditions = this.#conditions.filter(({ node }) => !someNode(node, depends));
  }

  /** Forgets what depends on bits that may have changed, but not what remains true when they have only been set. */
  #forgetCells(changed: ChangedBits, set = false): void {
    for (const [offset, value] of this.#contents) {
      if (changed(offset, value.type === "i64" ? 8 : 4) !== 0n) this.#contents.delete(offset);
    }
    if (!set) {
      for (const offset of this.#ones.keys()) if (changed(offset, 8) !== 0n) this.#ones.delete(offset);
    }
    if (this.#conditions.length === 0) return;
    this.#conditions = this.#conditions.filter(
      ({ node, holds }) => (set && holds && isMaskedCell(node)) || !looksAt(node, changed),
    );
  }
}

/** Which bits of a cell, which begins at an offset and has so many bytes, may have changed. */
type ChangedBits = (offset: number, bytes: number) => bigint;

/** Whether a node's value depends on bits that may have changed. */
function looksAt(n: Node, changed: ChangedBits): boolean {
  if (n.kind === "cell") return changed(n.offset, CELL_BYTES[n.cell]) !== 0n;
  if (n.kind === "arithmetic" && n.op === "and" && n.b.kind === "constant") {
    const { a, b } = n;
    const shift = a.kind === "arithmetic" && a.op === "shr_u" && a.b.kind === "constant" ? a.b.value : 0n;
    const cell = shift !== 0n && a.kind === "arithmetic" ? a.a : a;
    if (cell.kind === "cell")
      return (changed(cell.offset, CELL_BYTES[cell.cell]) & BigInt.asUintN(64, b.value << shift)) !== 0n;
  }
  return children(n).some((child) => looksAt(child, changed));
}

const isBit = (value: bigint): boolean => value > 0n && (value & (value - 1n)) === 0n;

/** A cell's bits under a mask: not zero, they are not zero after others have been set. */
const isMaskedCell = (n: Node): boolean =>
  n.kind === "arithmetic" && n.op === "and" && n.a.kind === "cell" && n.b.kind === "constant";

function comparedWithZero(n: Node): { readonly value: Node; readonly equal: boolean } | undefined {
  if (n.kind !== "comparison" || (n.op !== "eq" && n.op !== "ne")) return undefined;
  return n.b.kind === "constant" && n.b.value === 0n ? { value: n.a, equal: n.op === "eq" } : undefined;
}

/** What costs nothing to compute twice, and changes only when it is written. */
export function isLeaf(n: Node): boolean {
  switch (n.kind) {
    case "constant":
    case "local":
    case "hart":
    case "x":
    case "f":
    case "pc":
    case "next":
      return true;
    default:
      return false;
  }
}

/** Whether a node is pure, and all its cells are cells of the hart's state. */
const readsStateOnly = (n: Node): boolean => !someNode(n, goesBeyondState);
const goesBeyondState = (n: Node): boolean =>
  n.kind === "cell" ? n.address.kind !== "hart" : n.kind === "call" || n.kind === "read";

function copyInto<K, V>(to: Map<K, V>, from: ReadonlyMap<K, V>): void {
  to.clear();
  for (const [key, value] of from) to.set(key, value);
}
