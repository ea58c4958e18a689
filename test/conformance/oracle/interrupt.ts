/** Which interrupt is taken (privileged 3.1.9, 4.1.3). */
import type { PrivilegeMode } from "../../../emulator/board/machine.ts";
import type { Status } from "./status.ts";

/** Numbers of interrupts: bits of mip and mie, and codes in the cause register. */
export const interrupt = { SSI: 1, MSI: 3, STI: 5, MTI: 7, SEI: 9, MEI: 11 } as const;

const priority = [
  interrupt.MEI,
  interrupt.MSI,
  interrupt.MTI,
  interrupt.SEI,
  interrupt.SSI,
  interrupt.STI,
] as const;

export interface Interruptible {
  readonly mode: PrivilegeMode;
  readonly status: Status;
  readonly mideleg: bigint;
  readonly mie: bigint;
  /** mip as software reads it. */
  readonly pending: bigint;
}

/** The code of the interrupt that is taken before the next instruction, if any; M-mode's come first. */
export function interruptTaken({ mode, status, mideleg, mie, pending }: Interruptible): number | undefined {
  const enabled = pending & mie;
  const machineOn = mode !== "M" || status.MIE === 1;
  const supervisorOn = mode === "U" || (mode === "S" && status.SIE === 1);
  const first = (set: bigint) => priority.find((code) => (set >> BigInt(code)) & 1n);
  return (
    (machineOn ? first(enabled & ~mideleg) : undefined) ??
    (supervisorOn ? first(enabled & mideleg) : undefined)
  );
}

/** Whether wfi goes on: an interrupt is pending and enabled in mie, whatever the global enables and delegation say (3.3.3). */
export const resumes = (mie: bigint, pending: bigint): boolean => (mie & pending) !== 0n;
