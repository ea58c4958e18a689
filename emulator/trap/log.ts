/** The trap log: a ring of the machine's last traps in machine memory, written by the hart that traps. */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell32, setting32 } from "../language/expression.ts";
import { local, storeCell } from "../language/statement.ts";

/** The ring's header (8 bytes: the number of traps ever logged) is followed by the records. */
export const TRAP_LOG_HEADER = 8;
export const TRAP_RECORD_BYTES = 40;
/** A power of two. */
export const TRAP_LOG_RECORDS = 256;
export const TrapRecordOffset = {
  retired: 0,
  cause: 8,
  pc: 16,
  value: 24,
  hart: 32,
  from: 33,
  to: 34,
} as const;

/** Appends a record to the log. */
export function logTrap(cause: I64, pc: I64, value: I64, from: I32, to: I32): void {
  const log = setting32("trapLog");
  const count = local(cell32("i32", log));
  storeCell("i32", log, count.add(1));
  const record = local(log.add(TRAP_LOG_HEADER).add(count.and(TRAP_LOG_RECORDS - 1).mul(TRAP_RECORD_BYTES)));
  storeCell("i64", record, state.retired.get(), TrapRecordOffset.retired);
  storeCell("i64", record, cause, TrapRecordOffset.cause);
  storeCell("i64", record, pc, TrapRecordOffset.pc);
  storeCell("i64", record, value, TrapRecordOffset.value);
  storeCell("u8", record, state.hartId.get(), TrapRecordOffset.hart);
  storeCell("u8", record, from, TrapRecordOffset.from);
  storeCell("u8", record, to, TrapRecordOffset.to);
}
