/** Where regions should begin: what a traced execution entered again and again. */
import type { Operation } from "./operation.ts";
import type { Step } from "./profile.ts";

export interface TracedStep extends Step {
  /** Undefined for what cannot be translated. */
  readonly operation: Operation | undefined;
}

export interface Entry {
  readonly place: number;
  /** It was only come to by going back within a function: a region that contains it will do. */
  readonly loop: boolean;
  count: number;
}

/**
 * The entries of functions that were called, of loops in functions that were entered before the trace, and of code
 * that an operation leads to after which execution must be looked at anew. The rarest come first, for those of outer
 * loops contain the inner ones.
 */
export function entriesOf(steps: readonly TracedStep[]): Entry[] {
  const entries = new Map<number, Entry>();
  const enter = (place: number, loop = false) => {
    const entry = entries.get(place);
    if (entry === undefined || (entry.loop && !loop)) entries.set(place, { place, loop, count: 1 });
    else entry.count++;
  };
  /** Calls within the trace that have not returned. */
  let calls = 0;
  let previous: TracedStep | undefined;
  for (const step of steps) {
    const last = previous;
    previous = step;
    if (last === undefined) continue;
    const flow = last.operation?.flow;
    if (flow === undefined || flow.kind === "end") {
      calls = 0;
      enter(step.place);
    } else if ((flow.kind === "jump" || flow.kind === "indirect") && flow.link) {
      calls++;
      enter(step.place);
    } else if (flow.kind === "indirect" && flow.returns) {
      if (calls === 0) enter(step.place);
      else calls--;
    } else if (step.pc <= last.pc && calls === 0) {
      enter(step.place, true);
    }
  }
  return [...entries.values()].sort((a, b) => a.count - b.count);
}
