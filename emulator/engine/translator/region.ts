/**
 * Regions: the pieces of guest code that are translated as one function. A region is what was seen to execute of a
 * function or a loop, from one entry on; calls are not followed, but what comes after them is.
 */
import type { Operation } from "./operation.ts";
import type { Destination, Experience } from "./profile.ts";

const PAGE = 4096;

/** An operation and where it stands: bytes from the region's entry, in the address space. */
export interface Placed {
  readonly delta: number;
  readonly operation: Operation;
  /** Its second half lies on the next page. */
  readonly crosses: boolean;
}

/** Operations that execute one after the other, and which blocks may follow. */
export interface RegionBlock {
  readonly delta: number;
  readonly operations: readonly Placed[];
  /** Deltas of the blocks that may follow within the region; of a call, what follows it. */
  readonly successors: readonly number[];
  /** Deltas that the jump at its end was seen to lead to, or must lead to. */
  readonly targets: readonly number[];
}

/** Where a region lies in RAM. */
export interface Extent {
  /** Offset in RAM of its first instruction. */
  readonly place: number;
  /** The pages of RAM it lies on: by their distance from the entry's, in pages, their numbers. */
  readonly pages: ReadonlyMap<number, number>;
}

export interface Region extends Extent {
  /** Whether it is made for flat memory (flat-memory.ts), and not to be executed where memory is not. */
  readonly flat: boolean;
  /** The entry's block first. */
  readonly blocks: readonly RegionBlock[];
  /** Offsets in RAM of its instructions. */
  readonly places: ReadonlySet<number>;
}

/** How many pages beyond the entry's a delta lies. */
export function pageOf({ place }: Pick<Extent, "place">, delta: number): number {
  return ((place & (PAGE - 1)) + delta) >> 12;
}

/** The offset in RAM of what stands at a delta; undefined where it is not known which page that is. */
export function placeOf(extent: Extent, delta: number): number | undefined {
  const page = extent.pages.get(pageOf(extent, delta));
  return page === undefined ? undefined : page * PAGE + ((extent.place + delta) & (PAGE - 1));
}

/** Code as it stands in memory. */
export interface CodeReader {
  /** The operation at an offset in RAM; undefined where there is none. The two pages are those of its two halves. */
  operation(place: number, secondHalf: number | undefined): Operation | undefined;
  /** Whether a breakpoint may stand at a place. */
  breaks(place: number): boolean;
}

export interface RegionLimits {
  readonly operations: number;
  /** Destinations of one indirect jump. */
  readonly destinations: number;
}

/** Where what a profile has seen leads from an entry on. Undefined where the entry itself cannot be translated. */
export function formRegion(
  entry: number,
  profile: Experience,
  code: CodeReader,
  limits: RegionLimits,
  flat = false,
): Region | undefined {
  const former = new Former(entry, profile, code, limits);
  const blocks = former.form();
  return blocks && { ...former.extent, blocks, places: former.places, flat };
}

class Former {
  readonly extent: Extent & { readonly pages: Map<number, number> };
  readonly places = new Set<number>();
  readonly #profile: Experience;
  readonly #code: CodeReader;
  readonly #limits: RegionLimits;
  readonly #placed = new Map<number, Placed>();
  /** Deltas at which a block begins. */
  readonly #leaders = new Set<number>([0]);
  /** Where each operation that ends a block leads to within the region, and anywhere. */
  readonly #ways = new Map<number, number[]>();
  readonly #targets = new Map<number, readonly number[]>();

  constructor(entry: number, profile: Experience, code: CodeReader, limits: RegionLimits) {
    this.extent = { place: entry, pages: new Map([[0, entry >>> 12]]) };
    this.#profile = profile;
    this.#code = code;
    this.#limits = limits;
  }

