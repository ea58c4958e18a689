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

/** A function that executes: it was called within the trace, or before. */
interface Frame {
  readonly called: boolean;
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
  let frames: Frame[] = [{ called: false }];
  steps.forEach((step, i) => {
    const previous = steps[i - 1];
    if (previous === undefined) return;
    const flow = previous.operation?.flow;
    if (flow === undefined || flow.kind === "end") {
      frames = [{ called: false }];
      enter(step.place);
    } else if ((flow.kind === "jump" || flow.kind === "indirect") && flow.link) {
      frames.push({ called: true });
      enter(step.place);
    } else if (flow.kind === "indirect" && flow.returns) {
      frames.pop();
      if (frames.length > 0) return;
      frames = [{ called: false }];
      enter(step.place);
    } else if (step.pc <= previous.pc && frames.at(-1)?.called === false) {
      enter(step.place, true);
    }
  });
  return [...entries.values()].sort((a, b) => a.count - b.count);
}
