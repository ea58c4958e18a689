/**
 * What is known of where execution goes: instructions that were seen to execute, and where they went next when that was
 * not the next in memory. Instructions are named by their place, an offset into RAM, so that what is learned in one
 * address space holds in others.
 */

/** A step of a traced execution. */
export interface Step {
  /** Offset in RAM of the instruction. */
  readonly place: number;
  /** Its virtual address as a signed number; rounded where that needs more than 53 bits, but regions check where they go. */
  readonly pc: number;
}

/** Another place that execution went on at. */
export interface Destination {
  readonly place: number;
  /** Bytes from the instruction that led there, in the address space. */
  readonly distance: number;
  count: number;
}

/** What regions are formed by. */
export type Experience = Pick<Profile, "executed" | "destinations">;

const PAGE = 4096;
/** Further than this no jump of a region reaches. */
const FARTHEST = 0x4000_0000;
/** Instructions remembered before all is forgotten. */
const MOST_PLACES = 200_000;

export class Profile {
  readonly #executed = new Map<number, number>();
  readonly #destinations = new Map<number, Map<number, Destination>>();

  /** Learns from instructions that executed one after the other. */
  learn(steps: readonly Step[]): void {
    if (this.#executed.size > MOST_PLACES) {
      this.#executed.clear();
      this.#destinations.clear();
    }
    steps.forEach(({ place, pc }, i) => {
      this.#executed.set(place, (this.#executed.get(place) ?? 0) + 1);
      const next = steps[i + 1];
      if (next === undefined) return;
      const distance = next.pc - pc;
      const within = Math.floor(next.place / PAGE) === Math.floor(place / PAGE);
      if (within && (distance === 2 || distance === 4) && next.place - place === distance) return;
      if (Math.abs(distance) < FARTHEST) this.#went(place, next.place, distance);
    });
  }

  /** How often the instruction at a place was seen. */
  executed(place: number): number {
    return this.#executed.get(place) ?? 0;
  }

  /** Where the instruction at a place was seen to lead but the next in memory, the most frequent first. */
  destinations(place: number): readonly Destination[] {
    const known = this.#destinations.get(place);
    return known === undefined ? [] : [...known.values()].sort((a, b) => b.count - a.count);
  }

  #went(from: number, to: number, distance: number): void {
    let known = this.#destinations.get(from);
    if (known === undefined) {
      known = new Map();
      this.#destinations.set(from, known);
    }
    const destination = known.get(to);
    // A page that is mapped twice can be reached over two distances; the latest is kept.
    if (destination?.distance === distance) destination.count++;
    else known.set(to, { place: to, distance, count: (destination?.count ?? 0) + 1 });
  }
}
