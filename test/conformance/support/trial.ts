/** How cases are put together: code at one place, in M-mode with the floating-point unit on unless told otherwise. */
import type { PrivilegeMode } from "../../../emulator/board/machine.ts";
import type { Case, Expectation, Piece, State } from "../../../tools/conformance/case.ts";
import { code, lengthOf } from "./assemble.ts";

/** Where the code of a case stands unless it says otherwise. */
export const CODE = 0x8000_1000n;
/** RAM without code, in the middle of a page. */
export const DATA = 0x8000_8800n;
/** Where traps into M-mode go in cases that have `mtvec: HANDLER`. */
export const HANDLER = 0x8000_0100n;

/** What mstatus holds after reset beyond what a case writes: SXL and UXL are 64 bits (privileged 3.1.6.2). */
export const MSTATUS = 0xa_0000_0000n;
/** Values of mstatus.FS at their place. */
export const FS = {
  off: 0n,
  initial: 1n << 13n,
  clean: 2n << 13n,
  dirty: (3n << 13n) | (1n << 63n),
} as const;

/** One naturally aligned range over all of memory, open to S- and U-mode (privileged 3.7.1). */
export const OPEN_MEMORY: Readonly<Record<string, bigint>> = { pmpaddr0: (1n << 54n) - 1n, pmpcfg0: 0x1fn };

export interface Trial {
  readonly name: string;
  readonly because: string;
  /** Instruction words from `before.pc` on. */
  readonly code: readonly number[];
  readonly before?: State;
  readonly otherHarts?: readonly State[];
  readonly memory?: readonly Piece[];
  /** One for each word unless told. */
  readonly slots?: number;
  /** The pc is after the last word unless told. */
  readonly after?: Partial<Expectation>;
}

/** A case of one step. */
export function trial(tried: Trial): Case {
  const { name, because, code: words, before = {}, otherHarts, memory = [], slots, after } = tried;
  const start = before.pc ?? CODE;
  const end = words.reduce((at, w) => at + BigInt(lengthOf(w)), start);
  return {
    name,
    because,
    before: { ...before, pc: start, csrs: csrsBefore(before) },
    ...(otherHarts === undefined ? {} : { otherHarts }),
    memory: [code(start, words), ...memory],
    steps: [{ slots: slots ?? words.length, after: { pc: end, ...after } }],
  };
}

/** mstatus comes last: writing floating-point CSRs sets its FS. */
function csrsBefore({ mode = "M", csrs = {} }: State): Readonly<Record<string, bigint>> {
  const { mstatus = MSTATUS | FS.initial, ...others } = csrs;
  return { ...(mode === "M" ? {} : OPEN_MEMORY), ...others, mstatus };
}

const MODE: Readonly<Record<PrivilegeMode, bigint>> = { U: 0n, S: 1n, M: 3n };

/** mstatus after a trap into M- or S-mode (privileged 3.1.6.1): interrupts disabled, and what was before is stacked. */
export function stacked(mstatus: bigint, from: PrivilegeMode, into: "M" | "S"): bigint {
  const [enable, previous, mode, width] = into === "M" ? [3n, 7n, 11n, 2n] : [1n, 5n, 8n, 1n];
  const cleared = mstatus & ~((1n << enable) | (1n << previous) | (((1n << width) - 1n) << mode));
  return cleared | (((mstatus >> enable) & 1n) << previous) | (MODE[from] << mode);
}

export interface Trapped {
  readonly cause: bigint;
  /** What the mode's tval register holds. */
  readonly value: bigint;
  /** Address of the instruction that trapped; `CODE` unless told. */
  readonly pc?: bigint;
  /** The mode it executed in; M unless told. */
  readonly from?: PrivilegeMode;
  /** mstatus before; as `trial` leaves it unless told. */
  readonly mstatus?: bigint;
}

/** What holds after a trap into M-mode whose handler stands at `HANDLER`: nothing but the trap has happened. */
export function trapped(trap: Trapped): Expectation {
  const { cause, value, pc = CODE, from = "M", mstatus = MSTATUS | FS.initial } = trap;
  return {
    pc: HANDLER,
    trap: { mode: "M", cause, pc, value },
    csrs: { mstatus: stacked(mstatus, from, "M") },
  };
}

/** A case of one instruction that must be illegal, with its own bits in mtval. */
export function illegal(name: string, because: string, instruction: number, before: State = {}): Case {
  const mstatus = before.csrs?.mstatus;
  return trial({
    name,
    because,
    code: [instruction],
    before: { ...before, csrs: { mtvec: HANDLER, ...before.csrs } },
    after: trapped({
      cause: 2n,
      value: BigInt(instruction),
      ...(before.pc === undefined ? {} : { pc: before.pc }),
      ...(before.mode === undefined ? {} : { from: before.mode }),
      ...(mstatus === undefined ? {} : { mstatus }),
    }),
  });
}
