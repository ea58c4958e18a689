/** Entering a trap and returning from one, as the manual tells it (privileged 3.1.6.1, 3.1.7, 3.1.8, 3.1.14 to 3.1.16). */
import type { PrivilegeMode } from "../../../emulator/board/machine.ts";
import type { Status } from "./status.ts";
import { modeNumber } from "./status.ts";

/** Exception codes of mcause (privileged table 3.6). */
export const exception = {
  instructionMisaligned: 0,
  instructionAccess: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  callFromU: 8,
  callFromS: 9,
  callFromM: 11,
  instructionPage: 12,
  loadPage: 13,
  storePage: 15,
} as const;

const INTERRUPT = 1n << 63n;

/** What decides where a trap goes. */
export interface TrapSetup {
  readonly mode: PrivilegeMode;
  readonly status: Status;
  readonly medeleg?: bigint;
  readonly mideleg?: bigint;
  readonly mtvec?: bigint;
  readonly stvec?: bigint;
}

export interface TrapEntry {
  readonly mode: "M" | "S";
  /** As the cause register holds it. */
  readonly cause: bigint;
  /** Where the handler begins. */
  readonly pc: bigint;
  readonly status: Status;
}

/** A trap: traps never go to a less privileged mode, and M-mode's are never delegated (3.1.8). */
export function enterTrap(setup: TrapSetup, code: number, interrupt = false): TrapEntry {
  const { mode, status, medeleg = 0n, mideleg = 0n, mtvec = 0n, stvec = 0n } = setup;
  const delegated = mode !== "M" && (((interrupt ? mideleg : medeleg) >> BigInt(code)) & 1n) === 1n;
  const vector = delegated ? stvec : mtvec;
  const base = vector - (vector % 4n);
  const pc = base + (interrupt && vector % 4n === 1n ? 4n * BigInt(code) : 0n);
  const cause = BigInt(code) + (interrupt ? INTERRUPT : 0n);
  return delegated
    ? { mode: "S", cause, pc, status: { ...status, SPIE: status.SIE ?? 0, SIE: 0, SPP: modeNumber[mode] } }
    : { mode: "M", cause, pc, status: { ...status, MPIE: status.MIE ?? 0, MIE: 0, MPP: modeNumber[mode] } };
}

export interface Return {
  readonly mode: PrivilegeMode;
  readonly status: Status;
}

const modes: readonly PrivilegeMode[] = ["U", "S", "U", "M"];

/** mret (3.3.2): MPRV falls where the new mode is less privileged than M. */
export function returnFromMachine(status: Status): Return {
  const mode = modes[status.MPP ?? 0] ?? "U";
  const MPRV = mode === "M" ? (status.MPRV ?? 0) : 0;
  return { mode, status: { ...status, MIE: status.MPIE ?? 0, MPIE: 1, MPP: 0, MPRV } };
}

/** sret: never to M-mode, so MPRV always falls. */
export const returnFromSupervisor = (status: Status): Return => ({
  mode: status.SPP ? "S" : "U",
  status: { ...status, SIE: status.SPIE ?? 0, SPIE: 1, SPP: 0, MPRV: 0 },
});
