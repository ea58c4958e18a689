/** A conformance case: what a hart holds, what it executes, and what the specification says it then holds. */
import type { HartState } from "../../emulator/board/machine.ts";

/** Registers by name. */
export type State = Omit<HartState, "lines">;

/** Bytes from an address in RAM on. */
export interface Piece {
  readonly at: bigint;
  readonly bytes: Uint8Array;
}

/** Something that comes from outside, and time slots that pass after it. */
export interface Step {
  /** The hart that executes; 0 unless told. */
  readonly hart?: number;
  /** How many slots: each an instruction, retired or trapped. An interrupt is taken in the slot of its handler's first instruction. */
  readonly slots: number;
  /** Interrupt lines of the board as they are from now on, as mip bits (MSIP 3, MTIP 7, SEIP 9, MEIP 11). */
  readonly lines?: bigint;
  /** What the executing hart holds now, as if a debugger had written it. */
  readonly set?: State;
  /** What someone else, a device or another hart, has stored. */
  readonly stores?: readonly Piece[];
  /** What holds afterwards. */
  readonly after: Expectation;
}

/**
 * What must hold. Of the hart that executed, x and f registers and the CSRs of `watchedCsrs` that are not named have not
 * changed in the step; memory that is not named is not looked at.
 */
export interface Expectation extends State {
  readonly pc: bigint;
  readonly memory?: readonly Piece[];
  /** The last slot was a trap into this mode; it is checked in the mode's cause, epc and tval registers. */
  readonly trap?: {
    readonly mode: "M" | "S";
    readonly cause: bigint;
    readonly pc: bigint;
    readonly value: bigint;
  };
  /** TLB misses that the step must have counted. */
  readonly tlbMisses?: bigint;
}

export interface Case {
  /** Unique in its test. */
  readonly name: string;
  /** What the specification says, and where: "Zbb 2.3: clz of zero is XLEN". */
  readonly because: string;
  /** Hart 0 before; hart `n` in `otherHarts[n - 1]`. What is not named is as after reset. */
  readonly before: State;
  readonly otherHarts?: readonly State[];
  readonly memory: readonly Piece[];
  readonly steps: readonly Step[];
}

/** Cases that belong together, the unit that is listed, filtered, sharded and reported. */
export interface Test {
  /** For example "mul" in the suite "integer"; unique in its suite. */
  readonly name: string;
  /** As for `--cpu`; the default processor unless told. */
  readonly cpu?: string;
  readonly harts?: number;
  /** Bytes of RAM from 0x8000_0000 on; 64 KiB unless told. */
  readonly ram?: number;
  /** Made when asked for: there may be many. The same in every call. */
  cases(): Iterable<Case>;
}

/** What a file `NAME.suite.ts` exports as `suite`. */
export interface Suite {
  /** One line for people. */
  readonly about: string;
  readonly tests: readonly Test[];
}

/** CSRs that only change where a case says so; counters and what shows interrupts pending may. */
export const watchedCsrs = [
  ...["mstatus", "mtvec", "medeleg", "mideleg", "mie", "mscratch", "mepc", "mcause", "mtval"],
  ...[
    "menvcfg",
    "mcounteren",
    "stvec",
    "sscratch",
    "sepc",
    "scause",
    "stval",
    "satp",
    "scounteren",
    "senvcfg",
  ],
  ...["fcsr", "pmpcfg0", "pmpcfg2", "pmpaddr0", "pmpaddr1", "pmpaddr2", "pmpaddr3"],
] as const;
