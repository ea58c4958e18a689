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
import type { Context, Evaluated } from "./evaluate.ts";
import { contextOf, Evaluator, RAISED } from "./evaluate.ts";

const awake = procedure("awake", {}, "i32", () => wakes());

/** What a word is to the engine that has decoded it. */
interface Executable {
  readonly operands: Decoded;
  readonly length: bigint;
  readonly execute: Evaluated;
}

/** Words remembered, for it may execute what rewrites itself. */
const MOST_WORDS = 65536;

const engines = new WeakMap<Configuration, ReferenceEngine>();

export class ReferenceEngine implements Engine {
  readonly #configuration: Configuration;
  readonly #evaluator: Evaluator;
  readonly #decode: Decoder;
  readonly #decoded = new Map<number, Executable | undefined>();
  readonly #semantics = new Map<Instruction, Evaluated>();
  readonly #words: Int32Array;
  readonly #longs: BigUint64Array;
  readonly #context: Context;
  #breakpoints: ReadonlySet<bigint> = new Set();

  /** The engine of a configuration: as it keeps nothing of the machine, it is the same one whenever it takes its turn. */
  static of(configuration: Configuration): ReferenceEngine {
    const engine = engines.get(configuration) ?? new ReferenceEngine(configuration);
    engines.set(configuration, engine);
    engine.breakAt(new Set());
    return engine;
  }

  private constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.#evaluator = new Evaluator(configuration, {
      readVirtual: readVirtual.procedure,
      writeVirtual: writeVirtual.procedure,
    });
    this.#decode = createDecoder(instructionSet(configuration.cpu.extensions));
    const { buffer } = configuration.memory;
    this.#words = new Int32Array(buffer);
    this.#longs = new BigUint64Array(buffer);
    this.#context = contextOf(buffer, 0);
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
      if (!passes && this.#breakpoints.size > 0 && this.#breakpoints.has(this.#get64(state.pc.offset)))
        return "breakpoint";
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
      const word = Number(this.#evaluator.call(fetch.procedure, c, [c.pc]));
      const executable = this.#lookUp(word);
      if (executable === undefined) this.#raiseIllegal(word);
      c.operands = executable.operands;
      c.next = BigInt.asUintN(64, c.pc + executable.length);
      c.target = c.next;
      executable.execute(c);
      this.#set64(state.clock.offset, this.#get64(state.clock.offset) + 1n);
      this.#set64(state.retired.offset, this.#get64(state.retired.offset) + 1n);
      this.#set64(state.pc.offset, c.target);
    } catch (error) {
      if (error !== RAISED) throw error;
      const cause = BigInt(this.#get32(state.raisedCause.offset));
      this.#evaluator.call(takeTrap.procedure, c, [cause, this.#get64(state.raisedValue.offset), c.pc]);
      this.#set64(state.clock.offset, this.#get64(state.clock.offset) + 1n);
    }
  }

  #lookUp(word: number): Executable | undefined {
    const key = (word & 3) === 3 ? word : word & 0xffff;
    const known = this.#decoded.get(key);
    if (known !== undefined || this.#decoded.has(key)) return known;
    const operands = this.#decode(key >>> 0);
    const executable = operands && {
      operands,
      length: BigInt(operands.instruction.encoding.length),
      execute: this.#semanticsOf(operands.instruction),
    };
    if (this.#decoded.size > MOST_WORDS) this.#decoded.clear();
    this.#decoded.set(key, executable);
    return executable;
  }

  #raiseIllegal(word: number): never {
    this.#set32(state.raisedCause.offset, Cause.illegalInstruction);
    this.#set64(state.raisedValue.offset, BigInt((word & 3) === 3 ? word >>> 0 : word & 0xffff));
    throw RAISED;
  }

  #semanticsOf(instruction: Instruction): Evaluated {
    let semantics = this.#semantics.get(instruction);
    if (semantics === undefined) {
      const { name, standsFor = name } = instruction;
      const described: Block = instruction.semantics();
      semantics = this.#evaluator.block(this.#configuration.rewrite?.(standsFor, described) ?? described);
      this.#semantics.set(instruction, semantics);
    }
    return semantics;
  }

  #get32(offset: number): number {
    return this.#words[(this.#context.hart + offset) >>> 2] ?? 0;
  }
  #set32(offset: number, value: number): void {
    this.#words[(this.#context.hart + offset) >>> 2] = value;
  }
  #get64(offset: number): bigint {
    return this.#longs[(this.#context.hart + offset) >>> 3] ?? 0n;
  }
  #set64(offset: number, value: bigint): void {
    this.#longs[(this.#context.hart + offset) >>> 3] = value;
  }
}
