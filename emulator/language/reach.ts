/** What executing a piece of the vocabulary may reach, through procedures too. */
import type { Node } from "./expression.ts";
import type { Procedure } from "./procedure.ts";
import type { Block, Statement } from "./statement.ts";

/** Calls `visit` on every statement and node of a block, and of the procedures it calls, once each. */
export function walkBlock(
  block: Block,
  visit: { statement?: (s: Statement) => void; node?: (n: Node) => void },
  seen = new Set<Procedure>(),
): void {
  const node = (n: Node): void => {
    visit.node?.(n);
    for (const child of children(n)) node(child);
    if (n.kind !== "call" || seen.has(n.procedure)) return;
    seen.add(n.procedure);
    if (n.procedure.kind === "inside") walkBlock(n.procedure.body(), visit, seen);
  };
  for (const s of block) {
    visit.statement?.(s);
    for (const n of operands(s)) node(n);
    for (const b of inner(s)) walkBlock(b, visit, seen);
  }
}

/** The procedures that a block itself calls. */
export function calledFrom(block: Block): Set<Procedure> {
  const called = new Set<Procedure>();
  const node = (n: Node): void => {
    if (n.kind === "call") called.add(n.procedure);
    for (const child of children(n)) node(child);
  };
  const visit = (b: Block): void => {
    for (const s of b) {
      for (const n of operands(s)) node(n);
      for (const within of inner(s)) visit(within);
    }
  };
  visit(block);
  return called;
}

function children(n: Node): readonly Node[] {
  switch (n.kind) {
    case "arithmetic":
    case "comparison":
      return [n.a, n.b];
    case "unary":
    case "convert":
      return [n.a];
    case "select":
      return [n.condition, n.taken, n.otherwise];
    case "call":
      return n.arguments;
    case "cell":
    case "read":
      return [n.address];
    default:
      return [];
  }
}

function operands(s: Statement): readonly Node[] {
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
export function inner(s: Statement): readonly Block[] {
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
