/** The memory that trials live in: what lies where, the page tables, and the runtime that leads from trial to trial. */
import { readFileSync } from "node:fs";
import { parseElf } from "../../emulator/board/elf.ts";
import { buildGuest } from "../guest/build.ts";
import type { Random } from "./random.ts";
import { boxedFloat, integer } from "./values.ts";

export const RAM = 0x8000_0000;
export const RAM_BYTES = 16 * 2 ** 20;

// guest/runtime.S names these too.
export const CONTROL = 0x8001_0000;
const CONTROL_LOG_BYTES = 8;
const CONTROL_FINISHED = 64;
const SAVE = 0x8001_1000;
const SAVE_BYTES = 256;
const SAVE_TRIAL = 32;
export const CODE = 0x8002_0000;
export const CODE_END = 0x801f_0000;
/** What trials load and store. */
export const DATA = 0x8020_0000;
export const DATA_BYTES = 0x1_0000;
export const TABLES = 0x8040_0000;
export const TABLES_BYTES = 5 * 4096;
export const POOL = 0x8060_0000;
export const TRIAL_BYTES = 768;
export const LOG = 0x80a0_0000;
export const MOST_TRIALS = (LOG - POOL) / TRIAL_BYTES - 1;
/** User code lies here as well, in every address space. */
export const USER_ALIAS = 0x4000_0000;
/** Physical memory that is not there. */
export const NOWHERE = 0x9000_0000;

/** What the log says of a trial's end besides x and f, in the order of the log. */
export const loggedCsrs: readonly string[] = [
  ...["mstatus", "fcsr", "medeleg", "mideleg", "mie", "mip", "mcounteren", "scounteren", "satp", "stvec"],
  ...["sscratch", "sepc", "scause", "stval", "senvcfg", "menvcfg", "sstatus", "sie", "sip"],
  ...["pmpcfg0", "pmpcfg2", "pmpaddr0", "pmpaddr8"],
];

/** Addresses of words of the runtime that the host looks at while harts run. */
export const finishedCell = (hart: number) => CONTROL + CONTROL_FINISHED + 8 * hart;
export const trialCell = (hart: number) => SAVE + SAVE_BYTES * hart + SAVE_TRIAL;

/** RAM as a program is put together in it. */
export class Memory {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array = new Uint8Array(RAM_BYTES)) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  put(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address - RAM);
  }
  put16(address: number, value: number): void {
    this.#view.setUint16(address - RAM, value, true);
  }
  put32(address: number, value: number): void {
    this.#view.setUint32(address - RAM, value, true);
  }
  put64(address: number, value: bigint): void {
    this.#view.setBigUint64(address - RAM, value, true);
  }
  get64(address: number): bigint {
    return this.#view.getBigUint64(address - RAM, true);
  }
  get32(address: number): number {
    return this.#view.getUint32(address - RAM, true);
  }
}

export interface Runtime {
  readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Where a hart is sent whose trial takes too long. */
  readonly abandon: bigint;
}

/** Builds the runtime where it is out of date. Throws `GuestBuildError`. */
export async function buildRuntime(): Promise<Runtime> {
  const path = await buildGuest({
    name: "fuzz/runtime",
    sources: ["tools/fuzz/guest/runtime.S"],
    linkerScript: "tools/fuzz/guest/link.ld",
  });
  const { segments, symbols } = parseElf(readFileSync(path), "runtime");
  const abandon = symbols.named("abandon");
  if (abandon === undefined) throw new Error("the fuzzer's runtime has no symbol abandon");
  return {
    segments: segments.map(({ physical, contents }) => ({ address: Number(physical), bytes: contents })),
    abandon: abandon.address,
  };
}

/** Writes what the runtime is told at its start. */
export function writeControl(memory: Memory, harts: number): void {
  memory.put64(CONTROL, BigInt(harts));
  memory.put64(CONTROL + CONTROL_LOG_BYTES, BigInt(logBytes(harts)));
}

/** Room for a hart's log. */
export const logBytes = (harts: number) => Math.floor((RAM + RAM_BYTES - LOG) / harts / 4096) * 4096;

const [V, R, W, X, U, G, A, D] = [1n, 2n, 4n, 8n, 16n, 32n, 64n, 128n];

/** Which page-table entries may hold more than Sv39 defines. */
export interface TableFeatures {
  readonly svnapot: boolean;
  /** How many values of the memory type occur; the fourth is reserved (chapter 6, "Svpbmt"). */
  readonly memoryTypes: number;
  /** Whether bits occur that are reserved, and 64 KiB pages whose entries are unlike. */
  readonly unruly: boolean;
}

/** Tables of Sv39, Sv48 and Sv57: the wider ones lead to the narrower one's root, at both ends of the address space. */
export const roots = { sv39: TABLES, sv48: TABLES + 4096, sv57: TABLES + 2 * 4096 };
const middleTable = TABLES + 3 * 4096;
/** The table of the 512 pages that trials use most. */
export const leafTable = TABLES + 4 * 4096;
/** Where the middle table's pages lie in the address space. */
export const PAGES = 0xa_0000_0000n;
/** Root entries; each maps a gigabyte. */
const ROOT = {
  low: 0,
  identity: 2,
  user: 3,
  random: 4,
  missing: 5,
  reserved: 6,
  global: 7,
  pages: 40,
  top: 511,
};

