/** What has become hot: how often execution was found somewhere, and when that is often enough. */
import { LINE_BYTES, lineOf } from "../interpreter/slot.ts";
import type { Policy } from "./policy.ts";
import { FORGIVEN_AFTER, MOST_SPOTS } from "./policy.ts";

/** Somewhere that execution was found. */
export interface Spot {
  /** Offset in RAM. */
  readonly place: number;
  /** Regions are left for just this place; otherwise the interpreter is at work around it. */
  readonly exactly: boolean;
}

export class Heat {
  readonly #threshold: number;
  /** Looks until anything is hot. */
  #hesitation: number;
  /** How often execution was found at a place, or else in a line, since it was translated. */
  readonly #found = new Map<number, number>();
  /** Spots of which there is nothing more to translate. */
  readonly #hopeless = new Set<number>();
  /** Lines that are rewritten: how often that was found. */
  readonly #rewritten = new Map<number, number>();
  /** Rewritten lines that have not become hot again. */
  readonly #unsteady = new Set<number>();
  #times = 0;

  constructor({ threshold, hesitation }: Pick<Policy, "threshold" | "hesitation">) {
    this.#threshold = threshold;
    this.#hesitation = hesitation;
  }

  /** Execution was found at a spot so many times more; gives whether it is hot. It is cold again then. */
  add(spot: Spot, times: number): boolean {
    this.#times += times;
    this.#hesitation -= times;
    if (this.#times > FORGIVEN_AFTER) this.#forgive();
    const key = keyOf(spot);
    if (this.#hopeless.has(key)) return false;
    if (this.#found.size > MOST_SPOTS) this.#found.clear();
    const total = (this.#found.get(key) ?? 0) + times;
    const line = lineOf(spot.place);
    const enough = this.#threshold * 2 ** (this.#rewritten.get(line) ?? 0);
    if (this.#hesitation > 0 || total < enough) {
      this.#found.set(key, total);
      return false;
    }
    this.#found.delete(key);
    this.#unsteady.delete(line);
    return true;
  }

  /** Nothing was found to translate at a spot: it stays cold until code changes. */
  giveUp(spot: Spot): void {
    if (this.#hopeless.size > MOST_SPOTS) this.#hopeless.clear();
    this.#hopeless.add(keyOf(spot));
  }

  /** Code has changed: what was hopeless need not be. */
  hope(): void {
    this.#hopeless.clear();
  }

  /** The code of a place's line has been rewritten: it must become twice as hot as before. */
  rewrite(place: number): void {
    const line = lineOf(place);
    this.#rewritten.set(line, (this.#rewritten.get(line) ?? 0) + 1);
    this.#unsteady.add(line);
  }

  /** Whether a place is better left out of regions: its line was rewritten and is not hot enough for that. */
  unsteady(place: number): boolean {
    return this.#unsteady.has(lineOf(place));
  }

  #forgive(): void {
    this.#times = 0;
    this.#rewritten.clear();
    this.#unsteady.clear();
  }
}

/** Of a line, an odd number, which is no place. */
const keyOf = ({ place, exactly }: Spot): number => (exactly ? place : lineOf(place) * LINE_BYTES + 1);
