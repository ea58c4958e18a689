/** Executes a machine one instruction at a time and writes down what each did. */
import type { HartView, TrapRecord } from "../../emulator/board/machine.ts";
import { csrs } from "../../emulator/isa/csr.ts";
import type { Decoded } from "../../emulator/isa/decode.ts";
import type { CodeWord } from "../code/fetch.ts";
import { decode } from "../code/text.ts";
import { memoryAccess, type Register, registersRead, registerWritten } from "./traits.ts";

/** What can be traced: a machine or a bench. */
export interface Traceable {
  readonly harts: readonly HartView[];
  readonly trapCount: number;
  traps(): TrapRecord[];
  readPhysical(address: bigint, length: number): Uint8Array | undefined;
  /** Lets one slot pass; false when there will be no more. */
  advance(): boolean;
}

export interface RegisterValue {
  readonly register: Register;
  readonly value: bigint;
}

/** One slot: an instruction that retired, or that trapped. */
export interface Slot {
  readonly hart: number;
  readonly mode: string;
  readonly pc: bigint;
  /** Where it lies in memory; undefined where fetching it faulted. */
  readonly physical: bigint | undefined;
  readonly code: CodeWord | undefined;
  readonly decoded: Decoded | undefined;
  readonly reads: readonly RegisterValue[];
  readonly written?: RegisterValue;
  /** A CSR that it accessed, and what that then held. */
  readonly csr?: { readonly name: string; readonly value: bigint; readonly changed: boolean };
  readonly access?: { readonly address: bigint; readonly bytes: number; readonly stores: boolean };
  /** The trap that it took, or the interrupt that came before it. */
  readonly trap?: TrapRecord;
  /** Where its hart went on. */
  readonly next: bigint;
}

interface Before {
  readonly hart: HartView;
  readonly pc: bigint;
  readonly mode: string;
  readonly instructions: bigint;
  readonly physical: bigint | undefined;
  readonly code: CodeWord | undefined;
}

/** So many of the last slots are shown where something went wrong. */
export const shownSlots = 32;

const csrNames = new Map(csrs.map(({ number, name }) => [number, name]));

export class Trace {
  /** The latest slots, oldest first. */
  readonly slots: Slot[] = [];
  readonly #target: Traceable;
  readonly #kept: number;

  /** Keeps at least the latest `kept` slots. */
  constructor(target: Traceable, kept: number) {
    this.#target = target;
    this.#kept = kept;
  }

  /** Lets one slot pass; false when there will be no more. */
  step(): boolean {
    const { harts } = this.#target;
    const before = harts.map((hart) => this.#look(hart));
    const reads = before.map(({ hart, code }) => readsOf(hart, code));
    const traps = this.#target.trapCount;
    const more = this.#target.advance();
    const trap = this.#target.trapCount === traps ? undefined : this.#target.traps().at(-1);
    const index = before.findIndex(
      ({ hart, pc, instructions }) =>
        (trap !== undefined && trap.hart === hart.index) ||
        hart.instructions !== instructions ||
        hart.pc !== pc,
    );
    const moved = before[index];
    if (moved !== undefined) this.#enter(moved, reads[index] ?? [], trap);
    return more;
  }

  /** The latest slot before `from` for which something holds. */
  lastBefore(from: number, holds: (slot: Slot) => boolean): number | undefined {
    for (let index = from - 1; index >= 0; index--) {
      const slot = this.slots[index];
      if (slot !== undefined && holds(slot)) return index;
    }
    return undefined;
  }

  #enter(before: Before, reads: readonly RegisterValue[], trap: TrapRecord | undefined): void {
    const { hart } = before;
    const retired = hart.instructions !== before.instructions;
    if (this.slots.length >= 2 * this.#kept) this.slots.splice(0, this.#kept);
    if (trap?.interrupt && retired) {
      // The interrupt came first, and the slot went to its handler's first instruction.
      const pc = handlerOf(hart, trap);
      this.slots.push({
        ...slotBase(before),
        code: undefined,
        decoded: undefined,
        reads: [],
        trap,
        next: pc,
      });
      const after = this.#lookAt(hart, pc, trap.to);
      this.#retire({ ...before, ...after, pc, mode: trap.to }, []);
    } else if (trap !== undefined) {
      this.slots.push({ ...slotBase(before), reads, trap, next: hart.pc });
    } else {
      this.#retire(before, reads);
    }
  }

  #retire(before: Before, reads: readonly RegisterValue[]): void {
    const { hart } = before;
    const base = slotBase(before);
    const { decoded } = base;
    const register = decoded && registerWritten(decoded);
    const csr = decoded && csrOf(decoded, hart);
    const access = decoded && accessOf(decoded, reads);
    this.slots.push({
      ...base,
      reads,
      ...(register && { written: { register, value: registerValue(hart, register) } }),
      ...(csr && { csr }),
      ...(access && { access }),
      next: hart.pc,
    });
  }

