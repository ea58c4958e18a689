/** The machine as its embedders see it: built from images and options, run in slices, looked into at any time. */
import type { EngineCounters } from "../engine/engine.ts";
import type { Input } from "../history/input.ts";
import type { EngineName, MachineOptions } from "./options.ts";
import type { Stop } from "./stop.ts";

export type PrivilegeMode = "M" | "S" | "U";

export interface TlbEntry {
  readonly set: number;
  readonly way: number;
  readonly asid: number;
  readonly global: boolean;
  /** First virtual and physical address of the page, and its size in bytes. */
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly bytes: bigint;
  /** For example "vrwxu-ad". */
  readonly permissions: string;
  /** As the page-table entry says (Svpbmt): main memory, non-cacheable, or I/O. */
  readonly memoryType: "main" | "nc" | "io";
}

export interface TlbCounters {
  readonly hits: bigint;
  readonly misses: bigint;
  readonly evictions: bigint;
  readonly flushes: bigint;
}

/** One trap taken, oldest first in `Machine.traps()`. */
export interface TrapRecord {
  readonly hart: number;
  /** Value of the hart's retired-instruction counter when the trap was taken. */
  readonly instructions: bigint;
  readonly interrupt: boolean;
  readonly cause: number;
  readonly pc: bigint;
  readonly tval: bigint;
  readonly from: PrivilegeMode;
  readonly to: PrivilegeMode;
}

/** What a hart is to hold. All values are unsigned and at most 64 bits wide; what is not named stays as it is. */
export interface HartState {
  readonly pc?: bigint;
  readonly mode?: PrivilegeMode;
  /** Asleep in wfi. */
  readonly waiting?: boolean;
  readonly x?: Readonly<Record<number, bigint>>;
  readonly f?: Readonly<Record<number, bigint>>;
  /** Written as M-mode would. */
  readonly csrs?: Readonly<Record<string, bigint>>;
  /** The board's interrupt lines, as bits of mip. */
  readonly lines?: bigint;
}

/** One hart, read-only. All 64-bit values are unsigned bigints. */
export interface HartView {
  readonly index: number;
  readonly pc: bigint;
  readonly mode: PrivilegeMode;
  /** True while the hart sleeps in `wfi`. */
  readonly waiting: boolean;
  readonly instructions: bigint;
  x(register: number): bigint;
  f(register: number): bigint;
  /** A CSR's value by name, read without side effects. Throws on an unknown name. */
  csr(name: string): bigint;
  tlb(): TlbEntry[];
  tlbCounters(): TlbCounters;
  /** Physical address behind a virtual one as a fetch in the current mode would find it; undefined where it would fault. No side effects. */
  translate(virtual: bigint): bigint | undefined;
}

export interface Machine {
  readonly options: MachineOptions;
  readonly harts: readonly HartView[];
  /** Addresses at which `run` stops before the instruction executes; running on from such a stop executes it. */
  readonly breakpoints: Set<bigint>;
  /**
   * Runs for `slots` time slots over all harts, or until something stops the machine earlier. Every instruction takes
   * one slot, whether it retires or traps.
   */
  run(slots: number): Stop;
  /** Executes exactly one instruction, or takes one trap, on one hart. */
  step(hart: number): Stop;
  /** The engine that executes. */
  readonly engine: EngineName;
  /**
   * Has another engine execute from here on; the guest cannot tell. `run` and `step` must not be called before the
   * promise is kept.
   */
  useEngine(name: EngineName): Promise<void>;
  /** What the engine has translated, if it does; counted from when it began to execute. */
  readonly engineCounters: EngineCounters | undefined;
  /** Lets guest time pass while all harts wait (after a stop with reason "idle"). */
  advance(ticks: bigint): void;
  /** Instructions retired over all harts. */
  readonly instructions: bigint;
  /** Guest time in 10 MHz ticks. */
  readonly ticks: bigint;
  /** Types bytes into the serial port. */
  typeConsole(bytes: Uint8Array): void;
  typeVirtioConsole(bytes: Uint8Array): void;
  receiveFrame(frame: Uint8Array): void;
  /** Everything that has entered the machine from outside, for `MachineOptions.replay`. */
  readonly inputs: readonly Input[];
  /** The most recent traps of all harts, oldest first. */
  traps(): TrapRecord[];
  /** Traps taken by all harts so far, modulo 2^32. */
  readonly trapCount: number;
  readPhysical(address: bigint, length: number): Uint8Array | undefined;
  /** Flattened device tree the guest was given. */
  readonly deviceTree: Uint8Array;
}
