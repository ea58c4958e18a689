/** What the runtime has logged: of every trial the traps that it took, and the state that it ended with. */
import type { Memory } from "./world.ts";
import { LOG, loggedCsrs, RAM, RAM_BYTES } from "./world.ts";

export interface LoggedTrap {
  readonly to: "M" | "S";
  readonly cause: bigint;
  readonly epc: bigint;
  readonly tval: bigint;
  /** mstatus or sstatus in the handler. */
  readonly status: bigint;
}

export interface Outcome {
  readonly traps: readonly LoggedTrap[];
  /** By name: x1 to x31, f0 to f31, and the CSRs that are logged. */
  readonly state: ReadonlyMap<string, bigint>;
}

// guest/runtime.S writes these.
const MACHINE_TRAP = 1n;
const END = 2n;
const SUPERVISOR_TRAP = 3n;
const TRAP_BYTES = 40;
const CSRS = 512;
const END_BYTES = CSRS + 8 * loggedCsrs.length;

/** The outcomes of the trials that a hart has ended, in order; `from` is where its log begins. */
export function readLog(memory: Memory, from = LOG): Outcome[] {
  const outcomes: Outcome[] = [];
  let traps: LoggedTrap[] = [];
  for (let at = from; at + END_BYTES <= RAM + RAM_BYTES; ) {
    const tag = memory.get64(at);
    if (tag === MACHINE_TRAP || tag === SUPERVISOR_TRAP) {
      traps.push({
        to: tag === MACHINE_TRAP ? "M" : "S",
        cause: memory.get64(at + 8),
        epc: memory.get64(at + 16),
        tval: memory.get64(at + 24),
        status: memory.get64(at + 32),
      });
      at += TRAP_BYTES;
    } else if (tag === END) {
      outcomes.push({ traps, state: readState(memory, at) });
      traps = [];
      at += END_BYTES;
    } else break;
  }
  return outcomes;
}

function readState(memory: Memory, at: number): Map<string, bigint> {
  const state = new Map<string, bigint>();
  for (let n = 1; n < 32; n++) state.set(`x${n}`, memory.get64(at + 8 * n));
  for (let n = 0; n < 32; n++) state.set(`f${n}`, memory.get64(at + 256 + 8 * n));
  loggedCsrs.forEach((name, i) => {
    state.set(name, memory.get64(at + CSRS + 8 * i));
  });
  return state;
}
