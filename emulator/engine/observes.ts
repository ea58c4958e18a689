/** Whether code in the vocabulary may look at the clock: then the slots executed so far must have been counted. */
import { state } from "../hart/layout.ts";
import type { Procedure } from "../language/procedure.ts";
import { searchFor } from "../language/reach.ts";

const searchBlock = searchFor({
  node: (n) => {
    if (n.kind === "call") return n.procedure.kind === "host";
    if (n.kind !== "cell" || n.address.kind !== "hart") return false;
    return n.offset === state.clock.offset || n.offset === state.retired.offset;
  },
});

/** Whether a call of a procedure may; devices always may. */
export function looksAtClock(procedure: Procedure): boolean {
  return procedure.kind === "inside" ? searchBlock(procedure.body()) : procedure.kind === "host";
}
