/** A process that runs tests for another: a test comes in as a message, its result goes out as one. */
import type { Entry, Settings } from "./result.ts";
import { runEntry } from "./run-entry.ts";

export interface Order {
  readonly entry: Entry;
  readonly settings: Settings;
}

process.on("message", ({ entry, settings }: Order) => {
  void runEntry(entry, settings).then((result) => process.send?.(result));
});
// Whoever started this process is gone.
process.on("disconnect", () => process.exit());
