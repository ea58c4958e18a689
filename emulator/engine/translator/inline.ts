/** Which procedures are worth putting where they are called, and in what form they can be. */
import type { Node } from "../../language/expression.ts";
import { children, evaluated, sizeOf, someNode, walkStatements, within } from "../../language/parts.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { freshLocal } from "../../language/statement.ts";

/** A procedure's body that ends at its end, and its result there. */
export interface Inlined {
  readonly body: Block;
  readonly result: Node | undefined;
}

/** The most statements and nodes of a body that replaces a call. */
const MOST = 40;

/**
 * The form in which a specialised body replaces calls. Undefined where it is too large, returns amid, or reaches the
 * board, which takes its time anyway.
 */
export function inlined(body: Block, procedure: Procedure): Inlined | undefined {
  if (sizeOf(body) > MOST || reachesBoard(body)) return undefined;
  const last = body.at(-1);
  const before = last?.kind === "return" ? body.slice(0, -1) : body;
  if (!mentionsReturn(before))
    return { body: before, result: last?.kind === "return" ? last.value : undefined };
  const id = freshLocal();
  const structured = withoutReturns(body, id);
  if (structured === undefined) return undefined;
  const type = procedure.result;
  return { body: structured, result: type && { kind: "local", type, id } };
}

function reachesBoard(body: Block): boolean {
  let found = false;
  walkStatements(body, (s) => {
    found ||= evaluated(s).some((n) => someNode(n, (m) => m.kind === "call" && m.procedure.kind === "host"));
  });
  return found;
}

function mentionsReturn(block: Block): boolean {
  let found = false;
  walkStatements(block, (s) => {
    found ||= s.kind === "return";
  });
  return found;
}

/** Whether the end of a block is never reached. */
export function leaves(block: Block): boolean {
  const last = block.at(-1);
  switch (last?.kind) {
    case "raise":
    case "return":
    case "jump-to":
    case "jump-by-immediate":
      return true;
    case "if":
    case "match":
      return within(last).every(leaves);
    default:
      return false;
  }
}

/** The block with its returns made into sets of a variable, what they skip in the other branch. */
function withoutReturns(block: Block, id: number): Block | undefined {
  const kept: Statement[] = [];
  for (const [i, s] of block.entries()) {
    if (s.kind === "return") {
      if (s.value !== undefined) kept.push({ kind: "set", id, value: s.value });
      return kept;
    }
    if (!within(s).some(mentionsReturn)) {
      kept.push(s);
      continue;
    }
    if (s.kind !== "if") return undefined;
    const rest = block.slice(i + 1);
    if (rest.length > 0 && !leaves(s.taken) && !leaves(s.otherwise)) return undefined;
    const taken = withoutReturns(leaves(s.taken) ? s.taken : [...s.taken, ...rest], id);
    const otherwise = withoutReturns(leaves(s.otherwise) ? s.otherwise : [...s.otherwise, ...rest], id);
    if (taken === undefined || otherwise === undefined) return undefined;
    kept.push({ ...s, taken, otherwise });
    return kept;
  }
  return kept;
}

const deciding = new WeakMap<Procedure, readonly number[]>();

/** The parameters, by their places, that a procedure's conditions depend on, other than by what they call. */
export function decidingParameters(procedure: Procedure): readonly number[] {
  let places = deciding.get(procedure);
  if (places === undefined) {
    const mentioned = new Set<number>();
    walkStatements(procedure.body(), (s) => {
      if (s.kind !== "if" && s.kind !== "while" && s.kind !== "match") return;
      for (const condition of evaluated(s)) mention(condition, mentioned);
    });
    places = procedure.parameters.flatMap(({ id }, place) => (mentioned.has(id) ? [place] : []));
    deciding.set(procedure, places);
  }
  return places;
}

function mention(n: Node, mentioned: Set<number>): void {
  if (n.kind === "local") mentioned.add(n.id);
  if (n.kind !== "call") for (const child of children(n)) mention(child, mentioned);
}