  #look(hart: HartView): Before {
    const { pc, mode, instructions } = hart;
    return { hart, pc, mode, instructions, ...this.#lookAt(hart, pc, mode) };
  }

  #lookAt(hart: HartView, pc: bigint, mode: string): Pick<Before, "physical" | "code"> {
    const physical = mode === "M" ? pc : hart.translate(pc);
    const low = physical === undefined ? undefined : this.#parcel(physical);
    if (physical === undefined || low === undefined) return { physical, code: undefined };
    if ((low & 3) !== 3) return { physical, code: { bits: low, bytes: 2 } };
    const second = mode === "M" || (pc & 0xfffn) !== 0xffen ? physical + 2n : hart.translate(pc + 2n);
    const high = second === undefined ? undefined : this.#parcel(second);
    return {
      physical,
      code: high === undefined ? undefined : { bits: ((high << 16) | low) >>> 0, bytes: 4 },
    };
  }

  #parcel(physical: bigint): number | undefined {
    const bytes = this.#target.readPhysical(physical, 2);
    return bytes && (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  }
}

function slotBase({ hart, pc, mode, physical, code }: Before) {
  const decoded = code && decode(code.bits);
  return { hart: hart.index, mode, pc, physical, code, decoded };
}

function registerValue(hart: HartView, { file, number }: Register): bigint {
  return file === "x" ? hart.x(number) : hart.f(number);
}

function readsOf(hart: HartView, code: CodeWord | undefined): RegisterValue[] {
  const decoded = code && decode(code.bits);
  if (decoded === undefined) return [];
  return registersRead(decoded).map((register) => ({ register, value: registerValue(hart, register) }));
}

function csrOf(decoded: Decoded, hart: HartView): Slot["csr"] {
  const match = /^csrr([wsc])i?$/.exec(decoded.instruction.name);
  const name = match && csrNames.get(decoded.immediate);
  if (!name) return undefined;
  // csrrs and csrrc with x0 or 0 only read (unprivileged, "Zicsr").
  const source = (decoded.word >>> 15) & 0x1f;
  return { name, value: hart.csr(name), changed: match[1] === "w" || source !== 0 };
}

function accessOf(decoded: Decoded, reads: readonly RegisterValue[]): Slot["access"] {
  const { loads, stores } = memoryAccess(decoded);
  if (loads + stores === 0) return undefined;
  const base =
    reads.find(({ register }) => register.file === "x" && register.number === decoded.rs1)?.value ?? 0n;
  const address = BigInt.asUintN(64, base + BigInt(decoded.immediate));
  return { address, bytes: Math.max(loads, stores), stores: stores > 0 };
}

/** Where an interrupt goes (privileged 3.1.7): vectored handlers have an entry for each. */
function handlerOf(hart: HartView, { to, cause }: TrapRecord): bigint {
  const vector = hart.csr(to === "M" ? "mtvec" : "stvec");
  const base = vector & ~3n;
  return (vector & 3n) === 1n ? base + 4n * BigInt(cause) : base;
}
