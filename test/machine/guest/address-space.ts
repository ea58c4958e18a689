/** Page tables for tests, written into an image (privileged 4.3 to 4.5). */
import type { Image } from "./image.ts";

/** Bits of a page-table entry, by their letters in the specification. */
const BITS = { v: 0, r: 1, w: 2, x: 3, u: 4, g: 5, a: 6, d: 7 } as const;

export const MODES = {
  sv39: { number: 8n, levels: 3 },
  sv48: { number: 9n, levels: 4 },
  sv57: { number: 10n, levels: 5 },
};
export type Mode = keyof typeof MODES;

/** The flag bits for letters such as "vrwad". */
export function flags(letters: string): bigint {
  let bits = 0n;
  for (const letter of letters) bits |= 1n << BigInt(BITS[letter as keyof typeof BITS]);
  return bits;
}

/** A page-table entry that points at a physical address. */
export const pte = (physical: bigint, letters: string): bigint => ((physical >> 12n) << 10n) | flags(letters);

/** Hands out pages for tables. */
export class TablePages {
  #next: bigint;
  constructor(first: bigint) {
    this.#next = first;
  }
  take(): bigint {
    const page = this.#next;
    this.#next += 4096n;
    return page;
  }
}

export class AddressSpace {
  readonly satp: bigint;
  readonly #image: Image;
  readonly #pages: TablePages;
  readonly #levels: number;
  readonly #root: bigint;
  /** Tables by the address of the entry that points to them. */
  readonly #tables = new Map<bigint, bigint>();

  constructor(image: Image, pages: TablePages, mode: Mode, asid: number) {
    this.#image = image;
    this.#pages = pages;
    this.#levels = MODES[mode].levels;
    this.#root = pages.take();
    this.satp = (MODES[mode].number << 60n) | (BigInt(asid) << 44n) | (this.#root >> 12n);
  }

  /** Address of the entry for `virtual` in the table of a level; the tables above it are made. */
  entry(virtual: bigint, level = 0): bigint {
    let table = this.#root;
    for (let l = this.#levels - 1; ; l--) {
      const at = table + ((virtual >> BigInt(12 + 9 * l)) & 0x1ffn) * 8n;
      if (l === level) return at;
      let next = this.#tables.get(at);
      if (next === undefined) {
        next = this.#pages.take();
        this.#tables.set(at, next);
        this.#image.put64(at, pte(next, "v"));
      }
      table = next;
    }
  }

  /** Maps a page of a level; gives the address of its entry. */
  map(virtual: bigint, physical: bigint, letters: string, level = 0): bigint {
    return this.set(virtual, pte(physical, letters), level);
  }

  /** Writes the entry for `virtual` as it is; gives its address. */
  set(virtual: bigint, entry: bigint, level = 0): bigint {
    const at = this.entry(virtual, level);
    this.#image.put64(at, entry);
    return at;
  }
}
