/** Batches that earlier runs have left, by where they begin. */
import type { BatchRecord } from "./batch.ts";

/** A batch of an earlier run of a machine that was alike. */
export interface KeptBatch extends BatchRecord {
  /** Its module, with what the host has made of that. */
  compile(): WebAssembly.Module;
}

export class KeptBatches {
  readonly #byPage = new Map<number, Set<KeptBatch>>();
  readonly #byNumber = new Map<number, KeptBatch>();
  readonly #taken = new Set<KeptBatch>();
  /** By page: how often it was asked what is due there. */
  readonly #times = new Map<number, number>();

  constructor(batches: readonly KeptBatch[]) {
    for (const batch of batches) {
      for (const { number, place } of batch.regions) {
        this.#byNumber.set(number, batch);
        const page = place >>> 12;
        const there = this.#byPage.get(page) ?? new Set();
        this.#byPage.set(page, there.add(batch));
      }
    }
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
    return isPowerOfTwo ? [...there].filter((batch) => !this.#taken.has(batch)) : [];
  }

  /** The batch with the region of a number. */
  ownerOf(number: number): KeptBatch | undefined {
    return this.#byNumber.get(number);
  }

  take(batch: KeptBatch): void {
    this.#taken.add(batch);
  }

  isTaken(batch: KeptBatch): boolean {
    return this.#taken.has(batch);
  }
}
