/** Drops what is computed for nothing. */
import type { Node } from "../../language/expression.ts";
import { evaluated, walkNode, walkStatements } from "../../language/parts.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { isPure, negation } from "./fold.ts";

/** The block without values of variables that nothing reads, unless computing them has effects. */
export function dropUnused(block: Block): Block {
  return sweep(block, new Set());
}

/** Goes backwards: `live` are the variables read after the block, and at the end those read from its beginning on. */
function sweep(block: Block, live: Set<number>): Block {
  const kept: Statement[] = [];
  for (let i = block.length - 1; i >= 0; i--) {
    const s = block[i];
    if (s === undefined) continue;
    const statement = sweepStatement(s, live);
    if (statement !== undefined) kept.push(statement);
  }
  return kept.reverse();
}

function sweepStatement(s: Statement, live: Set<number>): Statement | undefined {
  switch (s.kind) {
    case "set":
      if (!live.delete(s.id)) return sweepEffects(s.value, live);
      uses(s.value, live);
      return s;
    case "evaluate":
      return sweepEffects(s.value, live);
    case "if": {
      const liveOtherwise = new Set(live);
      const taken = sweep(s.taken, live);
      const otherwise = sweep(s.otherwise, liveOtherwise);
      for (const id of liveOtherwise) live.add(id);
      if (taken.length + otherwise.length === 0) return sweepEffects(s.condition, live);
      uses(s.condition, live);
      if (taken.length > 0) return { ...s, taken, otherwise };
      return { kind: "if", condition: negation(s.condition), taken: otherwise, otherwise: [] };
    }
    case "while": {
      // What one round reads the one before it may have set.
      walkStatements(s.body, (inner) => usesOf(inner, live));
      uses(s.condition, live);
      return { ...s, body: sweep(s.body, new Set(live)) };
    }
    case "match": {
      const after = new Set(live);
      const otherwise = sweep(s.otherwise, live);
      const cases = new Map<number, Block>();
      for (const [number, body] of s.cases) {
        const liveCase = new Set(after);
        cases.set(number, sweep(body, liveCase));
        for (const id of liveCase) live.add(id);
      }
      uses(s.value, live);
      return { ...s, cases, otherwise };
    }
    case "return":
    case "raise":
    case "jump-to":
    case "jump-by-immediate":
      live.clear();
      usesOf(s, live);
      return s;
    default:
      usesOf(s, live);
      return s;
  }
}

function sweepEffects(value: Node, live: Set<number>): Statement | undefined {
  if (isPure(value)) return undefined;
  uses(value, live);
  return { kind: "evaluate", value };
}

function uses(n: Node, live: Set<number>): void {
  walkNode(n, (m) => {
    if (m.kind === "local") live.add(m.id);
  });
}

/** The variables that a statement reads itself. */
function usesOf(s: Statement, live: Set<number>): void {
  for (const n of evaluated(s)) uses(n, live);
}
