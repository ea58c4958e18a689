/** Interrupts: what is pending, and which one is taken (privileged 3.1.9, 4.1.3). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { select, select32, setting32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when } from "../language/statement.ts";
import { EnvironmentBit } from "./envcfg.ts";
import { flag, Status } from "./status.ts";

/** Interrupt causes, also their bit numbers in mip. */
export const Interrupt = {
  supervisorSoftware: 1,
  machineSoftware: 3,
  supervisorTimer: 5,
  machineTimer: 7,
  supervisorExternal: 9,
  machineExternal: 11,
} as const;

/** In the order in which they are taken. */
const BY_PRIORITY = [11, 3, 7, 9, 1, 5];

/** Time slots of one tick of mtime: instructions at a nominal 250 MHz, about what the interpreter does, on a 10 MHz time base. */
export const SLOTS_PER_TICK = 25;

/** mtime as the hart sees it. */
export const ticks = (): I64 => state.clock.get().divU(SLOTS_PER_TICK).add(state.timeOffset.get());

/** Whether stimecmp drives STIP (Sstc). */
export const supervisorTimerOn = (): I32 =>
  setting32("sstc").and(state.menvcfg.get().bit(EnvironmentBit.STCE));

/** mip as software reads it: written bits, the board's lines and the comparators' outputs. */
export const pending = procedure("pending", {}, "i64", () => {
  const now = local(ticks());
  const machineTimer = now.geU(state.mtimecmp.get()).toU64().shl(Interrupt.machineTimer);
  const written = local(state.mip.get().or(state.lines.get()).or(machineTimer));
  const supervisorTimer = now.geU(state.stimecmp.get()).toU64().shl(Interrupt.supervisorTimer);
  return select(
    supervisorTimerOn(),
    written.and(~flag(Interrupt.supervisorTimer)).or(supervisorTimer),
    written,
  );
});

/** The interrupt to take now, or -1. */
export const interruptToTake = procedure("interruptToTake", {}, "i32", () => {
  const enabled = local(pending({}).and(state.mie.get()));
  when(enabled.isZero(), () => returns(u32(-1)));
  const mode = local(state.mode.get());
  const status = local(state.mstatus.get());
  const machineOn = mode.ltU(3).or(status.bit(Status.MIE));
  const supervisorOn = mode.ltU(1).or(mode.eq(1).and(status.bit(Status.SIE)));
  const toMachine = local(select(machineOn, enabled.and(state.mideleg.get().not()), 0));
  const toSupervisor = select(supervisorOn, enabled.and(state.mideleg.get()), 0);
  const candidates = local(select(toMachine.ne(0), toMachine, toSupervisor));
  let first = u32(-1);
  for (const cause of [...BY_PRIORITY].reverse()) first = select32(candidates.bit(cause), cause, first);
  return first;
});

/** Whether a hart asleep in wfi wakes: something enabled is pending, whatever the global enables say. */
export const wakes = (): I32 => pending({}).and(state.mie.get()).ne(0);

/** Slots until a comparator that has not fired yet does; all ones when none ever will. */
export const slotsToTimer = procedure("slotsToTimer", {}, "i64", () => {
  const clock = local(state.clock.get());
  const never = u64(-1);
  const nearest = local(never);
  for (const comparator of [state.mtimecmp, state.stimecmp]) {
    const at = local(comparator.get().sub(state.timeOffset.get()));
    // A comparator beyond the range of the clock never fires.
    when(
      comparator
        .get()
        .gtU(ticks())
        .and(at.ltU(1n << 56n)),
      () => {
        const slots = local(at.mul(SLOTS_PER_TICK).sub(clock));
        when(slots.ltU(nearest), () => nearest.set(slots));
      },
    );
  }
  return nearest;
});
