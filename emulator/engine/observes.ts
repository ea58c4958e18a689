/** Whether code in the vocabulary may look at the clock: then the slots executed so far must have been counted. */
import { state } from "../hart/layout.ts";
import type { Procedure } from "../language/procedure.ts";
import { walkBlock } from "../language/reach.ts";

/** Whether a call of a procedure may; devices always may. */
export function looksAtClock(procedure: Procedure): boolean {
  if (procedure.kind !== "inside") return procedure.kind === "host";
  let found = false;
  walkBlock(procedure.body(), {
    node: (n) => {
      if (n.kind === "call" && n.procedure.kind === "host") found = true;
      if (n.kind !== "cell" || n.address.kind !== "hart") return;
      if (n.offset === state.clock.offset || n.offset === state.retired.offset) found = true;
    },
  });
  return found;
}
