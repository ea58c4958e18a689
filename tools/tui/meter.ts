/** How fast the machine is going, over the last moments. */
import type { Session } from "./session.ts";

export interface Rates {
  /** Millions of instructions in a second of execution. */
  readonly mips: number;
  /** Share of translations the TLB answered, of all harts; undefined before the first. */
  readonly tlbHits: number | undefined;
}

const windowMilliseconds = 500;

interface Counts {
  readonly instructions: number;
  readonly busyMilliseconds: number;
  readonly hits: number;
  readonly misses: number;
}

export class Meter {
  #counted: Counts = { instructions: 0, busyMilliseconds: 0, hits: 0, misses: 0 };
  #countedAt = Number.NEGATIVE_INFINITY;
  #rates: Rates = { mips: 0, tlbHits: undefined };

  /** The rates over the last window; they stay what they were while nothing happens. */
  read(session: Session): Rates {
    const now = performance.now();
    if (now - this.#countedAt < windowMilliseconds) return this.#rates;
    const counts = count(session);
    const busy = counts.busyMilliseconds - this.#counted.busyMilliseconds;
    const hits = counts.hits - this.#counted.hits;
    const accesses = hits + counts.misses - this.#counted.misses;
    this.#rates = {
      mips: busy > 0 ? (counts.instructions - this.#counted.instructions) / busy / 1000 : this.#rates.mips,
      tlbHits: accesses > 0 ? hits / accesses : this.#rates.tlbHits,
    };
    this.#counted = counts;
    this.#countedAt = now;
    return this.#rates;
  }
}

function count({ machine, effort }: Session): Counts {
  const counters = machine.harts.map((hart) => hart.tlbCounters());
  return {
    instructions: effort.instructions,
    busyMilliseconds: effort.busyMilliseconds,
    hits: counters.reduce((sum, { hits }) => sum + Number(hits), 0),
    misses: counters.reduce((sum, { misses }) => sum + Number(misses), 0),
  };
}
