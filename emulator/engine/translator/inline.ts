/** Which procedures are worth putting where they are called, and in what form they can be. */
import type { Node } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { freshLocal } from "../../language/statement.ts";
import { evaluated, sizeOf, walkNode, walkStatements, within } from "./parts.ts";

/** A procedure's body that ends at its end, and its result there. */
export interface Inlined {
  readonly body: Block;
  readonly result: Node | undefined;
}

/** The most statements and nodes of a body that replaces a call: where arguments decide what it does, and anywhere. */
const MOST_DECIDED = 80;
const MOST_ANYWHERE = 14;

/** The form in which a body, specialised for its callers, replaces calls; undefined where it is too large or returns amid. */
export function inlined(body: Block, procedure: Procedure, decided: boolean): Inlined | undefined {
  if (sizeOf(body) > (decided ? MOST_DECIDED : MOST_ANYWHERE)) return undefined;
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

/** The parameters, by their places, that a procedure's conditions depend on directly. */
export function decidingParameters(procedure: Procedure): readonly number[] {
  let places = deciding.get(procedure);
  if (places === undefined) {
    const mentioned = new Set<number>();
    walkStatements(procedure.body(), (s) => {
      if (s.kind !== "if" && s.kind !== "while" && s.kind !== "match") return;
      for (const condition of evaluated(s)) {
        walkNode(condition, (n) => {
          if (n.kind === "local") mentioned.add(n.id);
        });
      }
    });
    places = procedure.parameters.flatMap(({ id }, place) => (mentioned.has(id) ? [place] : []));
    deciding.set(procedure, places);
  }
  return places;
}
