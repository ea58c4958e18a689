/** Page tables in a case's memory. */
import type { Piece } from "../../../tools/conformance/case.ts";
import type { TranslationMode } from "../oracle/page-table.ts";
import { pte, pteBit, pteFlags, translationModes } from "../oracle/page-table.ts";
import { number } from "./assemble.ts";
import { RAM } from "./situation.ts";

/** Where tables are taken from, a page each, unless a case says otherwise. */
export const TABLES = RAM + 0x4000n;

/** Bytes that a leaf of a level maps. */
export const pageBytes = (level: number): bigint => 1n << BigInt(12 + 9 * level);

/** Where a mode's fourth root entry begins: not where code is mapped. */
export const elsewhere = (mode: TranslationMode): bigint => 3n * pageBytes(translationModes[mode].levels - 1);

export class AddressSpace {
  readonly mode: TranslationMode;
  readonly root: bigint;
  readonly #asid: bigint;
  readonly #entries = new Map<bigint, bigint>();
  #next: bigint;

  constructor(mode: TranslationMode, { tables = TABLES, asid = 0n } = {}) {
    this.mode = mode;
    this.root = tables;
    this.#asid = asid;
    this.#next = tables + 0x1000n;
  }

  get satp(): bigint {
    return (translationModes[this.mode].number << 60n) | (this.#asid << 44n) | (this.root >> 12n);
  }

  /** Address of the entry for `virtual` at a level; the tables above it are made. */
  entry(virtual: bigint, level = 0): bigint {
    let table = this.root;
    for (let l = translationModes[this.mode].levels - 1; ; l--) {
      const at = table + ((virtual >> BigInt(12 + 9 * l)) & 0x1ffn) * 8n;
      if (l === level) return at;
      const there = this.#entries.get(at);
      if (there === undefined) {
        this.#entries.set(at, pte(this.#next, pteBit.V));
        table = this.#next;
        this.#next += 0x1000n;
      } else table = (there >> 10n) << 12n;
    }
  }

  /** Writes the entry for `virtual` as it is; gives its address. */
  set(virtual: bigint, entry: bigint, level = 0): bigint {
    const at = this.entry(virtual, level);
    this.#entries.set(at, entry);
    return at;
  }

  /** Maps a page of a level; gives the address of its entry. */
  map(virtual: bigint, physical: bigint, letters: string, level = 0): bigint {
    return this.set(virtual, pte(physical, pteFlags(letters)), level);
  }

  /** Maps RAM where it lies by one leaf of the root, for code of a mode. */
  mapCode(mode: "S" | "U"): this {
    const level = translationModes[this.mode].levels - 1;
    this.map(RAM, RAM - (RAM % pageBytes(level)), mode === "U" ? "VRWXUAD" : "VRWXAD", level);
    return this;
  }

  /** The entry at a physical address, as written here. */
  at(address: bigint): bigint | undefined {
    return this.#entries.get(address);
  }

  pieces(): Piece[] {
    return [...this.#entries].map(([at, entry]) => number(at, 8, entry));
  }
}
