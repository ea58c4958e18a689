/** What nodes and statements are made of, without what the procedures that they call are made of. */
import type { Node } from "./expression.ts";
import type { Block, Statement } from "./statement.ts";

const NONE: readonly Node[] = [];

/** The nodes that a node is made of, in the order in which they are evaluated. */
export function children(n: Node): readonly Node[] {
  switch (n.kind) {
    case "arithmetic":
    case "comparison":
      return [n.a, n.b];
    case "unary":
    case "convert":
      return [n.a];
    case "select":
      return [n.taken, n.otherwise, n.condition];
    case "cell":
    case "read":
      return [n.address];
    case "call":
      return n.arguments;
    default:
      return NONE;
  }
}

/** Calls `visit` on a node and on every node within it. */
export function walkNode(n: Node, visit: (n: Node) => void): void {
  visit(n);
  for (const child of children(n)) walkNode(child, visit);
}

/** Whether a node or one within it is wanted. Asked of every node over and over, so it makes no arrays. */
export function someNode(n: Node, wanted: (n: Node) => boolean): boolean {
  if (wanted(n)) return true;
  switch (n.kind) {
    case "arithmetic":
    case "comparison":
      return someNode(n.a, wanted) || someNode(n.b, wanted);
    case "unary":
    case "convert":
      return someNode(n.a, wanted);
    case "select":
    case "call":
      return children(n).some((child) => someNode(child, wanted));
    case "cell":
    case "read":
      return someNode(n.address, wanted);
    default:
      return false;
  }
}

/** The nodes that a statement evaluates itself. */
export function evaluated(s: Statement): readonly Node[] {
  switch (s.kind) {
    case "if":
    case "while":
      return [s.condition];
    case "store":
    case "write":
      return [s.address, s.value];
    case "fill":
      return [s.address, s.bytes];
    case "raise":
      return [s.cause, s.value];
    case "jump-to":
      return [s.target];
    case "jump-by-immediate":
    case "synchronise":
      return [];
    default:
      return s.value === undefined ? [] : [s.value];
  }
}

/** The blocks within a statement. */
export function within(s: Statement): readonly Block[] {
  switch (s.kind) {
    case "if":
      return [s.taken, s.otherwise];
    case "while":
      return [s.body];
    case "match":
      return [...s.cases.values(), s.otherwise];
    default:
      return [];
  }
}

/** Calls `visit` on the statements of a block and of the blocks within them. */
export function walkStatements(block: Block, visit: (s: Statement) => void): void {
  for (const s of block) {
    visit(s);
    for (const b of within(s)) walkStatements(b, visit);
  }
}

/** How much there is to a block: its statements and nodes. */
export function sizeOf(block: Block): number {
  let size = 0;
  walkStatements(block, (s) => {
    size++;
    for (const n of evaluated(s)) walkNode(n, () => size++);
  });
  return size;
}
