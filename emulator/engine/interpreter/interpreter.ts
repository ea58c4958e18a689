/** The interpreter: generated WebAssembly over decoded code. */
import { state } from "../../hart/layout.ts";
import { createDecoder } from "../../isa/decode.ts";
import { instructionSet } from "../../isa/table.ts";
import { pageFlagsOf } from "../../memory/physical.ts";
import type { Configuration, Engine, RunEnd } from "../engine.ts";
import { hostFuses } from "../native-float/host-fusing.ts";
import { TRACED_AT_ONCE } from "../translator/policy.ts";
import type { CodeEvents, DecodedCodeProcedures } from "./code-pages.ts";
import { CodePages } from "./code-pages.ts";
import { decodeSlots, forgetCode } from "./decoded-code.ts";
import type { InterpreterExports } from "./exports.ts";
import { exportName } from "./exports.ts";
import { generateInterpreter } from "./generate.ts";
import { handlersOf } from "./handlers.ts";
import { attention, LOOKASIDE_ENTRIES, memos, READ_TABLE, WRITE_TABLE } from "./lookaside.ts";
import { RunResult } from "./loop.ts";
import { TRACE_OFFSET } from "./slot.ts";
import { STEP_BYTES } from "./trace.ts";

/** Bytes of machine memory for the records of translated regions, links, counters of exits, and a trace. */
export const REGION_RECORD_BYTES = TRACE_OFFSET + TRACED_AT_ONCE * STEP_BYTES;

export interface InterpreterPlacement {
  /** Where RAM begins in machine memory. */
  readonly ram: number;
  /** Where what is kept of translated regions goes, and a trace, `REGION_RECORD_BYTES` long. */
  readonly regions: number;
}

/** What modules that are generated for a machine depend on: also what the host can do. */
export const likenessOf = ({ settings, cpu, harts, memory }: Configuration): string =>
  [hostFuses(), ...Object.values(settings), ...cpu.extensions, ...harts, memory.buffer.byteLength].join();

/** The module compiled last, and what it was compiled for. */
let recent: { readonly likeness: string; readonly module: Promise<WebAssembly.Module> } | undefined;

/** Learns of changes to code that has been decoded, and of what executes. */
export interface CodeListener extends Pick<CodeEvents, "pageGoes"> {
  /** Bytes of RAM that have been translated from may have changed. */
  codeChanged(offset: number, bytes: number): void;
  /**
   * A hart with so many slots left has come to where a breakpoint may be, but is none. Gives true if it is to go on with
   * what stands there now; otherwise the instruction executes by itself.
   */
  stopped(hart: number, slots: number): boolean;
}

export class Interpreter implements Engine {
  /** The decoded code, and what the generated module exports: for what is built on the interpreter. */
  readonly pages: CodePages;
  readonly exports: InterpreterExports;
  /** Where a trace is written down. */
  readonly traceRecords: number;
  listener: CodeListener | undefined;
  readonly #configuration: Configuration;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  #breakpoints: ReadonlySet<bigint> = new Set();

  private constructor(
    configuration: Configuration,
    placement: InterpreterPlacement,
    module: WebAssembly.Module,
  ) {
    this.#configuration = configuration;
    this.traceRecords = placement.regions + TRACE_OFFSET;
    const { buffer } = configuration.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#view = new DataView(buffer);
    const instructions = instructionSet(configuration.cpu.extensions);
    const memory = {
      buffer,
      ram: placement.ram,
      pageFlags: pageFlagsOf(buffer, configuration.settings),
      room: Number(configuration.settings.decodedCode),
      ramBytes: Number(configuration.settings.ramBytes),
    };
    const instance = new WebAssembly.Instance(module, {
      memory: { memory: configuration.memory },
      host: this.#hostFunctions(),
    });
    this.exports = instance.exports as unknown as InterpreterExports;
    configuration.keptModules?.executes(module, this.exports.run);
    const procedures = {
      decodeSlots: this.exports[exportName(decodeSlots.procedure.name)],
      forgetCode: this.exports[exportName(forgetCode.procedure.name)],
    } as DecodedCodeProcedures;
    this.pages = new CodePages(memory, createDecoder(instructions), handlersOf(instructions), procedures, {
      pageBecameCode: () => this.#forgetStores(),
      pagesDropped: () => this.#forgetEverything(),
      pageGoes: (page) => this.listener?.pageGoes(page),
    });
    this.#forgetEverything();
  }

