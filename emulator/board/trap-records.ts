/** The trap log as it lies in machine memory, read. */
import { TRAP_LOG_HEADER, TRAP_LOG_RECORDS, TRAP_RECORD_BYTES, TrapRecordOffset } from "../trap/log.ts";
import { modeName } from "./hart-view.ts";
import type { TrapRecord } from "./machine.ts";

/** How many traps have been logged since reset, modulo 2^32; `log` is the log's address in machine memory. */
export function trapCount(view: DataView, log: number): number {
  return view.getUint32(log, true);
}

/** The records that are still there, oldest first. */
export function trapRecords(view: DataView, log: number): TrapRecord[] {
  const count = trapCount(view, log);
  const records: TrapRecord[] = [];
  for (let n = Math.max(0, count - TRAP_LOG_RECORDS); n < count; n++) records.push(recordAt(view, log, n));
  return records;
}

function recordAt(view: DataView, log: number, n: number): TrapRecord {
  const at = log + TRAP_LOG_HEADER + (n % TRAP_LOG_RECORDS) * TRAP_RECORD_BYTES;
  const cause = view.getBigUint64(at + TrapRecordOffset.cause, true);
  return {
    hart: view.getUint8(at + TrapRecordOffset.hart),
    instructions: view.getBigUint64(at + TrapRecordOffset.retired, true),
    interrupt: cause >> 63n === 1n,
    cause: Number(cause & 0xffffn),
    pc: view.getBigUint64(at + TrapRecordOffset.pc, true),
    tval: view.getBigUint64(at + TrapRecordOffset.value, true),
    from: modeName(view.getUint8(at + TrapRecordOffset.from)),
    to: modeName(view.getUint8(at + TrapRecordOffset.to)),
  };
}
