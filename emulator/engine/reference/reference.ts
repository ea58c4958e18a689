/** The reference engine: fetch, decode, evaluate, one instruction at a time. */
import { state } from "../../hart/layout.ts";
import type { Decoded, Decoder } from "../../isa/decode.ts";
import { createDecoder } from "../../isa/decode.ts";
import type { Instruction } from "../../isa/instruction.ts";
import { instructionSet } from "../../isa/table.ts";
import { procedure } from "../../language/procedure.ts";
import type { Block } from "../../language/statement.ts";
import { fetch, readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { Cause } from "../../trap/cause.ts";
import { interruptToTake, wakes } from "../../trap/interrupt.ts";
import { takeInterrupt, takeTrap } from "../../trap/trap.ts";
import type { Configuration, Engine, RunEnd } from "../engine.ts";
import type { Context } from "./evaluate.ts";
import { Evaluator, RAISED } from "./evaluate.ts";

const NO_OPERANDS = { rd: 0, rs1: 0, rs2: 0, rs3: 0, immediate: 0, word: 0 };
const awake = procedure("awake", {}, "i32", () => wakes());

export class ReferenceEngine implements Engine {
  readonly #configuration: Configuration;
  readonly #evaluator: Evaluator;
  readonly #decode: Decoder;
  readonly #decoded = new Map<number, Decoded | undefined>();
  readonly #semantics = new Map<Instruction, ReturnType<Evaluator["block"]>>();
  readonly #context: Context;
  #breakpoints: ReadonlySet<bigint> = new Set();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.#evaluator = new Evaluator(configuration, {
      readVirtual: readVirtual.procedure,
      writeVirtual: writeVirtual.procedure,
    });
    this.#decode = createDecoder(instructionSet(configuration.cpu.extensions));
    const { buffer } = configuration.memory;
    this.#context = {
      view: new DataView(buffer),
      bytes: new Uint8Array(buffer),
      hart: 0,
      operands: NO_OPERANDS,
      pc: 0n,
      next: 0n,
      target: 0n,
    };
  }

  run(hart: number, slots: number, past: boolean): RunEnd {
    const c = this.#context;
    c.hart = this.#configuration.harts[hart] ?? 0;
    for (let left = slots; ; left--) {
      if (this.#get32(state.waiting.offset) !== 0) {
        if (this.#evaluator.call(awake.procedure, c, []) === 0) return "turn";
        this.#set32(state.waiting.offset, 0);
      }
      if (this.#get32(state.yielding.offset) !== 0) {
        this.#set32(state.yielding.offset, 0);
        return "turn";
      }
      if (left === 0) return "slots";
      const interrupt = Number(this.#evaluator.call(interruptToTake.procedure, c, []));
      if (interrupt >= 0) this.#evaluator.call(takeInterrupt.procedure, c, [interrupt]);
      const passes = past && left === slots;
      if (!passes && this.#breakpoints.has(this.#get64(state.pc.offset))) return "breakpoint";
      this.#step();
    }
  }

  breakAt(addresses: ReadonlySet<bigint>): void {
    this.#breakpoints = addresses;
  }

  /** Nothing is cached: every fetch reads memory. */
  memoryChanged(): void {}
  stateChanged(): void {}

  /** Executes one instruction or takes its trap. */
  #step(): void {
    const c = this.#context;
    c.pc = this.#get64(state.pc.offset);
    try {
      const word = Number(this.#evaluator.call(fetch.procedure, c, [c.pc])) >>> 0;
      const decoded = this.#lookUp(word);
      if (decoded === undefined) this.#raiseIllegal(word);
      else this.#execute(decoded);
      this.#add64(state.clock.offset, 1n);
      this.#add64(state.retired.offset, 1n);
      this.#set64(state.pc.offset, c.target);
    } catch (error) {
      if (error !== RAISED) throw error;
      const cause = BigInt(this.#get32(state.raisedCause.offset));
      this.#evaluator.call(takeTrap.procedure, c, [cause, this.#get64(state.raisedValue.offset), c.pc]);
      this.#add64(state.clock.offset, 1n);
    }
  }

  #execute(decoded: Decoded): void {
    const c = this.#context;
    c.operands = decoded;
    c.next = BigInt.asUintN(64, c.pc + BigInt(decoded.instruction.encoding.length));
    c.target = c.next;
    this.#semanticsOf(decoded.instruction)(c);
  }

  #lookUp(word: number): Decoded | undefined {
    const key = (word & 3) === 3 ? word : word & 0xffff;
    const known = this.#decoded.get(key);
    if (known !== undefined || this.#decoded.has(key)) return known;
    const decoded = this.#decode(key);
    this.#decoded.set(key, decoded);
    return decoded;
  }

  #raiseIllegal(word: number): never {
    this.#set32(state.raisedCause.offset, Cause.illegalInstruction);
    this.#set64(state.raisedValue.offset, BigInt((word & 3) === 3 ? word : word & 0xffff));
    throw RAISED;
  }

  #semanticsOf(instruction: Instruction): ReturnType<Evaluator["block"]> {
    let semantics = this.#semantics.get(instruction);
    if (semantics === undefined) {
      const { name, standsFor = name } = instruction;
      const described: Block = instruction.semantics();
      semantics = this.#evaluator.block(this.#configuration.rewrite?.(standsFor, described) ?? described);
      this.#semantics.set(instruction, semantics);
    }
    return semantics;
  }

  #get32 = (offset: number) => this.#context.view.getInt32(this.#context.hart + offset, true);
  #set32 = (offset: number, value: number) =>
    this.#context.view.setInt32(this.#context.hart + offset, value, true);
  #get64 = (offset: number) => this.#context.view.getBigUint64(this.#context.hart + offset, true);
  #set64 = (offset: number, value: bigint) =>
    this.#context.view.setBigUint64(this.#context.hart + offset, value, true);
  #add64 = (offset: number, value: bigint) =>
    this.#set64(offset, BigInt.asUintN(64, this.#get64(offset) + value));
}
