/** A trial: a few random instructions and the state they start from. Position-independent until it is placed in memory. */
import { createDecoder } from "../../emulator/isa/decode.ts";
import { disassembleRaw } from "../../emulator/isa/disassemble.ts";
import type { Encoding } from "../../emulator/isa/encoding.ts";
import { instructions } from "../../emulator/isa/table.ts";
import type { Memory } from "./world.ts";
import { POOL, TRIAL_BYTES, USER_ALIAS } from "./world.ts";

/** One instruction, or a word that is none. */
export interface Item {
  readonly word: number;
  readonly length: 2 | 4;
  /** The item that a branch leads to; one more than the last is the trial's end. */
  readonly target?: number;
}

/** CSRs that a trial starts with. */
export interface StartCsrs {
  readonly mstatus: bigint;
  readonly satp: bigint;
  readonly medeleg: bigint;
  readonly mideleg: bigint;
  readonly mip: bigint;
  readonly mie: bigint;
  readonly mcounteren: bigint;
  readonly scounteren: bigint;
  readonly fcsr: bigint;
  readonly menvcfg: bigint;
  readonly senvcfg: bigint;
  readonly pmpcfg0: bigint;
}

/** In the order in which they lie in the pool, and where (guest/runtime.S). */
const startOffsets: readonly (readonly [keyof StartCsrs, number])[] = [
  ["mstatus", 0],
  ["satp", 8],
  ["medeleg", 32],
  ["mideleg", 40],
  ["mip", 48],
  ["mie", 56],
  ["mcounteren", 64],
  ["scounteren", 72],
  ["fcsr", 80],
  ["menvcfg", 88],
  ["senvcfg", 96],
  ["pmpcfg0", 104],
];
const ENTRY = 16;
const END = 24;
const PMP_ADDRESSES = 112;
const X = 160;
const F = 416;

/** PMP entry 7: all memory, every permission. */
export const OPEN_PMP = 0x1fn << 56n;

/** A register that holds the address of an item plus an offset when the trial starts. */
export interface ItemAddress {
  readonly register: number;
  readonly item: number;
  readonly offset: bigint;
}

export interface Trial {
  /** 3, 1 or 0, as in mstatus.MPP. */
  readonly mode: number;
  readonly csrs: StartCsrs;
  readonly pmpAddresses: readonly bigint[];
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly addresses: readonly ItemAddress[];
  readonly items: readonly Item[];
}

const decode = createDecoder(instructions);
const ECALL = 0x73;

/** Whether the trial's addresses are those of user code under translation. */
const runsAliased = ({ mode, csrs }: Trial) => mode === 0 && csrs.satp !== 0n;

/** The addresses of a trial's items at `start`, and that of its end as the last. */
export function itemAddresses({ items }: Trial, start: number): number[] {
  let at = start;
  const places = items.map(({ length }) => {
    const place = at;
    at += length;
    return place;
  });
  return [...places, at];
}

/** Bytes that a trial's code needs, with the ecall that ends it. */
export const codeBytes = ({ items }: Trial) => items.reduce((sum, { length }) => sum + length, 4);

/** Writes a trial's code at `start`, and its start state as the `index`th of the pool. */
export function placeTrial(memory: Memory, trial: Trial, index: number, start: number): void {
  const places = itemAddresses(trial, start);
  const end = places.at(-1) ?? start;
  trial.items.forEach((item, i) => {
    const at = places[i] ?? start;
    const word = item.target === undefined ? item.word : leadingTo(item, at, places);
    if (item.length === 2) memory.put16(at, word);
    else memory.put32(at, word);
  });
  memory.put32(end, ECALL);

  const slot = POOL + index * TRIAL_BYTES;
  const alias = runsAliased(trial) ? USER_ALIAS : 0;
  for (const [name, offset] of startOffsets) memory.put64(slot + offset, trial.csrs[name]);
  memory.put64(slot + ENTRY, BigInt(start + alias));
  memory.put64(slot + END, BigInt(end));
  for (let i = 0; i < 4; i++) memory.put64(slot + PMP_ADDRESSES + 8 * i, trial.pmpAddresses[i] ?? 0n);
  for (let n = 1; n < 32; n++) memory.put64(slot + X + 8 * n, trial.x[n] ?? 0n);
  for (let n = 0; n < 32; n++) memory.put64(slot + F + 8 * n, trial.f[n] ?? 0n);
  for (const { register, item, offset } of trial.addresses) {
    const address = BigInt((places[item] ?? end) + alias) + offset;
    memory.put64(slot + X + 8 * register, BigInt.asUintN(64, address));
  }
}

/** The word of a branch at `at`; one that cannot reach its target leads to the next instruction. */
function leadingTo({ word, length, target = 0 }: Item, at: number, places: readonly number[]): number {
  const encoding = decode(word)?.instruction.encoding;
  if (encoding === undefined) return word;
  const distance = (places[target] ?? at) - at;
  const reach = 1 << (encoding.immediateBits - 1);
  return withImmediate(encoding, word, distance >= -reach && distance < reach ? distance : length);
}

/** A word with another immediate, of which only the bits that the encoding holds are kept. */
export function withImmediate({ slices }: Encoding, word: number, immediate: number): number {
  let result = word;
  for (const { low, to, width } of slices) {
    const mask = width === 32 ? -1 : (1 << width) - 1;
    result = (result & ~(mask << low)) | (((immediate >> to) & mask) << low);
  }
  return result >>> 0;
}

/** A trial's code as text, a line for each instruction, as it lies at `start`. */
export function listing(trial: Trial, start: number, memory: Memory): string[] {
  const places = itemAddresses(trial, start);
  return trial.items.map(({ length }, i) => {
    const at = places[i] ?? start;
    const word = length === 2 ? memory.get32(at) & 0xffff : memory.get32(at);
    const decoded = decode(word);
    const text = decoded === undefined ? "(no instruction)" : disassembleRaw(decoded, BigInt(at));
    return `${at.toString(16)}  ${word
      .toString(16)
      .padStart(length * 2, "0")
      .padEnd(8)}  ${text}`;
  });
}

/** The entry of the table that a word is decoded as. */
export const instructionOf = (word: number) => decode(word)?.instruction;
/** A word taken apart. */
export const decodeWord = decode;
