/** A hart as debuggers see it: read from machine memory with nothing changed by looking, and written by name. */
import type { Configuration } from "../engine/engine.ts";
import type { Context } from "../engine/reference/evaluate.ts";
import { contextOf, Evaluator, RAISED } from "../engine/reference/evaluate.ts";
import { F_OFFSET, state, TLB_OFFSET, X_OFFSET } from "../hart/layout.ts";
import { csrNamed, readCsr, writeCsr } from "../isa/csr.ts";
import { Access } from "../memory/access.ts";
import { pageBytes, TLB_ENTRY_BYTES, TlbEntryOffset, TlbFlag } from "../memory/tlb.ts";
import { translate } from "../memory/translate.ts";
import { readVirtual, writeVirtual } from "../memory/virtual.ts";
import type { HartState, HartView, PrivilegeMode, TlbCounters, TlbEntry } from "./machine.ts";
import type { Placement } from "./placement.ts";

/** The privilege mode that a number in mstatus.MPP stands for. */
export const modeName = (mode: number): PrivilegeMode => (mode === 3 ? "M" : mode === 1 ? "S" : "U");
const modeNumber: Record<PrivilegeMode, number> = { U: 0, S: 1, M: 3 };

/** Looking never reaches a device. */
const NO_DEVICES = { deviceAt: () => 0, deviceRead: () => 0, deviceWrite: () => {}, storeObserved: () => {} };
const PERMISSIONS = "vrwxugad";
/** By the bits 62 and 61 of a page-table entry (Svpbmt). */
const MEMORY_TYPES = ["main", "nc", "io"] as const;

export class Hart implements HartView {
  readonly index: number;
  readonly #address: number;
  readonly #placement: Placement;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #cpu: Configuration["cpu"];
  readonly #evaluator: Evaluator;
  readonly #writer: Evaluator;
  readonly #context: Context;

  constructor(index: number, placement: Placement, configuration: Configuration) {
    this.index = index;
    this.#address = placement.harts[index] ?? 0;
    this.#placement = placement;
    this.#cpu = configuration.cpu;
    const { buffer } = configuration.memory;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    // Without Svadu a walk writes nothing.
    const access = { readVirtual: readVirtual.procedure, writeVirtual: writeVirtual.procedure };
    const settings = { ...placement.settings, svadu: 0n };
    this.#evaluator = new Evaluator({ settings, host: NO_DEVICES }, access);
    this.#writer = new Evaluator({ settings: placement.settings, host: NO_DEVICES }, access);
    this.#context = contextOf(buffer, this.#address);
  }

