/** Executes single instructions in given states of the machine, and tells what came of them. */
import { Bench } from "../../emulator/board/bench.ts";
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { Hart } from "../../emulator/board/hart-view.ts";
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import { F_OFFSET, state as field, X_OFFSET } from "../../emulator/hart/layout.ts";
import { RAM_BASE } from "../../emulator/memory/physical.ts";
import type { Context } from "./contexts.ts";
import { changedResources, hasLostTranslations } from "./hart-resources.ts";
import type { Entry } from "./memory.ts";
import { BYSTANDER, CODE, DATA, leavesOf, PAGE_BYTES, pathOf, RAM_BYTES, relocations } from "./memory.ts";
import type { Outcome } from "./outcome.ts";
import type { Resources } from "./resources.ts";
import { OPEN_MEMORY, satpOf } from "./resources.ts";
import type { State } from "./state.ts";

export type Profile = "strict" | "leaky";

/** How an instruction ended: it retired, or raised an exception of a cause. */
export type End = "retired" | number;

const NOP = 0x0000_0013;
/** ld t1, 0(t0) */
const LOAD = 0x0002_b303;
const T0 = 5;
const A1 = 11;
const MPRV = 1n << 17n;
const MPP_S = 1n << 11n;
const NOTHING_RESERVED = (1n << 64n) - 1n;
/** What memory holds where the context's pages do not lie. */
const elsewhere = new Uint8Array(PAGE_BYTES).fill(0xdb);

export class Prober {
  readonly profile: Profile;
  readonly #bench: Bench;
  readonly #hart: Hart;
  /** The hart as it lies in machine memory. */
  readonly #registers: Uint8Array;
  readonly #tlb: Uint8Array;
  readonly #view: DataView;
  readonly #words: Int32Array;
  readonly #afterReset: Uint8Array;
  readonly #bases = new Map<Resources, readonly [registers: Uint8Array, tlb: Uint8Array]>();
  /** x1 to x31 and f0 to f31 in it. */
  readonly #x: Uint8Array;
  readonly #f: Uint8Array;
  readonly #codeBytes = new Uint8Array(4);
  readonly #code = new DataView(this.#codeBytes.buffer);
  /** The state in which the last instruction began, and whether it has changed the data page. */
  #state: State | undefined;
  #dataChanged = false;

