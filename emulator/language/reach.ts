/** What executing a piece of the vocabulary may reach, through procedures too. */
import type { Node } from "./expression.ts";
import { children, evaluated, within } from "./parts.ts";
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
    for (const n of evaluated(s)) node(n);
    for (const b of within(s)) walkBlock(b, visit, seen);
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
    sought.statement?.(s) === true || evaluated(s).some(inNode) || within(s).some(inBlock);
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
    for (const n of evaluated(s)) node(n);
    for (const b of within(s)) walkWithin(b, visit);
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
