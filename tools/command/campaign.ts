/** Options that the commands share which run many things side by side. */
import { availableParallelism } from "node:os";
import type { EngineName } from "../../emulator/engine/names.ts";
import { engineNames } from "../../emulator/engine/names.ts";
import { parseCount, usage } from "./quantity.ts";

const mostJobs = 256;

/** One of equal shares of a campaign, from 1 to `of`. */
export interface Shard {
  readonly number: number;
  readonly of: number;
}

/** "3/16"; all of it where nothing is said. Throws `Failure`. */
export function parseShard(text = "1/1"): Shard {
  const [number = 0, of = 0] = /^(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (number >= 1 && number <= of) return { number, of };
  throw usage(`--shard: "${text}" is not K/N with K from 1 to N, for example 3/16`);
}

/** How many to run at once; one for each core where nothing is said. Throws `Failure`. */
export function parseJobs(text: string | undefined): number {
  return text === undefined ? availableParallelism() : parseCount("--jobs", text, 1, mostJobs);
}

/** Engines by name, separated by commas, in the order given and each once; "all" for all. Throws `Failure`. */
export function parseEngines(text: string): EngineName[] {
  if (text === "all") return [...engineNames];
  const named = text.split(",").map((name) => {
    const engine = engineNames.find((known) => known === name.trim());
    if (engine === undefined) {
      throw usage(`--engine: there is no engine "${name}"; there are ${engineNames.join(", ")}, and all`);
    }
    return engine;
  });
  return [...new Set(named)];
}
