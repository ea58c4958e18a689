/**
 * Whether code in the vocabulary may look at the clock: then the slots executed so far must have been counted. And whether
 * it may change what engines rely on.
 */
import { state } from "../hart/layout.ts";
import type { Node } from "../language/expression.ts";
import type { Procedure } from "../language/procedure.ts";
import { searchFor, walkWithin } from "../language/reach.ts";
import type { Block } from "../language/statement.ts";

const isClock = (n: Node): boolean =>
  n.kind === "cell" &&
  n.address.kind === "hart" &&
  (n.offset === state.clock.offset || n.offset === state.retired.offset);

const searchBlock = searchFor({
  node: (n) => (n.kind === "call" ? n.procedure.kind === "host" : isClock(n)),
});

/** Whether a block may itself, leaving aside the procedures it calls. */
export function looksAtClockItself(block: Block): boolean {
  let found = false;
  walkWithin(block, {
    node: (n) => {
      found ||= isClock(n);
    },
  });
  return found;
}

/** Whether a block, or what it calls, may change mode, translation, interrupt enables or code. */
export const synchronises = searchFor({ statement: (s) => s.kind === "synchronise" });

const answers = new WeakMap<Procedure, boolean>();

/** Whether a call of a procedure may; devices always may. */
export function looksAtClock(procedure: Procedure): boolean {
  let answer = answers.get(procedure);
  if (answer === undefined) {
    answer = procedure.kind === "inside" ? searchBlock(procedure.body()) : procedure.kind === "host";
    answers.set(procedure, answer);
  }
  return answer;
}
