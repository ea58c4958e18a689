/** The process that runs programs, one at a time, as the campaign asks for them. */
import { setV8Flags } from "../host/v8-flags.ts";
import type { Plan } from "./plan.ts";
import { errandOf } from "./plan.ts";
import type { Report } from "./workshop.ts";
import { Workshop } from "./workshop.ts";

/** What the campaign asks for. The seed is text: messages hold no bigints. */
export interface Order {
  readonly plan: Plan;
  readonly seed: string;
}

// The engines are tried as the command line runs them.
setV8Flags();
let workshop: Promise<Workshop> | undefined;

process.on("message", async ({ plan, seed }: Order) => {
  const errand = errandOf(plan, BigInt(seed));
  try {
    workshop ??= Workshop.create(plan);
    process.send?.(await (await workshop).run(errand));
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { instructions: 0, explained: [], events: [], finding: undefined };
    process.send?.({ seed, purpose: errand.purpose, ...nothing, problem } satisfies Report);
  }
});
// Ctrl-C is the campaign's to handle.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
