/** What a benchmark in the guest measured: lines "measured NAME,INSTRUCTIONS,TICKS,COUNT" on its console, with "-" for instructions that nobody can count. */

import { SLOTS_PER_TICK } from "../../../emulator/trap/interrupt.ts";

/** What one of many repetitions took. */
export interface Measurement {
  /** Retired by the hart on which it was measured; undefined where others retired some of them. */
  readonly instructions: number | undefined;
  /** By the guest's clock, which counts time slots, at a nominal 1 GHz: each instruction takes a slot, of one nanosecond. */
  readonly microseconds: number;
}

/** By the name the guest gives them. */
export type Measurements = ReadonlyMap<string, Measurement>;

const LINE = /^measured ([^,\n]+),(\d+|-),(\d+),(\d+)\r?$/gm;
const SLOTS_PER_MICROSECOND = 1000;

export function parseMeasurements(said: string): Measurements {
  const measurements = new Map<string, Measurement>();
  for (const [, name = "", instructions, ticks, count] of said.matchAll(LINE)) {
    measurements.set(name, {
      instructions: instructions === "-" ? undefined : Number(instructions) / Number(count),
      microseconds: (Number(ticks) * SLOTS_PER_TICK) / SLOTS_PER_MICROSECOND / Number(count),
    });
  }
  return measurements;
}