/** Fills the data that trials use, and the page tables. */
export function writeWorld(memory: Memory, random: Random, features: TableFeatures): void {
  for (let at = DATA; at < DATA + DATA_BYTES; at += 8) {
    memory.put64(at, random.chance(0.5) ? integer(random) : boxedFloat(random));
  }
  const pointer = (to: number) => ((BigInt(to) >> 12n) << 10n) | V;
  const leaf = (to: number, flags: bigint) => ((BigInt(to) >> 12n) << 10n) | flags;
  const root = (index: number, entry: bigint) => memory.put64(roots.sv39 + 8 * index, entry);
  const own = V | R | W | A | D;
  root(ROOT.low, leaf(random.chance(0.2) ? RAM + 0x20_0000 : RAM, own));
  root(ROOT.pages, pointer(middleTable));
  root(ROOT.identity, leaf(RAM, own | X));
  root(ROOT.user, leaf(RAM, own | X | U));
  // Without permissions it would be a pointer, to tables of random entries: QEMU ignores their reserved bits.
  const wide = () => {
    const flags = randomFlags(random);
    return (flags & (R | X)) === 0n && !features.unruly ? flags | R : flags;
  };
  root(ROOT.random, leaf(RAM, wide()));
  root(ROOT.missing, pointer(NOWHERE));
  // D, A and U are reserved in an entry that points on (privileged 4.4.1); G is not.
  root(ROOT.reserved, pointer(middleTable) | random.pick([A, D, U, A | D]));
  root(ROOT.global, pointer(middleTable) | G);
  root(ROOT.top, pointer(middleTable));
  const middle = (index: number, entry: bigint) => memory.put64(middleTable + 8 * index, entry);
  middle(0, pointer(leafTable));
  for (let i = 1; i < 16; i++) middle(i, leaf(random.chance(0.1) ? DATA + 0x1000 : DATA, wide()));
  middle(511, pointer(leafTable));
  for (let i = 0; i < 512; i++) memory.put64(leafTable + 8 * i, randomLeaf(random, features));
  if (features.svnapot && !features.unruly) writeLargePages(memory, random);
  for (const index of [0, 511]) {
    memory.put64(roots.sv48 + 8 * index, pointer(roots.sv39));
    memory.put64(roots.sv57 + 8 * index, pointer(roots.sv48));
  }
}

/** From here on in the leaf table, some 16 entries form a page of 64 KiB. */
export const LARGE_PAGES = 256;

/** The size is coded in the lowest PPN bits, 1000 (chapter 5, "Svnapot"). */
const napot = (entry: bigint) => (entry & ~(0xfn << 10n)) | (1n << 63n) | (8n << 10n);

function writeLargePages(memory: Memory, random: Random): void {
  for (let first = LARGE_PAGES; first < 512; first += 16) {
    if (random.chance(0.8)) continue;
    const entry = napot(((BigInt(DATA) >> 12n) << 10n) | randomFlags(random) | A | D);
    for (let i = 0; i < 16; i++) memory.put64(leafTable + 8 * (first + i), entry);
  }
}

/** An entry for the leaf table: a page of the data, with any permissions and now and then something wrong. */
export function randomLeaf(random: Random, { svnapot, memoryTypes, unruly }: TableFeatures): bigint {
  const nowhere = random.chance(0.02);
  const page = nowhere ? NOWHERE : DATA + 4096 * random.below(DATA_BYTES / 4096);
  const flags = randomFlags(random);
  // QEMU stores the half of a misaligned access that lies in memory, and then faults for the other.
  let entry = ((BigInt(page) >> 12n) << 10n) | (nowhere && !unruly ? flags & ~W : flags);
  if (memoryTypes > 0 && random.chance(0.1)) entry |= BigInt(random.below(memoryTypes)) << 61n;
  if (svnapot && unruly && random.chance(0.05)) {
    entry = napot(entry);
    if (random.chance(0.2)) entry ^= random.long() & (0xfn << 10n);
  }
  if (unruly && random.chance(0.01)) entry |= 1n << BigInt(54 + random.below(7));
  return entry;
}

function randomFlags(random: Random): bigint {
  let flags = random.chance(0.95) ? V : 0n;
  const likely = [
    [R, 0.8],
    [W, 0.6],
    [X, 0.4],
    [U, 0.5],
    [G, 0.2],
    [A, 0.7],
    [D, 0.6],
    [256n, 0.04],
    [512n, 0.03],
  ] as const;
  for (const [bit, probability] of likely) if (random.chance(probability)) flags |= bit;
  return flags;
}

/** Where the entry lies that a walk for a virtual address ends at; "missing" where it leads to a table outside RAM. */
export function walk(memory: Memory, satp: bigint, virtual: bigint): number | "missing" {
  const levels = Number(satp >> 60n) - 5;
  let table = (satp & ((1n << 44n) - 1n)) << 12n;
  let at = 0;
  for (let level = levels - 1; level >= 0; level--) {
    const index = (virtual >> BigInt(12 + 9 * level)) & 0x1ffn;
    at = Number(table + 8n * index);
    if (at < RAM || at >= RAM + RAM_BYTES) return "missing";
    const entry = memory.get64(at);
    if ((entry & V) === 0n || (entry & (R | X)) !== 0n) return at;
    table = ((entry >> 10n) & ((1n << 44n) - 1n)) << 12n;
  }
  return at;
}
