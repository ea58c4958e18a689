/** Interrupts: what is pending, and which one is taken (privileged 3.1.9, 4.1.3). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { hart, select, select32, setting32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, storeCell, when } from "../language/statement.ts";
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

/** The comparators' outputs now, as mip bits. */
const comparators = procedure("comparators", {}, "i64", () => {
  const now = local(ticks());
  const machineTimer = now.geU(state.mtimecmp.get()).toU64().shl(Interrupt.machineTimer);
  const supervisorTimer = now.geU(state.stimecmp.get()).toU64().shl(Interrupt.supervisorTimer);
  return machineTimer.or(select(supervisorTimerOn(), supervisorTimer, 0));
});

const timersOutdated = (): I32 => state.clock.get().geU(state.timersUntil.get());

/** To be said by whoever writes a comparator, its enable or the time of the hart whose state lies there. */
export const timersChanged = (of: I32 = hart): void => storeCell("i64", of, u64(0), state.timersUntil.offset);

/** Keeps what the comparators drive, and until when: so nobody needs to compare, or divide, before. */
const renewTimers = procedure("renewTimers", {}, "none", () => {
  state.timers.set(comparators({}));
  const elapsed = local(state.clock.get().divU(SLOTS_PER_TICK));
  const nearest = local(u64(-1));
  // An output also changes when mtime wraps to 0.
  for (const at of [state.mtimecmp.get(), state.stimecmp.get(), u64(0)]) {
    const tick = local(at.sub(state.timeOffset.get()));
    // What is beyond the range of the clock never comes.
    when(tick.gtU(elapsed).and(tick.ltU(1n << 56n)), () => {
      const slot = local(tick.mul(SLOTS_PER_TICK));
      when(slot.ltU(nearest), () => nearest.set(slot));
    });
  }
  state.timersUntil.set(nearest);
});

/** mip as software reads it: written bits, the board's lines and the comparators' outputs. */
export const pending = procedure("pending", {}, "i64", () => {
  const timers = local(state.timers.get());
  when(timersOutdated(), () => timers.set(comparators({})));
  const written = local(state.mip.get().or(state.lines.get()));
  const shown = select(supervisorTimerOn(), written.and(~flag(Interrupt.supervisorTimer)), written);
  return shown.or(timers);
});

/** The interrupt to take now, or -1. */
export const interruptToTake = procedure("interruptToTake", {}, "i32", () => {
  when(timersOutdated(), () => renewTimers({}));
  const asked = state.mip.get().or(state.lines.get()).or(state.timers.get());
  when(asked.and(state.mie.get()).isZero(), () => returns(u32(-1)));
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

/** Slots until a comparator's output may change, when `interruptToTake` has just been asked. */
export const slotsToTimer = procedure("slotsToTimer", {}, "i64", () =>
  state.timersUntil.get().sub(state.clock.get()),
);
