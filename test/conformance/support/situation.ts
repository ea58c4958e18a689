/** Cases about one hart whose traps go to known places: what it is before, and what it is after a trap or without one. */
import type { PrivilegeMode } from "../../../emulator/board/machine.ts";
import type { Expectation, State } from "../../../tools/conformance/case.ts";
import type { Status } from "../oracle/status.ts";
import { mstatus } from "../oracle/status.ts";
import { enterTrap } from "../oracle/trap.ts";

/** Where RAM begins; code stands here unless a case says otherwise. */
export const RAM = 0x8000_0000n;
/** Trap vectors, far enough from the code for a table of vectors each. */
export const MACHINE_VECTOR = RAM + 0x1000n;
export const SUPERVISOR_VECTOR = RAM + 0x1400n;
export const DATA = RAM + 0x2000n;
/** An address at which nothing answers. */
export const NOWHERE = 0x4000_0000n;

export interface Situation {
  readonly mode: PrivilegeMode;
  readonly status?: Status;
  readonly pc?: bigint;
  readonly medeleg?: bigint;
  readonly mideleg?: bigint;
  readonly mtvec?: bigint;
  readonly stvec?: bigint;
  readonly csrs?: Readonly<Record<string, bigint>>;
  readonly x?: Readonly<Record<number, bigint>>;
}

/** PMP entry 15 opens all of memory to S and U; the manual closes it where no entry matches (3.7.1). */
const open = { pmpaddr15: (1n << 54n) - 1n, pmpcfg2: 0x1fn << 56n };

const statusOf = ({ status = {} }: Situation): Status => status;
const pcOf = ({ pc = RAM }: Situation): bigint => pc;

/** The hart's state before; PMP lets every mode access everything unless the situation's CSRs configure it. */
export function before(s: Situation): State {
  const { mode, medeleg = 0n, mideleg = 0n, mtvec = MACHINE_VECTOR, stvec = SUPERVISOR_VECTOR } = s;
  const protection = s.csrs?.pmpcfg0 === undefined ? open : {};
  return {
    pc: pcOf(s),
    mode,
    ...(s.x === undefined ? {} : { x: s.x }),
    csrs: { ...protection, mtvec, stvec, medeleg, mideleg, mstatus: mstatus(statusOf(s)), ...s.csrs },
  };
}

/** After an exception. */
export function trapped(s: Situation, code: number, value: bigint, epc = pcOf(s)): Expectation {
  return afterTrap(s, code, false, value, epc, 0n);
}

/** After an interrupt was taken and the handler's first instruction, four bytes long, executed in the same slot. */
export function interrupted(s: Situation, code: number, epc = pcOf(s)): Expectation {
  return afterTrap(s, code, true, 0n, epc, 4n);
}

function afterTrap(
  s: Situation,
  code: number,
  interrupt: boolean,
  value: bigint,
  epc: bigint,
  executed: bigint,
): Expectation {
  const { mtvec = MACHINE_VECTOR, stvec = SUPERVISOR_VECTOR } = s;
  const entry = enterTrap({ ...s, mtvec, stvec, status: statusOf(s) }, code, interrupt);
  return {
    pc: entry.pc + executed,
    csrs: { mstatus: mstatus(entry.status) },
    trap: { mode: entry.mode, cause: entry.cause, pc: epc, value },
  };
}

/** After `bytes` of straight code: the mode as before, and nothing else changed but what `more` says. */
export const went = (s: Situation, bytes = 4n, more: Omit<Expectation, "pc"> = {}): Expectation => ({
  pc: BigInt.asUintN(64, pcOf(s) + bytes),
  mode: s.mode,
  ...more,
});
