/**
 * SiFive's CLINT, which an ACLINT's MSWI and MTIMER devices lay out alike (RISC-V ACLINT 1.0, chapters 2 and 3). All its
 * registers are state of harts, so it is described as the harts are, and no access to it leaves the engine.
 */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell64, select, setting32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, storeCell, when, whilst } from "../language/statement.ts";
import { controlChanged } from "../trap/control.ts";
import { Interrupt, ticks, timersChanged } from "../trap/interrupt.ts";
import { flag } from "../trap/status.ts";

const BYTES = 0x1_0000;
const COMPARE_BASE = 0x4000;
const TIME_BASE = 0xbff8;

/** Whether a physical address below 4 GiB is one of the CLINT's, where there is one. */
export const inClint = (address: I32): I32 =>
  setting32("clint")
    .ne(0)
    .and(address.sub(setting32("clint")).ltU(BYTES));

const hartAt = (index: I32): I32 => setting32("firstHart").add(index.mul(setting32("hartStride")));
const exists = (index: I32): I32 => index.ltU(setting32("harts"));

const softwareInterrupt = (of: I32): I64 =>
  cell64("i64", of, state.lines.offset).bits(Interrupt.machineSoftware);

/** The eight bytes of registers at an offset that is a multiple of 8; zero where there are none. */
const readRegisters = procedure("readClintRegisters", { offset: "i32" }, "i64", ({ offset }) => {
  when(offset.eq(TIME_BASE), () => returns(ticks()));
  when(offset.ltU(COMPARE_BASE), () => {
    const first = local(offset.shrU(2));
    const value = local(u64(0));
    when(exists(first), () => value.set(softwareInterrupt(hartAt(first))));
    const second = first.add(1);
    when(exists(second), () => value.set(value.or(softwareInterrupt(hartAt(second)).shl(32))));
    returns(value);
  });
  const index = local(offset.sub(COMPARE_BASE).shrU(3));
  when(exists(index), () => returns(cell64("i64", hartAt(index), state.mtimecmp.offset)));
  return u64(0);
});

const driveSoftwareInterrupt = (index: I32, level: I64): void =>
  when(exists(index), () => {
    const of = local(hartAt(index));
    const others = cell64("i64", of, state.lines.offset).and(~flag(Interrupt.machineSoftware));
    storeCell("i64", of, others.or(level.and(1).shl(Interrupt.machineSoftware)), state.lines.offset);
  });

/** All harts see the time that one has set. */
const setTime = (value: I64): void => {
  const change = local(value.sub(ticks()));
  const index = local(u32(0));
  whilst(exists(index), () => {
    const of = local(hartAt(index));
    const offset = cell64("i64", of, state.timeOffset.offset);
    storeCell("i64", of, offset.add(change), state.timeOffset.offset);
    timersChanged(of);
    index.set(index.add(1));
  });
};

const writeRegisters = procedure(
  "writeClintRegisters",
  { offset: "i32", value: "i64" },
  "none",
  ({ offset, value }) => {
    when(offset.eq(TIME_BASE), () => {
      setTime(value);
      returns();
    });
    when(offset.ltU(COMPARE_BASE), () => {
      const first = local(offset.shrU(2));
      driveSoftwareInterrupt(first, value);
      driveSoftwareInterrupt(first.add(1), value.shrU(32));
      returns();
    });
    const index = local(offset.sub(COMPARE_BASE).shrU(3));
    when(exists(index), () => {
      const of = local(hartAt(index));
      storeCell("i64", of, value, state.mtimecmp.offset);
      timersChanged(of);
    });
  },
);

const registersAt = (offset: I32): I32 => offset.and(~7);
const shiftOf = (offset: I32): I64 => offset.and(7).shl(3).toU64();
const maskOf = (bytes: I32): I64 => select(bytes.eq(8), -1n, u64(1).shl(bytes.shl(3).toU64()).sub(1));

/** Loads 1, 2, 4 or 8 bytes, naturally aligned, of the CLINT's registers. */
export const readClint = procedure(
  "readClint",
  { address: "i32", bytes: "i32" },
  "i64",
  ({ address, bytes }) => {
    const offset = local(address.sub(setting32("clint")));
    return readRegisters({ offset: registersAt(offset) })
      .shrU(shiftOf(offset))
      .and(maskOf(bytes));
  },
);

/** Stores 1, 2, 4 or 8 bytes, naturally aligned; registers stored to in part keep their other bytes. */
export const writeClint = procedure(
  "writeClint",
  { address: "i32", bytes: "i32", value: "i64" },
  "none",
  ({ address, bytes, value }) => {
    const offset = local(address.sub(setting32("clint")));
    const registers = local(registersAt(offset));
    const mask = local(maskOf(bytes).shl(shiftOf(offset)));
    const kept = readRegisters({ offset: registers }).and(mask.not());
    writeRegisters({ offset: registers, value: kept.or(value.shl(shiftOf(offset)).and(mask)) });
    controlChanged({});
  },
);
