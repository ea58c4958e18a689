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

/** What a search looks for: it ends at the first statement or node of which one of these is true. */
interface Sought {
  readonly statement?: (s: Statement) => boolean;
  readonly node?: (n: Node) => boolean;
}

/** Makes a search for what a block, or a procedure it calls, contains. Every procedure is searched once for all blocks. */
export function searchFor(sought: Sought): (block: Block) => boolean {
  const answers = new Map<Procedure, boolean>();
  const inProcedure = (procedure: Procedure): boolean => {
    if (procedure.kind !== "inside") return false;
    let answer = answers.get(procedure);
    if (answer === undefined) {
      answer = inBlock(procedure.body());
      answers.set(procedure, answer);
    }
    return answer;
  };
  const inNode = (n: Node): boolean =>
    sought.node?.(n) === true || children(n).some(inNode) || (n.kind === "call" && inProcedure(n.procedure));
  const inStatement = (s: Statement): boolean =>
    sought.statement?.(s) === true || operands(s).some(inNode) || inner(s).some(inBlock);
  const inBlock = (block: Block): boolean => block.some(inStatement);
  return inBlock;
}

/** Calls `visit` on every statement and node of a block itself, not of the procedures it calls. */
export function walkWithin(
  block: Block,
  visit: { statement?: (s: Statement) => void; node?: (n: Node) => void },
): void {
  const node = (n: Node): void => {
    visit.node?.(n);
    for (const child of children(n)) node(child);
  };
  for (const s of block) {
    visit.statement?.(s);
    for (const n of operands(s)) node(n);
    for (const b of inner(s)) walkWithin(b, visit);
  }
}

/** The procedures that a block itself calls. */
export function calledFrom(block: Block): Set<Procedure> {
  const called = new Set<Procedure>();
  walkWithin(block, {
    node: (n) => {
      if (n.kind === "call") called.add(n.procedure);
    },
  });
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
