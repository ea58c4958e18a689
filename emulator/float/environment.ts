/** The floating-point environment: fcsr and the field of mstatus that says whether it is in use. */
import { state } from "../hart/layout.ts";
import type { I32 } from "../language/expression.ts";
import { when } from "../language/statement.ts";
import { Status } from "../trap/status.ts";

/** Rounding modes as in frm and in the rm field of instructions. */
export const Rounding = {
  nearestEven: 0,
  towardZero: 1,
  down: 2,
  up: 3,
  nearestAway: 4,
} as const;

/** Exception flags as in fflags. */
export const Flag = {
  inexact: 1,
  underflow: 2,
  overflow: 4,
  divideByZero: 8,
  invalid: 16,
} as const;

/** Where fcsr has the dynamic rounding mode. */
export const Frm = { low: 5, width: 3 } as const;

/** mstatus.FS: 0 off, 1 initial, 2 clean, 3 dirty. */
const FS = 3n << BigInt(Status.FS);

/** True where software has switched the floating-point unit off. */
export const isOff = (): I32 => state.mstatus.get().and(FS).isZero();

/** Notes that floating-point state has changed since software last saved it. */
export const markDirty = (): void => state.mstatus.set(state.mstatus.get().or(FS));

/** Greater modes are reserved. */
export const LAST_MODE = Rounding.nearestAway;

/** The dynamic rounding mode. */
export const dynamicRounding = (): I32 => state.fcsr.get().bits(Frm.low, Frm.width).toI32();

/** Whether the dynamic rounding mode is a reserved one. */
export const modeIsReserved = (): I32 => dynamicRounding().gtU(LAST_MODE);

/** Raises exception flags. */
export function accrue(flags: number): void {
  when(state.fcsr.get().and(flags).ne(flags), () => {
    state.fcsr.set(state.fcsr.get().or(flags));
    markDirty();
  });
}
