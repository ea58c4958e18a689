/** Address translation step by step as the manual lists it (privileged 4.3.2), with Svadu, Svnapot and Svpbmt. */
import { exception } from "./trap.ts";

/** Translation modes by satp.MODE, and how many levels of tables each has. */
export const translationModes = {
  sv39: { number: 8n, levels: 3 },
  sv48: { number: 9n, levels: 4 },
  sv57: { number: 10n, levels: 5 },
} as const;
export type TranslationMode = keyof typeof translationModes;

/** Bits of a page-table entry (figure 4.21). */
export const pteBit = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;

/** The bits for letters such as "VRWAD". */
export const pteFlags = (letters: string): bigint =>
  Object.entries(pteBit).reduce((sum, [letter, bit]) => (letters.includes(letter) ? sum | bit : sum), 0n);
/** The letters of an entry's low eight bits. */
export const flagsName = (flags: bigint): string =>
  Object.entries(pteBit)
    .map(([letter, bit]) => (flags & bit ? letter : "-"))
    .join("");

/** An entry that names a physical page. */
export const pte = (physical: bigint, flags: bigint): bigint => ((physical >> 12n) << 10n) | flags;

/** Kinds of memory access; the exceptions of an AMO, SC or cache-block operation are those of a store (3.1.15). */
export const accessKinds = {
  fetch: { page: exception.instructionPage, access: exception.instructionAccess },
  load: { page: exception.loadPage, access: exception.loadAccess },
  lr: { page: exception.loadPage, access: exception.loadAccess },
  store: { page: exception.storePage, access: exception.storeAccess },
  sc: { page: exception.storePage, access: exception.storeAccess },
  amo: { page: exception.storePage, access: exception.storeAccess },
} as const;
export type AccessKind = keyof typeof accessKinds;

const writes = (kind: AccessKind): boolean => kind === "store" || kind === "sc" || kind === "amo";
/** An AMO reads as well, but a page cannot be writable without being readable. */
const needs = (kind: AccessKind): bigint =>
  kind === "fetch" ? pteBit.X : writes(kind) ? pteBit.W : pteBit.R;

/** What translation depends on besides the tables. */
export interface Translation {
  readonly mode: TranslationMode;
  /** Physical address of the root table. */
  readonly root: bigint;
  /** Effective privilege of the access. */
  readonly privilege: "S" | "U";
  readonly SUM?: number;
  readonly MXR?: number;
  /** A and D are updated by hardware (Svadu with ADUE); otherwise a page fault asks software to (Svade). */
  readonly updates?: boolean;
  readonly napot?: boolean;
  readonly memoryTypes?: boolean;
  /** Eight bytes of memory; undefined where there is none or the walk may not read. */
  readonly read: (address: bigint) => bigint | undefined;
}

export type Translated =
  | { readonly physical: bigint; readonly at: bigint; readonly entry: bigint }
  | { readonly fault: "page" | "access" };

const PAGE_FAULT = { fault: "page" } as const;
const PTE = { N: 63n, PBMT: 61n, RESERVED: 54n };

/** Whether the highest ten bits of an entry are legal. */
function highBitsLegal(entry: bigint, leaf: boolean, by: Translation, level: number): boolean {
  const reserved = (entry >> PTE.RESERVED) & 0x7fn;
  const type = (entry >> PTE.PBMT) & 3n;
  const n = entry >> PTE.N;
  if (reserved !== 0n) return false;
  if (!leaf) return type === 0n && n === 0n;
  if (type !== 0n && (!by.memoryTypes || type === 3n)) return false;
  // The one size that N stands for: 64 KiB, a page number that ends in 1000 (chapter 5).
  return n === 0n || (by.napot === true && level === 0 && ((entry >> 10n) & 0xfn) === 8n);
}

function permitted(entry: bigint, kind: AccessKind, { privilege, SUM, MXR }: Translation): boolean {
  const readable = entry & pteBit.R || (MXR && entry & pteBit.X);
  const right = needs(kind) === pteBit.R ? readable : entry & needs(kind);
  if (!right) return false;
  const user = (entry & pteBit.U) !== 0n;
  if (privilege === "U") return user;
  return !user || (SUM === 1 && kind !== "fetch");
}

/** Where an access goes, and what its leaf entry holds afterwards. */
export function translate(virtual: bigint, kind: AccessKind, by: Translation): Translated {
  const { levels } = translationModes[by.mode];
  const width = 12 + 9 * levels;
  if (BigInt.asUintN(64, BigInt.asIntN(width, virtual)) !== virtual) return PAGE_FAULT;
  let table = by.root;
  for (let level = levels - 1; level >= 0; level--) {
    const shift = BigInt(12 + 9 * level);
    const at = table + ((virtual >> shift) & 0x1ffn) * 8n;
    const entry = by.read(at);
    if (entry === undefined) return { fault: "access" };
    if (!(entry & pteBit.V) || (!(entry & pteBit.R) && entry & pteBit.W)) return PAGE_FAULT;
    const leaf = (entry & (pteBit.R | pteBit.X)) !== 0n;
    if (!highBitsLegal(entry, leaf, by, level)) return PAGE_FAULT;
    const page = ((entry >> 10n) & ((1n << 44n) - 1n)) << 12n;
    if (!leaf) {
      if (entry & (pteBit.A | pteBit.D | pteBit.U)) return PAGE_FAULT;
      table = page;
      continue;
    }
    if (!permitted(entry, kind, by)) return PAGE_FAULT;
    const size = entry >> PTE.N ? 1n << 16n : 1n << shift;
    if (!(entry >> PTE.N) && page % size !== 0n) return PAGE_FAULT;
    const used = pteBit.A | (writes(kind) ? pteBit.D : 0n);
    if ((entry & used) !== used && !by.updates) return PAGE_FAULT;
    return { physical: page - (page % size) + (virtual % size), at, entry: entry | used };
  }
  return PAGE_FAULT;
}
