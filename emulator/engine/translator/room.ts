/** The room for regions: their numbers, and the links between them (interpreter/slot.ts). */
import { LINK_BYTES, LINKS_OFFSET, MOST_LINKS, MOST_REGIONS } from "../interpreter/slot.ts";
import type { BatchRecord } from "./batch.ts";

/** Bytes of WebAssembly there may be at a time: with the machine code, the host needs some fifteen times as much for them. */
const MOST_BYTES = 4 * 1024 * 1024;

export class Room {
  readonly #firstLink: number;
  #nextLink: number;
  /** Places that regions go on at, and where the number of the region there stands. */
  readonly #links = new Map<number, number>();
  #next = 0;
  #bytes = 0;

  /** Links follow the records of regions, whose address is given. */
  constructor(records: number) {
    this.#firstLink = records + LINKS_OFFSET;
    this.#nextLink = this.#firstLink;
  }

  clear(): void {
    this.#links.clear();
    this.#nextLink = this.#firstLink;
    this.#next = 0;
    this.#bytes = 0;
  }

  /** Leaves numbers and links to batches that have theirs from another room. It must be clear. */
  reserve(batches: readonly BatchRecord[]): void {
    for (const { regions, links, bytes } of batches) {
      for (const { number } of regions) this.#next = Math.max(this.#next, number + 1);
      for (const [place, link] of links) {
        this.#links.set(place, link);
        this.#nextLink = Math.max(this.#nextLink, link + LINK_BYTES);
      }
      this.#bytes += bytes.length;
    }
  }

  /** All numbers that have been given are below this one. */
  get next(): number {
    return this.#next;
  }

  get links(): ReadonlyMap<number, number> {
    return this.#links;
  }

  /** The first of so many numbers for regions; undefined where there is no room for more. */
  take(count: number): number | undefined {
    const full = this.#next + count > MOST_REGIONS || this.#links.size > MOST_LINKS / 2;
    if (full || this.#bytes > MOST_BYTES) return undefined;
    const first = this.#next;
    this.#next += count;
    return first;
  }

  /** Counts the bytes of a module. */
  use(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Where the number, plus one, of the region at a place is to stand. */
  linkTo(place: number): number {
    const known = this.#links.get(place);
    if (known !== undefined) return known;
    const link = this.#nextLink;
    this.#nextLink += LINK_BYTES;
    this.#links.set(place, link);
    return link;
  }
}
