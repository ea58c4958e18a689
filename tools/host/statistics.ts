/** What a run cost and did, for `--stats`. */
import type { Machine } from "../../emulator/board/machine.ts";

export interface HartStatistics {
  readonly hart: number;
  readonly instructions: number;
  readonly mode: string;
  readonly pc: string;
  readonly tlb: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    readonly flushes: number;
  };
}

export interface Statistics {
  /** Retired over all harts, and over all lives of a machine that rebooted. */
  readonly instructions: number;
  /** From start to end, and of these spent executing. */
  readonly seconds: number;
  readonly busySeconds: number;
  /** Millions of instructions in a second of execution. */
  readonly mips: number;
  /** Guest time that passed since the last reset. */
  readonly guestSeconds: number;
  readonly engine: string;
  readonly reboots: number;
  readonly harts: readonly HartStatistics[];
}

export interface Effort {
  readonly instructions: number;
  readonly seconds: number;
  readonly busySeconds: number;
  readonly reboots: number;
}

/** Puts together what the host measured and what the machine, in its present life, counted. */
export function collectStatistics(machine: Machine, effort: Effort, ticksPerSecond: number): Statistics {
  return {
    ...effort,
    mips: effort.busySeconds > 0 ? effort.instructions / effort.busySeconds / 1e6 : 0,
    guestSeconds: Number(machine.ticks) / ticksPerSecond,
    engine: machine.options.engine,
    harts: machine.harts.map((hart) => {
      const { hits, misses, evictions, flushes } = hart.tlbCounters();
      return {
        hart: hart.index,
        instructions: Number(hart.instructions),
        mode: hart.mode,
        pc: `0x${hart.pc.toString(16)}`,
        tlb: {
          hits: Number(hits),
          misses: Number(misses),
          evictions: Number(evictions),
          flushes: Number(flushes),
        },
      };
    }),
  };
}

/** A few lines for people. */
export function formatStatistics(statistics: Statistics): string {
  const { instructions, seconds, busySeconds, mips, guestSeconds, engine, reboots, harts } = statistics;
  const lines = [
    `instructions ${grouped(instructions)} in ${seconds.toFixed(3)} s (${busySeconds.toFixed(3)} s executing)`,
    `speed        ${mips.toFixed(1)} MIPS, ${engine}`,
    `guest time   ${guestSeconds.toFixed(3)} s${reboots > 0 ? ` since the last of ${reboots} reboots` : ""}`,
  ];
  for (const { hart, instructions: retired, mode, pc, tlb } of harts) {
    const accesses = tlb.hits + tlb.misses;
    const rate = accesses > 0 ? `${((100 * tlb.hits) / accesses).toFixed(2)}% hits` : "unused";
    lines.push(
      `hart ${hart}       ${grouped(retired)} instructions, ${mode}-mode at ${pc}`,
      `  TLB        ${rate}: ${grouped(tlb.hits)} hits, ${grouped(tlb.misses)} misses, ${grouped(tlb.evictions)} evictions, ${grouped(tlb.flushes)} flushes`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
