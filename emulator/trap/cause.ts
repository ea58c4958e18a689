/** Exception causes (privileged 3.1.15) and how instructions raise them. */

import { state } from "../hart/layout.ts";
import { encoding, pc } from "../isa/operands.ts";
import { u32, u64 } from "../language/expression.ts";
import { raise } from "../language/statement.ts";

export const Cause = {
  instructionMisaligned: 0,
  instructionAccess: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  userCall: 8,
  supervisorCall: 9,
  machineCall: 11,
  instructionPage: 12,
  loadPage: 13,
  storePage: 15,
} as const;

/** Raises an illegal-instruction exception; tval holds the instruction's bits. */
export function illegalInstruction(): void {
  raise(Cause.illegalInstruction, encoding.toU64());
}

/** ecall: cause 8, 9 or 11 by mode; tval is 0. */
export function environmentCall(): void {
  raise(state.mode.get().add(Cause.userCall), u64(0));
}

/** ebreak: tval is the instruction's address (Sstvala). */
export function breakpoint(): void {
  raise(u32(Cause.breakpoint), pc);
}