  /**
   * Generates and compiles the interpreter for a machine, unless the last machine was alike. What engines keep about harts
   * must be clear.
   */
  static async create(configuration: Configuration, placement: InterpreterPlacement): Promise<Interpreter> {
    const { cpu, rewrite, keptModules } = configuration;
    const likeness = likenessOf(configuration);
    const generate = () =>
      generateInterpreter(configuration, instructionSet(cpu.extensions), placement.regions);
    const compile = () => WebAssembly.compile(generate());
    if (rewrite !== undefined) return new Interpreter(configuration, placement, await compile());
    if (recent?.likeness !== likeness) {
      recent = { likeness, module: keptModules?.compile(likeness, generate) ?? compile() };
    }
    return new Interpreter(configuration, placement, await recent.module);
  }

  run(hart: number, slots: number, past: boolean): RunEnd {
    const address = this.#configuration.harts[hart] ?? 0;
    const clock = (address + state.clock.offset) >> 2;
    for (let left = slots, passes = past; ; ) {
      const before = this.#words[clock] ?? 0;
      const result = this.exports.run(address, left, passes ? 1 : 0);
      const end = this.#endOf(result, address);
      if (end !== undefined) return end;
      left -= ((this.#words[clock] ?? 0) - before) | 0;
      passes = this.listener?.stopped(hart, left) !== true;
    }
  }

  /**
   * Executes up to `TRACED_AT_ONCE` instructions one by one, and writes down each from the address `traceRecords` on
   * (trace.ts). Gives how many have been, and how the last of all ended, which has no record unless that was by "slots".
   */
  trace(hart: number, steps: number): { readonly made: number; readonly end: RunEnd } {
    const address = this.#configuration.harts[hart] ?? 0;
    for (let made = 0, past = 0; ; past = 1) {
      const at = this.traceRecords + made * STEP_BYTES;
      const [more, result] = this.exports.trace(address, steps - made, past, at);
      made += more;
      const end = this.#endOf(result, address);
      if (end !== undefined) return { made, end };
    }
  }

  /** Undefined where there is no breakpoint after all: another page has one at this place. */
  #endOf(result: number, address: number): RunEnd | undefined {
    if (result !== RunResult.breakpoint) return result === RunResult.turn ? "turn" : "slots";
    const pc = this.#view.getBigUint64(address + state.pc.offset, true);
    return this.#breakpoints.has(pc) ? "breakpoint" : undefined;
  }

  breakAt(addresses: ReadonlySet<bigint>): void {
    this.#breakpoints = addresses;
    this.pages.breakAt(new Set([...addresses].map((address) => Number(address & 0xfffn))));
  }

  memoryChanged(offset: number, bytes: number): void {
    this.pages.changed(offset, bytes);
  }

  stateChanged(): void {
    this.#forgetEverything();
  }

  /** The board's procedures; after each that may change interrupts or code, every hart looks again. */
  #hostFunctions(): WebAssembly.ModuleImports {
    const { host } = this.#configuration;
    return {
      deviceAt: (address: number, bytes: number) => host.deviceAt(address >>> 0, bytes),
      deviceRead: (address: number, bytes: number) => {
        const value = host.deviceRead(address >>> 0, bytes);
        this.#demandAttention();
        return value;
      },
      deviceWrite: (address: number, bytes: number, value: number) => {
        host.deviceWrite(address >>> 0, bytes, value >>> 0);
        this.#demandAttention();
      },
      storeObserved: (offset: number, bytes: number) => {
        host.storeObserved(offset >>> 0, bytes);
        this.#demandAttention();
      },
      makeDecodedPage: (offset: number) => this.pages.decodedPage(offset >>> 0),
      dropDecodedPage: (offset: number) => this.pages.drop(offset >>> 0),
      translatedCodeStored: (offset: number, bytes: number) => {
        this.listener?.codeChanged(offset >>> 0, bytes);
        this.#demandAttention();
      },
      decodeWord: (word: number, slot: number) => this.pages.decodeWord(word, slot >>> 0),
    };
  }

  #demandAttention(): void {
    for (const hart of this.#configuration.harts) this.#words[(hart + attention.offset) >> 2] = 1;
  }

  #forgetStores(): void {
    for (const hart of this.#configuration.harts) {
      this.#bytes.fill(0xff, hart + WRITE_TABLE, hart + WRITE_TABLE + LOOKASIDE_ENTRIES * 16);
    }
  }

  #forgetEverything(): void {
    for (const hart of this.#configuration.harts) {
      this.#bytes.fill(0xff, hart + READ_TABLE, hart + READ_TABLE + 3 * LOOKASIDE_ENTRIES * 16);
      this.#bytes.fill(0, hart + memos.offset, hart + memos.offset + memos.bytes);
    }
    this.#demandAttention();
  }
}
