/** A bare hart in M-mode with a little RAM and no devices, to try single instructions on. */
import { defaultCpu } from "../../board/cpu.ts";
import type { EngineName } from "../../board/options.ts";
import type { Placement } from "../../board/placement.ts";
import { placeMachine } from "../../board/placement.ts";
import type { Configuration, Engine } from "../../engine/engine.ts";
import { Interpreter } from "../../engine/interpreter/interpreter.ts";
import { ReferenceEngine } from "../../engine/reference/reference.ts";
import { F_OFFSET, PMP_RANGES_OFFSET, state, X_OFFSET } from "../../hart/layout.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import { RangeOffset } from "../../memory/pmp.ts";
import type { Operands } from "../encode.ts";
import { encode } from "../encode.ts";
import { instructionNamed } from "./sample.ts";

export const RAM_BYTES = 0x10000n;
/** Where instructions are put unless a test says otherwise. */
export const CODE = RAM_BASE + 0x1000n;
/** RAM without code. */
export const DATA = RAM_BASE + 0x8000n;
const TRAP_VECTOR = RAM_BASE + 0x100n;
const FLOATING_POINT_ON = 1n << 13n;
const MACHINE_MODE = 3;

export type Registers = Readonly<Record<number, bigint>>;

/** What is there before an instruction executes; registers that are not named are 0. */
export interface Before {
  readonly x?: Registers;
  readonly f?: Registers;
  readonly pc?: bigint;
  readonly mode?: 0 | 1 | 3;
}

/** What is there after it. 64-bit values are unsigned. */
export interface After {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly pc: bigint;
  readonly retired: bigint;
  readonly trap: { readonly cause: bigint; readonly value: bigint; readonly pc: bigint } | undefined;
}

/** Makes a bench on which an engine executes. */
export async function createBench(name: EngineName): Promise<Bench> {
  const placement = placeMachine({
    memory: Number(RAM_BYTES),
    harts: 1,
    cpu: defaultCpu,
    engine: name,
    entropySeed: 0n,
    startTime: 0n,
  });
  const memory = new WebAssembly.Memory({ initial: placement.bytes / 65536 });
  const absent = () => 0;
  const configuration: Configuration = {
    memory,
    cpu: defaultCpu,
    harts: placement.harts,
    settings: placement.settings,
    host: { deviceAt: absent, deviceRead: absent, deviceWrite: absent, storeObserved: absent },
  };
  const engine =
    name === "reference"
      ? new ReferenceEngine(configuration)
      : await Interpreter.create(configuration, placement);
  return new Bench(engine, memory, placement);
}

export class Bench {
  readonly #engine: Engine;
  readonly #view: DataView;
  readonly #hart: number;
  readonly #ram: number;

  constructor(engine: Engine, memory: WebAssembly.Memory, { harts: [hart = 0], ram }: Placement) {
    this.#engine = engine;
    this.#view = new DataView(memory.buffer);
    this.#hart = hart;
    this.#ram = ram;
    this.#set64(state.reservation.offset, -1n);
    this.#set64(state.mtimecmp.offset, -1n);
    this.#set64(state.stimecmp.offset, -1n);
    this.#set64(state.mtvec.offset, TRAP_VECTOR);
    // All memory for all modes: one PMP range over the whole address space.
    this.#set64(PMP_RANGES_OFFSET + RangeOffset.to, 1n << 57n);
    this.#view.setUint8(this.#hart + PMP_RANGES_OFFSET + RangeOffset.config, 0x1f);
    this.#view.setInt32(this.#hart + state.pmpRanges.offset, 1, true);
  }

  /** Executes the instruction of a name, or a word, and tells what came of it. */
  execute(instruction: string | number, operands: Operands = {}, before: Before = {}): After {
    const word =
      typeof instruction === "number" ? instruction : encode(instructionNamed(instruction), operands);
    const pc = before.pc ?? CODE;
    this.store(pc, (word & 3) === 3 ? 4 : 2, BigInt(word));
    return this.resume({ ...before, pc });
  }

  /** Executes `slots` instructions that are in RAM already. */
  resume(before: Before, slots = 1): After {
    for (let n = 0; n < 32; n++) {
      this.#set64(X_OFFSET + n * 8, n === 0 ? 0n : (before.x?.[n] ?? 0n));
      this.#set64(F_OFFSET + n * 8, before.f?.[n] ?? 0n);
    }
    this.#set64(state.pc.offset, before.pc ?? CODE);
    this.#view.setInt32(this.#hart + state.mode.offset, before.mode ?? MACHINE_MODE, true);
    this.#set64(state.mstatus.offset, FLOATING_POINT_ON);
    this.#set64(state.mcause.offset, -1n);
    this.#set64(state.retired.offset, 0n);
    this.#engine.run(0, slots, false);
    const cause = this.#get64(state.mcause.offset);
    const read = (from: number) => Array.from({ length: 32 }, (_, n) => this.#get64(from + n * 8));
    return {
      x: read(X_OFFSET),
      f: read(F_OFFSET),
      pc: this.#get64(state.pc.offset),
      retired: this.#get64(state.retired.offset),
      trap:
        cause === BigInt.asUintN(64, -1n)
          ? undefined
          : { cause, value: this.#get64(state.mtval.offset), pc: this.#get64(state.mepc.offset) },
    };
  }

  /** Puts the low bytes of a value into RAM, and tells the engine. */
  store(address: bigint, bytes: number, value: bigint): void {
    const offset = Number(address - RAM_BASE);
    for (let i = 0; i < bytes; i++) {
      this.#view.setUint8(this.#ram + offset + i, Number((value >> BigInt(8 * i)) & 0xffn));
    }
    this.#engine.memoryChanged(offset, bytes);
  }

  /** The unsigned number in RAM. */
  load(address: bigint, bytes: number): bigint {
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(this.#view.getUint8(this.#ram + Number(address - RAM_BASE) + i));
    }
    return value;
  }

  #get64(offset: number): bigint {
    return this.#view.getBigUint64(this.#hart + offset, true);
  }

  #set64(offset: number, value: bigint): void {
    this.#view.setBigInt64(this.#hart + offset, BigInt.asIntN(64, value), true);
  }
}
