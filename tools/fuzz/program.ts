/** A program: trials, and an image of RAM in which harts run them one after another. */
import type { Ground } from "./generate.ts";
import { makeTrial, Repertoire, tableFeatures } from "./generate.ts";
import { Random } from "./random.ts";
import type { Trial } from "./trial.ts";
import { codeBytes, placeTrial } from "./trial.ts";
import { boxedFloat, integer } from "./values.ts";
import type { Runtime } from "./world.ts";
import { CODE, CODE_END, Memory, MOST_TRIALS, writeControl, writeWorld } from "./world.ts";

export interface Program {
  readonly seed: bigint;
  readonly ground: Ground;
  readonly harts: number;
  readonly trials: readonly Trial[];
  /** Where the code of each trial begins. */
  readonly starts: readonly number[];
  /** What lies in the data and the tables, where that is not what the seed gives. */
  readonly contents?: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

const streams = { trials: 1, world: 2, places: 3, repeats: 4 };
const pageBytes = 4096;

/** Up to `count` random trials. The same for the same seed, ground, count and version of this folder. */
export function makeProgram(seed: bigint, ground: Ground, harts: number, count: number): Program {
  const random = new Random(seed, streams.trials);
  const repertoire = new Repertoire(ground);
  const repeats = new Random(seed, streams.repeats);
  const most = Math.min(count, MOST_TRIALS);
  const trials: Trial[] = [];
  while (trials.length < most) {
    const trial = makeTrial(random, ground, repertoire);
    trials.push(trial);
    if (ground.purpose !== "engines") continue;
    // Code is translated where it executes often.
    const times = Math.min(repeats.pick([3, 30, 100]), most - trials.length);
    for (let i = 0; i < times; i++) trials.push(withOtherValues(trial, repeats));
  }
  return placed({ seed, ground, harts, trials });
}

/** The same code from another state. */
function withOtherValues(trial: Trial, random: Random): Trial {
  const held = new Set(trial.addresses.map(({ register }) => register));
  return {
    ...trial,
    x: trial.x.map((value, n) => (n === 0 || held.has(n) || random.chance(0.8) ? value : integer(random))),
    f: trial.f.map(() => boxedFloat(random)),
    csrs: { ...trial.csrs, fcsr: random.chance(0.8) ? BigInt(random.below(5) << 5) : trial.csrs.fcsr },
  };
}

/** Finds places for trials; those that do not fit are left out. What has the same code has it at the same place. */
export function placed(program: Omit<Program, "starts">): Program {
  const random = new Random(program.seed, streams.places);
  const starts: number[] = [];
  let at = CODE;
  for (const [i, trial] of program.trials.entries()) {
    const before = starts[i - 1];
    if (before !== undefined && program.trials[i - 1]?.items === trial.items) {
      starts.push(before);
      continue;
    }
    const bytes = codeBytes(trial);
    // Now and then a page ends within the code.
    if (random.chance(0.05)) {
      const boundary = Math.ceil((at + 1) / pageBytes) * pageBytes;
      at = Math.max(at, boundary - 2 * (1 + random.below(12)));
    }
    if (at + bytes > CODE_END) break;
    starts.push(at);
    at = Math.ceil((at + bytes) / 4) * 4;
  }
  return { ...program, trials: program.trials.slice(0, starts.length), starts };
}

/** RAM as it is when a program begins. */
export function imageOf(program: Program, runtime: Runtime): Memory {
  const memory = new Memory();
  for (const { address, bytes } of runtime.segments) memory.put(address, bytes);
  writeControl(memory, program.harts);
  writeWorld(memory, new Random(program.seed, streams.world), tableFeatures(program.ground));
  for (const { at, bytes } of program.contents ?? []) memory.put(at, bytes);
  program.trials.forEach((trial, i) => {
    placeTrial(memory, trial, i, program.starts[i] ?? CODE);
  });
  return memory;
}