  private constructor(profile: Profile, bench: Bench) {
    const [hart] = bench.harts;
    if (hart === undefined) throw new Error("a bench has a hart");
    this.profile = profile;
    this.#bench = bench;
    this.#hart = hart;
    [this.#registers, this.#tlb] = bench.stateOf(0);
    const { buffer, byteOffset, byteLength } = this.#registers;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#words = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.#x = this.#registers.subarray(X_OFFSET + 8, X_OFFSET + 32 * 8);
    this.#f = this.#registers.subarray(F_OFFSET, F_OFFSET + 32 * 8);
    this.#afterReset = this.#registers.slice();
    for (const relocation of relocations) {
      bench.write(relocation.code, elsewhere);
      bench.write(relocation.data, elsewhere);
      this.#write(pathOf(relocation));
    }
  }

  /** A prober of a profile's processor, with every extension there is; of a description with faults in it, if told. */
  static async create(profile: Profile, rewrite?: Rewrite): Promise<Prober> {
    const cpu = parseCpu(`max,tlb=16x2${profile === "leaky" ? ",leaky" : ""}`);
    return new Prober(
      profile,
      await Bench.create({ engine: "interpreter", cpu, memory: RAM_BYTES, rewrite }),
    );
  }

  /** The state of these; undefined where there is none, or where an interrupt is taken before any instruction. */
  prepare(context: Context, mode: PrivilegeMode, resources: Resources): State | undefined {
    const relocation = relocations[resources.relocation];
    const [base, tlb] = this.#baseOf(resources);
    this.#registers.set(base);
    const asOther = (this.#hart.csr("mstatus") & MPRV) !== 0n;
    // MPRV falls on the way to S- and U-mode.
    if (asOther && mode !== "M") return undefined;
    const dataIsMapped = mode !== "M" || (asOther && resources.relocation !== 0);
    const codeAt = mode === "M" ? CODE : relocation.code;
    const dataAt = dataIsMapped ? relocation.data : DATA;

    this.#hart.setMode(mode);
    this.#hart.setPc(CODE);
    for (const [n, value] of context.x.entries()) this.#hart.setX(n, value);
    for (const [n, value] of context.f.entries()) this.#hart.setF(n, value);
    this.#set64(field.fcsr.offset, context.fcsr);
    if (context.reserved !== 0) {
      this.#set64(field.reservation.offset, (context.x[A1] ?? 0n) - DATA + dataAt);
      this.#view.setInt32(field.reservedBytes.offset, context.reserved, true);
    }
    const registers = this.#registers.slice();
    const prepared: State = {
      context,
      mode,
      resources,
      registers,
      words: new Int32Array(registers.buffer, 0, registers.length >> 2),
      tlb,
      leaves: leavesOf(relocation, mode === "U", mode === "U" || resources.userData),
      codeAt,
      dataAt,
    };
    return this.execute(NOP, prepared) === "retired" ? prepared : undefined;
  }

  /** Executes an instruction in a state. Afterwards `matches`, `outcome` and `changes` tell more. */
  execute(word: number, state: State): End {
    this.#place(state);
    this.#state = state;
    this.#registers.set(state.registers);
    this.#tlb.set(state.tlb);
    this.#write(state.leaves);
    this.#code.setUint32(0, word, true);
    this.#bench.write(state.codeAt, this.#codeBytes);
    const retired = this.#get64(field.retired.offset);
    this.#bench.run(1);
    this.#dataChanged = !same(this.#pageAt(state.dataAt), state.context.data);
    if (this.#get64(field.retired.offset) !== retired) return "retired";
    return this.#view.getInt32(field.raisedCause.offset, true);
  }

  /** Whether a program could not tell what it sees after the last instruction from an outcome in the same context. */
  matches(outcome: Outcome): boolean {
    return (
      outcome.pc === this.#get64(field.pc.offset) &&
      outcome.fcsr === this.#get64(field.fcsr.offset) &&
      outcome.reserved === this.#reserved() &&
      same(outcome.x, this.#x) &&
      same(outcome.f, this.#f) &&
      (this.#dataChanged
        ? same(outcome.data, this.#pageAt(this.#last().dataAt))
        : outcome.data === this.#last().context.data)
    );
  }

  /** What a program sees after the last instruction. */
  outcome(): Outcome {
    const state = this.#last();
    return {
      state,
      x: this.#x.slice(),
      f: this.#f.slice(),
      pc: this.#get64(field.pc.offset),
      fcsr: this.#get64(field.fcsr.offset),
      reserved: this.#reserved(),
      data: this.#dataChanged ? this.#pageAt(state.dataAt).slice() : state.context.data,
    };
  }

  /** Resources, the mode included, that the last instruction has changed, by name. */
  changes(): string[] {
    const { words, tlb } = this.#last();
    const changed = changedResources(words, this.#words);
    return hasLostTranslations(tlb, this.#tlb) ? [...changed, "TLB"] : changed;
  }

  /** Puts the context's data where the state has it, and garbage where it was before. */
  #place({ codeAt, dataAt, context }: State): void {
    const last = this.#state;
    if (last !== undefined && last.codeAt !== codeAt)
      this.#bench.write(last.codeAt, elsewhere.subarray(0, 4));
    if (last?.dataAt === dataAt && last.context === context && !this.#dataChanged) return;
    if (last !== undefined && last.dataAt !== dataAt) this.#bench.write(last.dataAt, elsewhere);
    this.#bench.write(dataAt, context.data);
  }

  #pageAt(address: bigint): Uint8Array {
    const from = Number(address - RAM_BASE);
    return this.#bench.ram.subarray(from, from + PAGE_BYTES);
  }

  #reserved(): bigint | undefined {
    const address = this.#get64(field.reservation.offset);
    return address === NOTHING_RESERVED ? undefined : address - this.#last().dataAt;
  }

  /** The hart with these resources, whatever its mode and context. */
  #baseOf(resources: Resources): readonly [registers: Uint8Array, tlb: Uint8Array] {
    let base = this.#bases.get(resources);
    if (base === undefined) {
      this.#registers.set(this.#afterReset);
      this.#tlb.fill(0);
      this.#enterBystander(resources);
      this.#setResources(resources);
      base = [this.#registers.slice(), this.#tlb.slice()];
      this.#bases.set(resources, base);
    }
    return base;
  }

  /** Has the TLB hold the bystander's page, by a load in the address space of these resources. */
  #enterBystander(resources: Resources): void {
    this.#setCsrs({ ...OPEN_MEMORY, satp: satpOf(resources), mstatus: MPRV | MPP_S });
    this.#hart.setX(T0, BYSTANDER);
    this.#hart.setPc(CODE);
    this.#code.setUint32(0, LOAD, true);
    this.#bench.write(CODE, this.#codeBytes);
    this.#bench.run(1);
    this.#bench.write(CODE, elsewhere.subarray(0, 4));
  }

  #setResources(resources: Resources): void {
    this.#setCsrs({ satp: satpOf(resources), ...resources.csrs });
    this.#hart.setLines(resources.lines);
    this.#set64(field.clock.offset, resources.clock);
    this.#set64(field.retired.offset, resources.clock);
    this.#view.setInt32(field.hartId.offset, resources.hart, true);
  }

  #setCsrs(values: Readonly<Record<string, bigint>>): void {
    for (const [name, value] of Object.entries(values)) this.#hart.setCsr(name, value);
  }

  #last(): State {
    if (this.#state === undefined) throw new Error("nothing has been executed yet");
    return this.#state;
  }

  #write(entries: readonly Entry[]): void {
    for (const { address, bytes } of entries) this.#bench.write(address, bytes);
  }

  #get64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  #set64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
