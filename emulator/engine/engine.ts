/** What an engine is given, and what it does: executes harts, as a function of machine memory. */
import type { CpuOptions } from "../board/options.ts";
import type { Setting } from "../language/expression.ts";

/** The board, as `host` procedures of the vocabulary reach it. Addresses and values are 32 bits. */
export interface Host {
  deviceAt(address: number, bytes: number): number;
  deviceRead(address: number, bytes: number): number;
  deviceWrite(address: number, bytes: number, value: number): void;
  /** A store to a flagged page; `offset` is relative to the start of RAM. */
  storeObserved(offset: number, bytes: number): void;
}

/** Everything that is fixed before an engine is built. */
export interface Configuration {
  readonly memory: WebAssembly.Memory;
  readonly settings: Readonly<Record<Setting, bigint>>;
  readonly cpu: CpuOptions;
  readonly host: Host;
  /** Address in machine memory of each hart's state. */
  readonly harts: readonly number[];
}

export interface Engine {
  /**
   * Executes up to `slots` time slots (each an instruction or a trap) on a hart. True when the hart waits or yields,
   * which ends its turn. Clock and retired count in the hart's state say how far it came.
   */
  run(hart: number, slots: number): boolean;
  /** Stores from outside (DMA, image loading) have changed RAM: `offset` and `bytes` within RAM. */
  memoryChanged(offset: number, bytes: number): void;
}
