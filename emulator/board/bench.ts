/** Harts with a little RAM and no devices, to try code on: any state goes in, and what came of it comes out. */
import { createEngine } from "../engine/create.ts";
import type { Configuration, Engine, Rewrite, RunEnd } from "../engine/engine.ts";
import { ENGINE_OFFSET, state, TLB_OFFSET } from "../hart/layout.ts";
import { RAM_BASE } from "../memory/physical.ts";
import { defaultCpu } from "./cpu.ts";
import { Hart } from "./hart-view.ts";
import type { TrapRecord } from "./machine.ts";
import { type CpuOptions, defaultOptions, type EngineName } from "./options.ts";
import type { Placement } from "./placement.ts";
import { placeMachine } from "./placement.ts";
import { resetHart } from "./reset.ts";
import { trapCount, trapRecords } from "./trap-records.ts";

export interface BenchOptions {
  readonly engine: EngineName;
  readonly cpu?: CpuOptions;
  readonly harts?: number;
  /** Bytes of RAM from `RAM_BASE` on, a multiple of 4096; 64 KiB unless told. */
  readonly memory?: number;
  readonly rewrite?: Rewrite | undefined;
}

/** Where a hart of a bench stands after reset. */
const BENCH_PC = RAM_BASE;

export class Bench {
  readonly harts: readonly Hart[];
  /** What executes. */
  engine: EngineName;
  #configuration: Configuration;
  readonly #placement: Placement;
  readonly #memory: number;
  #engine: Engine;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** The hart that executed last. */
  #turn = 0;
  /** Machine memory of the harts after reset, with nothing remembered by the engine. */
  readonly #pristine: readonly Uint8Array[];

  private constructor(
    name: EngineName,
    configuration: Configuration,
    placement: Placement,
    memory: number,
    engine: Engine,
  ) {
    this.engine = name;
    this.#configuration = configuration;
    this.#placement = placement;
    this.#memory = memory;
    this.#engine = engine;
    this.#bytes = new Uint8Array(configuration.memory.buffer);
    this.#view = new DataView(configuration.memory.buffer);
    this.harts = placement.harts.map((_, index) => new Hart(index, placement, configuration));
    this.#pristine = placement.harts.map((at) => this.#bytes.slice(at, at + placement.hartBytes));
  }

  static async create(asked: BenchOptions): Promise<Bench> {
    const { engine: name, cpu = defaultCpu, harts = 1, memory = 0x10000, rewrite } = asked;
    const board = placeMachine({ ...defaultOptions, engine: name, cpu, harts, memory });
    const placement = { ...board, settings: { ...board.settings, clint: 0n, serial: 0n } };
    const machineMemory = new WebAssembly.Memory({ initial: placement.bytes / 65536 });
    const view = new DataView(machineMemory.buffer);
    for (const [hart, at] of placement.harts.entries()) resetHart(view, at, hart, cpu, BENCH_PC);
    const absent = () => 0;
    const configuration: Configuration = {
      memory: machineMemory,
      cpu,
      harts: placement.harts,
      settings: placement.settings,
      host: { deviceAt: absent, deviceRead: absent, deviceWrite: absent, storeObserved: absent },
      rewrite,
      brief: true,
    };
    const engine = await createEngine(name, configuration, placement);
    return new Bench(name, configuration, placement, memory, engine);
  }

  /** Has the description executed with faults in it from the next reset on, or as it is again. */
  async seed(rewrite: Rewrite | undefined): Promise<void> {
    this.#configuration = { ...this.#configuration, rewrite };
    await this.useEngine(this.engine);
  }

  /** Has another engine execute from here on. */
  async useEngine(name: EngineName): Promise<void> {
    this.#engine = await createEngine(name, this.#configuration, this.#placement);
    this.#engine.stateChanged();
    this.engine = name;
  }

  /** Everything is as after reset, and RAM is zero. */
  reset(): void {
    this.#turn = 0;
    this.#placement.harts.forEach((at, hart) => {
      const pristine = this.#pristine[hart];
      if (pristine !== undefined) this.#bytes.set(pristine, at);
    });
    this.#bytes.fill(0, this.#placement.ram, this.#placement.ram + this.#memory);
    this.#engine.memoryChanged(0, this.#memory);
    this.#engine.stateChanged();
  }

  /**
   * Executes up to `slots` time slots on a hart, as `Engine.run`; state set before has taken effect. Where another hart
   * executed before, that one's turn has ended and with it, as on the board, its reservation.
   */
  run(slots: number, hart = 0): RunEnd {
    if (hart !== this.#turn) {
      this.#view.setBigInt64((this.#placement.harts[this.#turn] ?? 0) + state.reservation.offset, -1n, true);
      this.#turn = hart;
    }
    this.#engine.stateChanged();
    return this.#engine.run(hart, slots, false);
  }

  /** As `run`, where nothing has been set since: what the engine remembers of the harts is still true. */
  resume(slots: number, hart = 0): RunEnd {
    return this.#engine.run(hart, slots, false);
  }

  /** Traps since the bench was made, over all resets, modulo 2^32. */
  get trapCount(): number {
    return trapCount(this.#view, this.#placement.trapLog);
  }

  /** The most recent traps, oldest first. */
  traps(): TrapRecord[] {
    return trapRecords(this.#view, this.#placement.trapLog);
  }

  /** Puts bytes into RAM. Throws a RangeError where there is none. */
  write(address: bigint, bytes: Uint8Array): void {
    const offset = this.#offset(address, bytes.length);
    this.#bytes.set(bytes, this.#placement.ram + offset);
    this.#engine.memoryChanged(offset, bytes.length);
  }

  /** A copy of bytes in RAM. Throws a RangeError where there is none. */
  read(address: bigint, length: number): Uint8Array {
    const from = this.#placement.ram + this.#offset(address, length);
    return this.#bytes.slice(from, from + length);
  }

  /** RAM itself, to look at. */
  get ram(): Uint8Array {
    return this.#bytes.subarray(this.#placement.ram, this.#placement.ram + this.#memory);
  }

  /** A hart's state as it lies in memory, to look at: registers and CSRs, then the TLB. The same on every engine. */
  stateOf(hart: number): readonly [registers: Uint8Array, tlb: Uint8Array] {
    const at = this.#placement.harts[hart] ?? 0;
    return [
      this.#bytes.subarray(at, at + ENGINE_OFFSET),
      this.#bytes.subarray(at + TLB_OFFSET, at + this.#placement.hartBytes),
    ];
  }

  #offset(address: bigint, length: number): number {
    const offset = Number(address - RAM_BASE);
    if (offset >= 0 && offset + length <= this.#memory) return offset;
    throw new RangeError(`${length} bytes at 0x${address.toString(16)} are not in the bench's RAM`);
  }
}
