/** A bench's hart in M-mode with all memory open to all modes, to try single instructions on. */
import { Bench } from "../../board/bench.ts";
import { parseCpu } from "../../board/cpu.ts";
import type { EngineName } from "../../board/options.ts";
import { RAM_BASE } from "../../memory/physical.ts";
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
const NO_TRAP = 2n ** 64n - 1n;

export type Registers = Readonly<Record<number, bigint>>;

/** What is there before an instruction executes; registers that are not named are 0. */
export interface Before {
  readonly x?: Registers;
  readonly f?: Registers;
  readonly pc?: bigint;
  readonly mode?: "U" | "S" | "M";
}

/** What is there after it. 64-bit values are unsigned. */
export interface After {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly pc: bigint;
  readonly retired: bigint;
  readonly trap: { readonly cause: bigint; readonly value: bigint; readonly pc: bigint } | undefined;
}

/** Makes a bench on which an engine executes; it has every extension there is. */
export async function createBench(engine: EngineName): Promise<InstructionBench> {
  return new InstructionBench(
    await Bench.create({ engine, memory: Number(RAM_BYTES), cpu: parseCpu("max") }),
  );
}

export class InstructionBench {
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
    const hart = this.#hart;
    hart.setCsr("mtvec", TRAP_VECTOR);
    // One naturally aligned range over the whole address space.
    hart.setCsr("pmpaddr0", -1n);
    hart.setCsr("pmpcfg0", 0x1fn);
  }

  get #hart() {
    const [hart] = this.#bench.harts;
    if (hart === undefined) throw new Error("a bench has a hart");
    return hart;
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
    const hart = this.#hart;
    for (let n = 0; n < 32; n++) {
      hart.setX(n, before.x?.[n] ?? 0n);
      hart.setF(n, before.f?.[n] ?? 0n);
    }
    hart.setPc(before.pc ?? CODE);
    hart.setMode(before.mode ?? "M");
    hart.setCsr("mstatus", FLOATING_POINT_ON);
    hart.setCsr("mcause", NO_TRAP);
    const retired = hart.instructions;
    this.#bench.run(slots);
    const cause = hart.csr("mcause");
    const registers = Array.from({ length: 32 }, (_, n) => n);
    return {
      x: registers.map((n) => hart.x(n)),
      f: registers.map((n) => hart.f(n)),
      pc: hart.pc,
      retired: hart.instructions - retired,
      trap: cause === NO_TRAP ? undefined : { cause, value: hart.csr("mtval"), pc: hart.csr("mepc") },
    };
  }

  /** Puts the low bytes of a value into RAM, and tells the engine. */
  store(address: bigint, bytes: number, value: bigint): void {
    const little = Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
    this.#bench.write(address, Uint8Array.from(little));
  }

  /** The unsigned number in RAM. */
  load(address: bigint, bytes: number): bigint {
    return this.#bench.read(address, bytes).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}