  form(): RegionBlock[] | undefined {
    const waiting = [{ delta: 0, count: 1 }];
    for (let next = takeHottest(waiting); next !== undefined; next = takeHottest(waiting)) {
      this.#explore(next.delta, (delta) => {
        const place = placeOf(this.extent, delta);
        if (place === undefined) return;
        this.#leaders.add(delta);
        if (!this.#placed.has(delta)) waiting.push({ delta, count: this.#profile.executed(place) });
      });
    }
    if (!this.#placed.has(0)) return undefined;
    return [...this.#leaders]
      .filter((delta) => this.#placed.has(delta))
      .sort((a, b) => (a === 0 ? -1 : b === 0 ? 1 : a - b))
      .map((delta) => this.#block(delta));
  }

  /** Places operations from a delta on until execution goes elsewhere, and tells where. */
  #explore(from: number, lead: (delta: number) => void): void {
    let delta = from;
    while (!this.#placed.has(delta)) {
      const place = placeOf(this.extent, delta);
      if (place === undefined || this.#placed.size >= this.#limits.operations) return;
      const crosses = (place & (PAGE - 1)) === PAGE - 2;
      if (crosses) this.#meetSeen(delta, place);
      const second = crosses ? placeOf(this.extent, delta + 2) : undefined;
      const operation = this.#code.breaks(place) ? undefined : this.#code.operation(place, second);
      if (operation === undefined) return;
      const placed = { delta, operation, crosses: crosses && operation.length === 4 };
      // A region that cannot execute its first operation would be entered for ever.
      if (delta === 0 && placed.crosses) return;
      this.#placed.set(delta, placed);
      this.places.add(place);
      const seen = this.#meetSeen(delta, place);
      const next = delta + operation.length;
      const nextPage = pageOf(this.extent, next) !== pageOf(this.extent, delta);
      if (operation.flow.kind === "next" && !nextPage) {
        delta = next;
        continue;
      }
      const ways = this.#waysFrom(placed, seen);
      this.#ways.set(delta, ways);
      ways.forEach(lead);
      return;
    }
    // It runs into what another block has placed, which is now two.
    this.#leaders.add(delta);
  }

  /** Deltas that an operation leads to, as far as the profile has been there; `seen` is where it was seen to lead. */
  #waysFrom({ delta, operation }: Placed, seen: readonly Destination[]): number[] {
    const { flow, length, decoded } = operation;
    const next = delta + length;
    const reached = seen
      .filter(({ place: to, distance }) => placeOf(this.extent, delta + distance) === to)
      .map(({ distance }) => delta + distance);
    if (flow.kind === "jump" || flow.kind === "branch") this.#targets.set(delta, [delta + decoded.immediate]);
    if (flow.kind === "indirect" && !flow.returns) this.#targets.set(delta, reached);
    const been = (d: number) => {
      const at = placeOf(this.extent, d);
      return at !== undefined && this.#profile.executed(at) > 0 ? [d] : [];
    };
    switch (flow.kind) {
      case "next":
        return been(next);
      case "branch":
        return [...new Set([...been(delta + decoded.immediate), ...been(next)])];
      case "jump":
        return flow.link ? been(next) : been(delta + decoded.immediate);
      case "indirect":
        if (flow.returns) return [];
        return flow.link ? been(next) : reached;
      case "end":
        return [];
    }
  }

  /** Where an operation was seen to lead, whose pages become those of the region. */
  #meetSeen(delta: number, place: number): readonly Destination[] {
    const seen = this.#profile.destinations(place).slice(0, this.#limits.destinations);
    for (const { place: to, distance } of seen) this.#meet(delta + distance, to);
    return seen;
  }

  /** Learns which page of RAM a page of the region is, unless it has been said to be another. */
  #meet(delta: number, place: number): void {
    const { place: entry, pages } = this.extent;
    if (((entry + delta) & (PAGE - 1)) !== (place & (PAGE - 1))) return;
    const page = pageOf(this.extent, delta);
    if (!pages.has(page)) pages.set(page, place >>> 12);
  }

  #block(start: number): RegionBlock {
    const operations: Placed[] = [];
    for (let delta = start; ; ) {
      const placed = this.#placed.get(delta);
      // The region's size was reached: execution leaves here.
      if (placed === undefined) return { delta: start, operations, successors: [], targets: [] };
      operations.push(placed);
      const ways = this.#ways.get(delta);
      if (ways !== undefined) {
        const successors = ways.filter((way) => this.#placed.has(way));
        return { delta: start, operations, successors, targets: this.#targets.get(delta) ?? [] };
      }
      delta += placed.operation.length;
      if (this.#leaders.has(delta) && this.#placed.has(delta))
        return { delta: start, operations, successors: [delta], targets: [] };
    }
  }
}

function takeHottest<T extends { readonly count: number }>(waiting: T[]): T | undefined {
  let best = 0;
  waiting.forEach(({ count }, i) => {
    if (count > (waiting[best]?.count ?? 0)) best = i;
  });
  return waiting.splice(best, 1)[0];
}
