/** Keeps what is translated from one machine to the next, in memory: they must not be at work at once. */
import type { Batch } from "../batch.ts";
import type { KeptBatch, KeptRegions } from "../kept-batches.ts";

export class RememberedRegions implements KeptRegions {
  readonly #batches = new Map<WebAssembly.Module, KeptBatch>();

  get batches(): readonly KeptBatch[] {
    return [...this.#batches.values()];
  }

  installed(batch: Batch): void {
    this.#batches.set(batch.module, { ...batch, compile: () => batch.module });
  }
}
