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
/** Pages remembered before all is forgotten. */
const MOST_PAGES = 1000;

export class Profile {
  /** By page: how often the instruction at each of its halfwords was seen. */
  readonly #executed = new Map<number, Uint32Array>();
  readonly #destinations = new Map<number, Map<number, Destination>>();

  /** Learns from instructions that executed one after the other. */
  learn(steps: readonly Step[]): void {
    if (this.#executed.size > MOST_PAGES) {
      this.#executed.clear();
      this.#destinations.clear();
    }
    let page = -1;
    let counts: Uint32Array = NONE_COUNTED;
    let previous: Step | undefined;
    for (const step of steps) {
      const { place, pc } = step;
      const sequel = previous !== undefined && follows(pc - previous.pc, place - previous.place);
      const here = place >>> 12;
      if (previous !== undefined && !(sequel && here === page)) {
        const distance = pc - previous.pc;
        if (Math.abs(distance) < FARTHEST) this.#went(previous.place, place, distance);
      }
      if (here !== page) {
        page = here;
        counts = this.#countsOf(page);
      }
      const halfword = (place & (PAGE - 1)) >> 1;
      counts[halfword] = (counts[halfword] ?? 0) + 1;
      previous = step;
    }
  }

  /** How often the instruction at a place was seen. */
  executed(place: number): number {
    return this.#executed.get(place >>> 12)?.[(place & (PAGE - 1)) >> 1] ?? 0;
  }

  #countsOf(page: number): Uint32Array {
    let counts = this.#executed.get(page);
    if (counts === undefined) {
      counts = new Uint32Array(PAGE / 2);
      this.#executed.set(page, counts);
    }
    return counts;
  }

  /** Where the instruction at a place was seen to lead but the next in memory, the most frequent first. */
  destinations(place: number): readonly Destination[] {
    const known = this.#destinations.get(place);
    return known === undefined ? NOWHERE : [...known.values()].sort((a, b) => b.count - a.count);
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

const NOWHERE: readonly Destination[] = [];
const NONE_COUNTED = new Uint32Array(0);

/** Whether an instruction is the next in memory after one that is so far before it, in the address space and in RAM. */
const follows = (distance: number, further: number): boolean =>
  (distance === 2 || distance === 4) && further === distance;
