/** A whole machine, traced. */
import type { Machine } from "../../emulator/board/machine.ts";
import { advanceSlice } from "./run-program.ts";
import { Trace } from "./trace.ts";

/** Traces a machine that stands still; at least the latest `kept` slots stay known. */
export function machineTrace(machine: Machine, kept: number): Trace {
  const target = {
    harts: machine.harts,
    get trapCount() {
      return machine.trapCount;
    },
    traps: () => machine.traps(),
    readPhysical: (address: bigint, length: number) => machine.readPhysical(address, length),
    advance: () => {
      const stop = advanceSlice(machine, 1);
      return stop.reason === "limit" || (stop.reason === "idle" && stop.ticks !== undefined);
    },
  };
  return new Trace(target, kept);
}