  get pc(): bigint {
    return this.#get64(state.pc.offset);
  }
  get mode(): PrivilegeMode {
    return modeName(this.#get32(state.mode.offset));
  }
  get waiting(): boolean {
    return this.#get32(state.waiting.offset) !== 0;
  }
  get instructions(): bigint {
    return this.#get64(state.retired.offset);
  }

  x(register: number): bigint {
    return register === 0 ? 0n : this.#get64(X_OFFSET + register * 8);
  }
  f(register: number): bigint {
    return this.#get64(F_OFFSET + register * 8);
  }
  csr(name: string): bigint {
    return this.#evaluator.call(readCsr.procedure, this.#context, [csrNamed(name).number]) as bigint;
  }

  /** The setters take effect once the engine has been told by `Engine.stateChanged`. Values are cut to 64 bits. */
  setPc(value: bigint): void {
    this.#set64(state.pc.offset, value);
  }
  setMode(mode: PrivilegeMode): void {
    this.#set32(state.mode.offset, modeNumber[mode]);
  }
  setWaiting(waiting: boolean): void {
    this.#set32(state.waiting.offset, waiting ? 1 : 0);
  }
  /** Writing x0 does nothing. */
  setX(register: number, value: bigint): void {
    if (register !== 0) this.#set64(X_OFFSET + register * 8, value);
  }
  setF(register: number, value: bigint): void {
    this.#set64(F_OFFSET + register * 8, value);
  }
  /** Writes a CSR as M-mode would, by the rules of its fields. Throws on an unknown name. */
  setCsr(name: string, value: bigint): void {
    this.#writer.call(writeCsr.procedure, this.#context, [csrNamed(name).number, BigInt.asUintN(64, value)]);
  }
  /** Drives the board's interrupt lines, given as bits of mip. */
  setLines(lines: bigint): void {
    this.#set64(state.lines.offset, lines);
  }

  /** Puts in all that a state names. */
  set({ pc, mode, waiting, x = {}, f = {}, csrs = {}, lines }: HartState): void {
    for (const [name, value] of Object.entries(csrs)) this.setCsr(name, value);
    for (const [n, value] of Object.entries(x)) this.setX(Number(n), value);
    for (const [n, value] of Object.entries(f)) this.setF(Number(n), value);
    if (pc !== undefined) this.setPc(pc);
    if (mode !== undefined) this.setMode(mode);
    if (waiting !== undefined) this.setWaiting(waiting);
    if (lines !== undefined) this.setLines(lines);
  }

  tlb(): TlbEntry[] {
    const entries: TlbEntry[] = [];
    const { tlbSets, tlbWays } = this.#cpu;
    for (let i = 0; i < tlbSets * tlbWays; i++) {
      const at = this.#address + TLB_OFFSET + i * TLB_ENTRY_BYTES;
      const flags = this.#view.getUint8(at + TlbEntryOffset.flags);
      if (flags === 0) continue;
      const size = this.#view.getUint8(at + TlbEntryOffset.size);
      const pte = this.#view.getBigUint64(at + TlbEntryOffset.pte, true);
      const bytes = pageBytes(size);
      entries.push({
        set: Math.floor(i / tlbWays),
        way: i % tlbWays,
        asid: this.#view.getUint16(at + TlbEntryOffset.asid, true),
        global: (flags & TlbFlag.global) !== 0,
        virtual: BigInt.asUintN(64, this.#view.getBigUint64(at + TlbEntryOffset.page, true) * bytes),
        physical: (((pte >> 10n) & ((1n << 44n) - 1n)) << 12n) & ~(bytes - 1n),
        bytes,
        permissions: [...PERMISSIONS]
          .map((p, bit) => (((pte >> BigInt(bit)) & 1n) === 1n ? p : "-"))
          .join(""),
        memoryType: MEMORY_TYPES[Number((pte >> 61n) & 3n)] ?? "main",
      });
    }
    return entries;
  }

  tlbCounters(): TlbCounters {
    return {
      hits: this.#get64(state.tlbHits.offset),
      misses: this.#get64(state.tlbMisses.offset),
      evictions: this.#get64(state.tlbEvictions.offset),
      flushes: this.#get64(state.tlbFlushes.offset),
    };
  }

  translate(virtual: bigint): bigint | undefined {
    // A walk enters what it finds in the TLB and counts: the state is put back afterwards.
    const from = this.#address;
    const saved = this.#bytes.slice(from, from + this.#placement.hartBytes);
    try {
      const mode = this.#get32(state.mode.offset);
      return this.#evaluator.call(translate.procedure, this.#context, [
        virtual,
        Access.execute,
        mode,
      ]) as bigint;
    } catch (error) {
      if (error !== RAISED) throw error;
      return undefined;
    } finally {
      this.#bytes.set(saved, from);
    }
  }

  #get32(offset: number): number {
    return this.#view.getInt32(this.#address + offset, true);
  }
  #get64(offset: number): bigint {
    return this.#view.getBigUint64(this.#address + offset, true);
  }
  #set32(offset: number, value: number): void {
    this.#view.setInt32(this.#address + offset, value, true);
  }
  #set64(offset: number, value: bigint): void {
    this.#view.setBigUint64(this.#address + offset, BigInt.asUintN(64, value), true);
  }
}
