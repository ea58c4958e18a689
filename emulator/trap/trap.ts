/** Entering and leaving trap handlers (privileged 3.1.6 to 3.1.8, 3.3.2). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { select, select32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, when } from "../language/statement.ts";
import { logTrap } from "./log.ts";
import { flag, Status } from "./status.ts";

/** Bit 63 of mcause: the trap is an interrupt. */
const INTERRUPT = 1n << 63n;

const withBit = (status: I64, bit: number, value: I32): I64 =>
  status.and(~flag(bit)).or(value.toU64().shl(bit));

/** Direct or vectored entry address: vectored interrupts enter at base + 4 x cause. */
const entry = (vector: I64, cause: I64): I64 => {
  const vectored = vector.bit(0).and(cause.shrU(63).toI32());
  return vector.and(-4n).add(select(vectored, cause.shl(2), 0));
};

/**
 * Counts traps that repeat with nothing retired in between: a handler that faults at its own first instruction
 * would trap for ever, and the board stops such a machine.
 */
function countRepetition(pc: I64): void {
  const same = state.retired.get().eq(state.lastTrapRetired.get()).and(pc.eq(state.lastTrapPc.get()));
  state.repeatedTraps.set(select32(same, state.repeatedTraps.get().add(1), 0));
  state.lastTrapRetired.set(state.retired.get());
  state.lastTrapPc.set(pc);
}

/** Takes a trap with a cause as in mcause; `pc` goes to the handler's epc and the hart continues at its vector. */
export const takeTrap = procedure(
  "takeTrap",
  { cause: "i64", value: "i64", pc: "i64" },
  "none",
  ({ cause, value, pc }) => {
    const from = local(state.mode.get());
    const interrupt = cause.and(INTERRUPT).ne(0);
    const delegation = select(interrupt, state.mideleg.get(), state.medeleg.get());
    const delegated = local(from.leU(1).and(delegation.shrU(cause.and(63)).toI32().and(1)));
    const status = local(state.mstatus.get());
    countRepetition(pc);
    // Kernels that do not end it themselves rely on this: an SC must not outlive a switch to another process.
    state.reservation.set(u64(-1));
    logTrap(cause, pc, value, from, select32(delegated, 1, 3));
    when(
      delegated,
      () => {
        state.scause.set(cause);
        state.sepc.set(pc);
        state.stval.set(value);
        const stacked = withBit(withBit(status, Status.SPIE, status.bit(Status.SIE)), Status.SPP, from);
        state.mstatus.set(stacked.and(~flag(Status.SIE)));
        state.mode.set(u32(1));
        state.pc.set(entry(state.stvec.get(), cause));
      },
      () => {
        state.mcause.set(cause);
        state.mepc.set(pc);
        state.mtval.set(value);
        const stacked = withBit(status, Status.MPIE, status.bit(Status.MIE)).and(~(3n << BigInt(Status.MPP)));
        state.mstatus.set(stacked.or(from.toU64().shl(Status.MPP)).and(~flag(Status.MIE)));
        state.mode.set(u32(3));
        state.pc.set(entry(state.mtvec.get(), cause));
      },
    );
  },
);

/** Takes an interrupt before the instruction at pc. */
export const takeInterrupt = procedure("takeInterrupt", { cause: "i32" }, "none", ({ cause }) => {
  state.waiting.set(u32(0));
  takeTrap({ cause: cause.toU64().or(INTERRUPT), value: 0n, pc: state.pc.get() });
});

/** mret: back to the mode in MPP. MPRV falls when that is not M-mode. */
export const returnFromMachine = procedure("returnFromMachine", {}, "i64", () => {
  const status = local(state.mstatus.get());
  const mode = local(status.bits(Status.MPP, 2).toI32());
  state.mode.set(mode);
  const unstacked = local(
    withBit(status, Status.MIE, status.bit(Status.MPIE))
      .or(flag(Status.MPIE))
      .and(~(3n << BigInt(Status.MPP))),
  );
  state.mstatus.set(select(mode.eq(3), unstacked, unstacked.and(~flag(Status.MPRV))));
  return state.mepc.get();
});

/** sret: back to the mode in SPP. */
export const returnFromSupervisor = procedure("returnFromSupervisor", {}, "i64", () => {
  const status = local(state.mstatus.get());
  state.mode.set(status.bit(Status.SPP));
  state.mstatus.set(
    withBit(status, Status.SIE, status.bit(Status.SPIE))
      .or(flag(Status.SPIE))
      .and(~(flag(Status.SPP) | flag(Status.MPRV))),
  );
  return state.sepc.get();
});
