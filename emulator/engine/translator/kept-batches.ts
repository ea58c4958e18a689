/** Batches that are there to be installed, by where they begin: those of earlier runs, and what was dropped in this one. */
import type { Batch, BatchRecord } from "./batch.ts";

/** A batch that was compiled for a machine that was alike. */
export interface KeptBatch extends BatchRecord {
  /** Its module, with what the host has made of that. */
  compile(): WebAssembly.Module;
}

/**
 * What one machine after another has translated of a guest, each of which began with what those before it had: so no two
 * batches have the same number or link. What others refer to comes before them.
 */
export interface KeptRegions {
  readonly batches: readonly KeptBatch[];
  /**
   * A batch has been installed, one of these or a new one, which may be kept after all the others; `exported` are its
   * functions. Once another machine has begun, nothing of this one may be added.
   */
  installed(batch: Batch, exported: WebAssembly.Exports): void;
}

export class KeptBatches {
  readonly #byPage = new Map<number, Set<KeptBatch>>();
  readonly #byNumber = new Map<number, KeptBatch>();
  readonly #installed = new Set<KeptBatch>();
  /** By page: how often it was asked what is due there, since something there was dropped last. */
  readonly #times = new Map<number, number>();

  constructor(batches: readonly KeptBatch[]) {
    for (const batch of batches) this.#index(batch);
  }

  /** Adds what has just been compiled and installed. */
  add(batch: Batch): void {
    const kept = { ...batch, compile: () => batch.module };
    this.#index(kept);
    this.#installed.add(kept);
  }

  /**
   * What to try of a page of RAM, oldest first: most of the times nothing, for where it has not fitted yet it may never,
   * and it takes long to see.
   */
  due(page: number): readonly KeptBatch[] {
    const there = this.#byPage.get(page);
    if (there === undefined) return [];
    const times = (this.#times.get(page) ?? 0) + 1;
    this.#times.set(page, times);
    const isPowerOfTwo = (times & (times - 1)) === 0;
    return isPowerOfTwo ? [...there].filter((batch) => !this.#installed.has(batch)) : [];
  }

  /** The batch with the region of a number. */
  ownerOf(number: number): KeptBatch | undefined {
    return this.#byNumber.get(number);
  }

  isInstalled(batch: KeptBatch): boolean {
    return this.#installed.has(batch);
  }

  noteInstalled(batch: KeptBatch): void {
    this.#installed.add(batch);
  }

  /** The region of a number has been dropped: should its code come back, so may all of its batch. */
  noteDropped(number: number, page: number): void {
    const batch = this.#byNumber.get(number);
    if (batch !== undefined) this.#installed.delete(batch);
    this.#times.delete(page);
  }

  #index(batch: KeptBatch): void {
    for (const { number, place } of batch.regions) {
      this.#byNumber.set(number, batch);
      const page = place >>> 12;
      const there = this.#byPage.get(page) ?? new Set();
      this.#byPage.set(page, there.add(batch));
    }
  }
}
