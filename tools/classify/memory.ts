/** What of physical memory stands behind the same two pages of code and data, wherever an address space puts them. */
import { RAM_BASE } from "../../emulator/memory/physical.ts";

/** The addresses that the instruction under test sees in every state. */
export const CODE = RAM_BASE + 0x1000n;
export const DATA = RAM_BASE + 0x2000n;
/** A page whose translations the TLB holds from the start, so that it can be seen to lose them. */
export const BYSTANDER = RAM_BASE + 0x3000n;
export const PAGE_BYTES = 4096;
export const RAM_BYTES = 0x10000;

/** Where the two pages really lie: at home, or elsewhere by Sv39 tables. */
export interface Relocation {
  readonly code: bigint;
  readonly data: bigint;
  /** satp without ASID; 0 leaves addresses as they are. */
  readonly satp: bigint;
  /** The page of leaf entries. */
  readonly leaves: bigint;
}

const SV39 = 8n << 60n;
const page = (number: bigint) => RAM_BASE + number * 0x1000n;

const relocated = (first: bigint): Relocation => ({
  code: page(first),
  data: page(first + 1n),
  satp: SV39 | (page(first + 2n) >> 12n),
  leaves: page(first + 4n),
});

/** None, and two that differ. */
export const relocations = [
  { code: CODE, data: DATA, satp: 0n, leaves: page(15n) },
  relocated(4n),
  relocated(9n),
] as const satisfies readonly Relocation[];

const VALID = 0x01n;
const USER = 0x10n;
/** Readable, writable, executable, accessed, dirty: walks change nothing, and no access faults for want of a permission. */
const LEAF = 0xcfn;

const pte = (physical: bigint, flags: bigint) => ((physical >> 12n) << 10n) | flags;
const indexOf = (virtual: bigint, level: bigint) => (virtual >> (12n + 9n * level)) & 0x1ffn;

/** A page-table entry to be stored at a physical address. */
export interface Entry {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

const entryAt = (address: bigint, value: bigint): Entry => ({
  address,
  bytes: new Uint8Array(BigUint64Array.of(value).buffer),
});

/** The entries that lead to a relocation's leaves, and the bystander's. */
export function pathOf({ satp, leaves }: Relocation): Entry[] {
  if (satp === 0n) return [];
  const root = (satp & ((1n << 44n) - 1n)) << 12n;
  const middle = root + 0x1000n;
  return [
    entryAt(root + 8n * indexOf(CODE, 2n), pte(middle, VALID)),
    entryAt(middle + 8n * indexOf(CODE, 1n), pte(leaves, VALID)),
    entryAt(leaves + 8n * indexOf(BYSTANDER, 0n), pte(BYSTANDER, LEAF)),
  ];
}

/** The leaves of the two pages, each for U-mode or for S-mode. */
export function leavesOf({ code, data, leaves }: Relocation, userCode: boolean, userData: boolean): Entry[] {
  return [
    entryAt(leaves + 8n * indexOf(CODE, 0n), pte(code, LEAF | (userCode ? USER : 0n))),
    entryAt(leaves + 8n * indexOf(DATA, 0n), pte(data, LEAF | (userData ? USER : 0n))),
  ];
}
