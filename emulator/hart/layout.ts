/**
 * Where the state of a hart lies in machine memory. Every field is named once, here; code written in the vocabulary
 * reads and writes it with `get` and `set`, engines and views by its offset.
 */
import type { I32, I64 } from "../language/expression.ts";
import { cell32, cell64, hart } from "../language/expression.ts";
import { storeCell } from "../language/statement.ts";

let end = 0;

function reserve(bytes: number, alignment: number): number {
  const offset = Math.ceil(end / alignment) * alignment;
  end = offset + bytes;
  return offset;
}

export interface Field64 {
  readonly offset: number;
  get(): I64;
  set(value: I64): void;
}

export interface Field32 {
  readonly offset: number;
  get(): I32;
  set(value: I32): void;
}

function field64(): Field64 {
  const offset = reserve(8, 8);
  return { offset, get: () => cell64("i64", hart, offset), set: (v) => storeCell("i64", hart, v, offset) };
}

function field32(): Field32 {
  const offset = reserve(4, 4);
  return { offset, get: () => cell32("i32", hart, offset), set: (v) => storeCell("i32", hart, v, offset) };
}

/** Integer registers; the 33rd cell takes what is written to x0. */
export const X_OFFSET = reserve(33 * 8, 64);
export const X_SINK = 32;
/** Floating-point registers, NaN-boxed. */
export const F_OFFSET = reserve(32 * 8, 64);

/** The registers and CSRs of a hart. CSRs that are views of others (sstatus, sip…) have no field. */
export const state = {
  pc: field64(),
  /** 3 = M, 1 = S, 0 = U, as in mstatus.MPP. */
  mode: field32(),
  hartId: field32(),
  /** 1 while the hart sleeps in wfi. */
  waiting: field32(),
  /** Cause and value of the trap that the current instruction has raised. */
  raisedCause: field32(),
  raisedValue: field64(),
  /** Physical address reserved by LR, or -1. */
  reservation: field64(),
  reservedBytes: field32(),

  mstatus: field64(),
  mtvec: field64(),
  medeleg: field64(),
  mideleg: field64(),
  mie: field64(),
  /** The bits that software has written; lines and comparators are added when mip is read (trap/interrupt.ts). */
  mip: field64(),
  /** Interrupt lines as the board drives them, as mip bits. */
  lines: field64(),
  mscratch: field64(),
  mepc: field64(),
  mcause: field64(),
  mtval: field64(),
  mcounteren: field64(),
  menvcfg: field64(),
  stvec: field64(),
  sscratch: field64(),
  sepc: field64(),
  scause: field64(),
  stval: field64(),
  satp: field64(),
  scounteren: field64(),
  senvcfg: field64(),
  stimecmp: field64(),
  fcsr: field64(),

  /** Comparator of the board's timer, in ticks. */
  mtimecmp: field64(),
  /** The hart's position in time: one slot for every instruction executed, retired or trapped, and for waiting. */
  clock: field64(),
  /** Instructions retired. */
  retired: field64(),
  /** What mcycle, minstret and mtime show above the counters they derive from, after software wrote them. */
  cycleOffset: field64(),
  instretOffset: field64(),
  timeOffset: field64(),
  /** What the comparators drive, as mip bits, until `timersUntil` on the clock; 0 where that must be worked out anew. */
  timers: field64(),
  timersUntil: field64(),

  tlbHits: field64(),
  tlbMisses: field64(),
  tlbEvictions: field64(),
  tlbFlushes: field64(),

  /** Synchronous traps in a row at the same pc with nothing retired in between. */
  repeatedTraps: field32(),
  lastTrapRetired: field64(),
  lastTrapPc: field64(),
  /** Bit n is set when the TLB may hold a page of size n (memory/tlb.ts). */
  tlbSizes: field32(),
  /** How many PMP ranges there are. */
  pmpRanges: field32(),
  /** What the first of them lets everybody do everywhere, as R, W and X of a configuration (memory/pmp.ts). */
  pmpOpen: field32(),
  /** 1 when the hart gives up the rest of its turn (pause). */
  yielding: field32(),
};

/** 16 address registers and 16 configuration bytes (privileged 3.7). */
export const PMP_ENTRIES = 16;
export const PMP_CONFIG_OFFSET = reserve(PMP_ENTRIES, 8);
export const PMP_ADDRESS_OFFSET = reserve(PMP_ENTRIES * 8, 8);
/** The address ranges that these describe, in order; see memory/pmp.ts. */
export const PMP_RANGE_BYTES = 24;
export const PMP_RANGES_OFFSET = reserve(PMP_ENTRIES * PMP_RANGE_BYTES, 8);

/** Next victim way of every TLB set (one byte each), then the entries; see memory/tlb.ts for their layout. */
export const MAXIMUM_TLB_SETS = 1024;
export const TLB_VICTIM_OFFSET = reserve(MAXIMUM_TLB_SETS, 8);

/** Room for what an engine caches about the hart; nothing architectural, cleared when an engine is installed. */
export const ENGINE_BYTES = 16 * 4096;
export const ENGINE_OFFSET = reserve(ENGINE_BYTES, 64);

/** Bytes of a hart's state before the TLB entries. */
export const TLB_OFFSET = reserve(0, 64);
