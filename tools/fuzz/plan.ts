/** What a campaign consists of: from a seed to a program and to who runs it. */
import { defaultCpu, extensions } from "../../emulator/board/cpu.ts";
import type { CpuOptions, EngineName } from "../../emulator/board/options.ts";
import type { Purpose } from "./generate.ts";
import type { Contestant } from "./lockstep.ts";
import type { Program } from "./program.ts";
import { makeProgram } from "./program.ts";
import type { Qemu } from "./qemu.ts";
import { Random } from "./random.ts";

export type Against = "qemu" | "engines" | "all";

/** What the programs of a campaign depend on besides their seeds. */
export interface Plan {
  readonly against: Against;
  readonly engines: readonly EngineName[];
}

/** One program of a campaign. */
export interface Errand {
  readonly seed: bigint;
  readonly purpose: Purpose;
}

const streams = { machine: 21 };
/** Trials of a program: starting QEMU takes as long as a thousand of them. */
const trialsForQemu = 4000;
const trialsForEngines = 2500;
/** So many seeds in a row get the same machine: to make one for every engine takes a second. */
const seedsOfMachine = 16n;

/** Against both, seeds take turns. */
export function errandOf({ against }: Plan, seed: bigint): Errand {
  const purpose = against === "all" ? (seed % 2n === 0n ? "qemu" : "engines") : against;
  return { seed, purpose };
}

/** The program of an errand; for QEMU, on the processor that it has. */
export function programOf({ seed, purpose }: Errand, qemu: Qemu | undefined): Program {
  if (purpose === "qemu" && qemu !== undefined) {
    return makeProgram(seed, { purpose, cpu: qemu.cpu }, 1, trialsForQemu);
  }
  const random = new Random(seed / seedsOfMachine, streams.machine);
  const harts = random.chance(0.6) ? 1 : 2 + random.below(3);
  return makeProgram(seed, { purpose: "engines", cpu: anyCpu(random) }, harts, trialsForEngines);
}

/** Few machines, and many of each: an engine takes a while to be made for one. */
function anyCpu(random: Random): CpuOptions {
  const all = random.chance(0.7);
  const [tlbSets, tlbWays] = random.pick([
    [1, 1],
    [2, 2],
    [4, 2],
    [1, 16],
    [128, 4],
  ] as const);
  const names = all ? new Set(extensions.keys()) : defaultCpu.extensions;
  return { ...defaultCpu, extensions: names, svadu: random.chance(0.5), tlbSets, tlbWays };
}

/** Every engine in the order given; the last a second time, in slices that end elsewhere; one that is now this, now that. */
export function contestantsOf({ engines, against }: Plan): Contestant[] {
  if (against === "qemu") return engines.slice(-1).map((engine) => ({ name: engine, engine }));
  const each = engines.map((engine): Contestant => ({ name: engine, engine }));
  const last = engines.at(-1) ?? "interpreter";
  const inPieces: Contestant = { name: `${last} in other slices`, engine: last, inPieces: true };
  if (engines.length === 1) return [...each, inPieces];
  return [...each, inPieces, { name: "engines in turns", engine: last, others: engines }];
}

/** A processor as `--cpu` takes it. */
export function describeCpu({ extensions: on, svadu, tlbSets, tlbWays }: CpuOptions): string {
  const widths = ["sv57", "sv48", "sv39"];
  const off = [...extensions.keys()].filter((name) => !on.has(name) && !widths.includes(name));
  const widest = widths.find((name) => on.has(name)) ?? "sv39";
  return [
    "max",
    ...off.map((name) => `no-${name}`),
    widest,
    svadu ? "svadu" : "no-svadu",
    `tlb=${tlbSets}x${tlbWays}`,
  ].join();
}
