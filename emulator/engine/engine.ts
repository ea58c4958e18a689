/** What an engine is given, and what it does: executes harts, as a function of machine memory. */
import type { CpuOptions } from "../board/options.ts";
import type { Setting } from "../language/expression.ts";
import type { Block } from "../language/statement.ts";
import type { KeptRegions } from "./translator/kept-batches.ts";

/** The board, as `host` procedures of the vocabulary reach it. Addresses and values are 32 bits. */
export interface Host {
  deviceAt(address: number, bytes: number): number;
  deviceRead(address: number, bytes: number): number;
  deviceWrite(address: number, bytes: number, value: number): void;
  /** A store to a flagged page; `offset` is relative to the start of RAM. */
  storeObserved(offset: number, bytes: number): void;
}

/**
 * Seeds faults, to find out whether a suite notices: given the name and the body of an instruction or a procedure, gives
 * the body that the engine executes instead.
 */
export type Rewrite = (name: string, body: Block) => Block;

/** Modules that are kept from one run of the host's program to the next. */
export interface KeptModules {
  /** The module that was kept under a name, or one compiled from what `make` makes. */
  compile(name: string, make: () => Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** A module has been instantiated, and most time will pass in this function of the instance. */
  executes(module: WebAssembly.Module, run: WebAssembly.ExportValue): void;
}

/** Everything that is fixed before an engine is built. */
export interface Configuration {
  readonly memory: WebAssembly.Memory;
  readonly settings: Readonly<Record<Setting, bigint>>;
  readonly cpu: CpuOptions;
  readonly host: Host;
  /** Address in machine memory of each hart's state. */
  readonly harts: readonly number[];
  readonly rewrite?: Rewrite | undefined;
  readonly keptModules?: KeptModules | undefined;
  /** Asked for when an engine begins, with some words that say all that its modules depend on but the guest's code. */
  readonly keptRegions?: ((likeness: string) => KeptRegions) | undefined;
  /** Whether programs are so short that little is to count as hot. */
  readonly brief?: boolean | undefined;
  /** Called when the engine begins to translate code, and when it has done so: for those who measure. */
  readonly translating?: ((begins: boolean) => void) | undefined;
}

/** Why a run ended: slots used up; the hart waits or yields, which ends its turn; it stands at a breakpoint. */
export type RunEnd = "slots" | "turn" | "breakpoint";

/** What an engine that translates has done since it was made. */
export interface EngineCounters {
  /** Slots that passed in translated code, and how often it was entered from outside. */
  readonly translatedSlots: number;
  readonly entries: number;
  /** Regions, guest instructions and bytes of WebAssembly translated, and modules they were put in. */
  readonly regions: number;
  readonly instructions: number;
  readonly bytes: number;
  readonly modules: number;
  /** Regions among them that were not compiled: of earlier runs, and those whose code came back. */
  readonly restored: number;
  /** Regions taken away because their code changed or went, and times that everything was. */
  readonly dropped: number;
  readonly flushes: number;
}

export interface Engine {
  /**
   * Executes up to `slots` time slots (each an instruction or a trap) on a hart. Clock and retired count in the hart's
   * state say how far it came. With `past`, the first instruction executes even if there is a breakpoint at it.
   */
  run(hart: number, slots: number, past: boolean): RunEnd;
  /** Sets the addresses at which `run` ends before the instruction executes. */
  breakAt(addresses: ReadonlySet<bigint>): void;
  /** Stores from outside (DMA, image loading) have changed RAM: `offset` and `bytes` within RAM. */
  memoryChanged(offset: number, bytes: number): void;
  /** The state of harts has been written from outside. */
  stateChanged(): void;
  /** Only of an engine that translates. */
  counters?(): EngineCounters;
}
