/** What a run cost and did, for `--stats`. */
import type { Machine } from "../../emulator/board/machine.ts";
import type { EngineCounters } from "../../emulator/engine/engine.ts";

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

/** What the engine has translated since the last reset, and what became of it. */
export interface TranslationStatistics extends EngineCounters {
  /** Slots (an instruction or a trap) executed one by one. */
  readonly interpretedSlots: number;
  /** Wall time spent translating, over all lives of the machine. */
  readonly seconds: number;
  /** The share of what the interpreter came to, instruction or translated code, that was translated. */
  readonly hitRate: number;
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
  /** Only of engines that translate. */
  readonly translation?: TranslationStatistics;
  readonly reboots: number;
  readonly harts: readonly HartStatistics[];
}

export interface Effort {
  readonly instructions: number;
  readonly seconds: number;
  readonly busySeconds: number;
  /** Of these, spent translating. */
  readonly translatingSeconds: number;
  readonly reboots: number;
}

/** Puts together what the host measured and what the machine, in its present life, counted. */
export function collectStatistics(machine: Machine, given: Effort, ticksPerSecond: number): Statistics {
  const { translatingSeconds, ...effort } = given;
  const translation = translationStatistics(machine, translatingSeconds);
  return {
    ...effort,
    ...(translation !== undefined && { translation }),
    mips: effort.busySeconds > 0 ? effort.instructions / effort.busySeconds / 1e6 : 0,
    guestSeconds: Number(machine.ticks) / ticksPerSecond,
    engine: machine.engine,
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

function translationStatistics(machine: Machine, seconds: number): TranslationStatistics | undefined {
  const counters = machine.engineCounters;
  if (counters === undefined) return undefined;
  const retired = machine.harts.reduce((sum, hart) => sum + Number(hart.instructions), 0);
  const interpretedSlots = Math.max(0, retired + machine.trapCount - counters.translatedSlots);
  const looked = counters.entries + interpretedSlots;
  return { ...counters, interpretedSlots, seconds, hitRate: looked > 0 ? counters.entries / looked : 0 };
}

/** A few lines for people. */
export function formatStatistics(statistics: Statistics): string {
  const { instructions, seconds, busySeconds, mips, guestSeconds, engine, reboots, harts } = statistics;
  const lines = [
    `instructions ${grouped(instructions)} in ${seconds.toFixed(3)} s (${busySeconds.toFixed(3)} s executing)`,
    `speed        ${mips.toFixed(1)} MIPS, ${engine}`,
    `guest time   ${guestSeconds.toFixed(3)} s${reboots > 0 ? ` since the last of ${reboots} reboots` : ""}`,
  ];
  if (statistics.translation !== undefined) lines.push(...translationLines(statistics.translation));
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

function translationLines(translation: TranslationStatistics): string[] {
  const { translatedSlots, interpretedSlots, seconds, entries, hitRate } = translation;
  const { regions, instructions, bytes, modules, restored, dropped, flushes } = translation;
  const slots = translatedSlots + interpretedSlots;
  const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
  return [
    `translated   ${percent(slots > 0 ? translatedSlots / slots : 0)} of what was executed: ${grouped(translatedSlots)} slots, ${grouped(interpretedSlots)} interpreted`,
    `  regions    ${grouped(regions)} (${grouped(restored)} of them kept) of ${grouped(instructions)} instructions; ${grouped(bytes)} bytes of WebAssembly in ${grouped(modules)} new modules, made in ${seconds.toFixed(3)} s`,
    `  code cache ${percent(hitRate)} hits: entered ${grouped(entries)} times; ${grouped(dropped)} regions dropped, ${grouped(flushes)} flushes`,
  ];
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
