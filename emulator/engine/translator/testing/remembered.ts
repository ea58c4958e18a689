/** Keeps what is translated from one machine to the next, in memory. */
import type { KeptRegions } from "../../engine.ts";
import type { Batch } from "../batch.ts";
import type { KeptBatch } from "../kept-batches.ts";

export class RememberedRegions implements KeptRegions {
  readonly #batches = new Map<WebAssembly.Module, KeptBatch>();

  get batches(): readonly KeptBatch[] {
    return [...this.#batches.values()];
  }

  installed(batch: Batch): void {
    this.#batches.set(batch.module, { ...batch, compile: () => batch.module });
  }
}
