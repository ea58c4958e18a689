/** What nodes and statements are made of, without what the procedures that they call are made of. */
import type { Node } from "../../language/expression.ts";
import type { Block, Statement } from "../../language/statement.ts";

/** Calls `visit` on a node and on every node within it. */
export function walkNode(n: Node, visit: (n: Node) => void): void {
  visit(n);
  switch (n.kind) {
    case "arithmetic":
    case "comparison":
      walkNode(n.a, visit);
      walkNode(n.b, visit);
      return;
    case "unary":
    case "convert":
      walkNode(n.a, visit);
      return;
    case "select":
      walkNode(n.taken, visit);
      walkNode(n.otherwise, visit);
      walkNode(n.condition, visit);
      return;
    case "cell":
    case "read":
      walkNode(n.address, visit);
      return;
    case "call":
      for (const argument of n.arguments) walkNode(argument, visit);
      return;
    default:
      return;
  }
}

/** Whether a node or one within it is wanted. */
export function someNode(n: Node, wanted: (n: Node) => boolean): boolean {
  let found = false;
  walkNode(n, (m) => {
    found ||= wanted(m);
  });
  return found;
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
