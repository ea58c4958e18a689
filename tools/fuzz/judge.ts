/** Runs a program on two sides, and says whether they part. */
import type { Comparison, Difference } from "./compare.ts";
import { compareRuns } from "./compare.ts";
import type { Contestant, LockstepResult, Parting } from "./lockstep.ts";
import { Lockstep, paceOf } from "./lockstep.ts";
import type { Program } from "./program.ts";
import { imageOf } from "./program.ts";
import type { Qemu } from "./qemu.ts";
import { runQemu } from "./qemu.ts";
import type { Memory, Runtime } from "./world.ts";
import { POOL, TRIAL_BYTES, trialCell } from "./world.ts";

/** The first thing in which two sides part. */
export interface Finding {
  /** Who they are, for example "interpreter" and "QEMU". */
  readonly sides: readonly [string, string];
  /** The trial in which it shows, as far as that is known. */
  readonly trial: number | undefined;
  /** The sort of difference: a smaller program must show the same. */
  readonly sort: string;
  readonly differences: readonly string[];
  /** RAM at the end: ours, and QEMU's where it is the other side. */
  readonly ram: Memory;
  readonly theirs: Memory | undefined;
}

export interface Verdict {
  readonly finding: Finding | undefined;
  /** Instructions that trials have executed, retired or trapped, without those of the runtime. */
  readonly instructions: number;
  readonly comparison: Comparison | undefined;
  readonly ram: Memory;
}

/** Who is compared. */
export interface Sides {
  readonly contestants: readonly Contestant[];
  readonly qemu: Qemu | undefined;
}

/** What the runtime itself retires for each trial and each trap. */
interface Overhead {
  readonly trial: number;
  readonly trap: number;
}

/** Some programs for engines destroy the runtime, and run on for ever. */
const mostSlots = { qemu: 30_000_000, engines: 1_500_000 };
/** A comparison takes as long as many instructions. */
const MOST_SLICES = 10_000;
const hex = (value: bigint) => `0x${value.toString(16)}`;

export class Judge {
  readonly #sides: Sides;
  readonly #runtime: Runtime;
  /** Benches for each number of harts and each processor. */
  readonly #benches = new Map<string, Promise<Lockstep>>();
  #overhead: Overhead | undefined;

  constructor(sides: Sides, runtime: Runtime) {
    this.#sides = sides;
    this.#runtime = runtime;
  }

  /** Runs the program on all sides. `closely` compares engines after every slot, and sees what soon goes away again. */
  async try(program: Program, closely = false): Promise<Verdict> {
    const { contestants, qemu } = this.#sides;
    const lockstep = await this.#lockstepFor(program);
    const usual = paceOf(program, contestants.length === 1);
    const chosen = closely && contestants.length > 1 ? { ...usual, slice: 1 } : usual;
    const most = Math.min(mostSlots[program.ground.purpose], usual.slice * MOST_SLICES);
    const result = await lockstep.run(program, this.#runtime, chosen, most);
    const { ram, parting } = result;
    const instructions = await this.#ownInstructions(program, result);
    const verdict = { instructions, ram, comparison: undefined };
    if (parting !== undefined) return { ...verdict, finding: fromParting(parting, ram) };
    if (qemu === undefined || program.ground.purpose !== "qemu") return { ...verdict, finding: undefined };
    const theirs = await runQemu(qemu, imageOf(program, this.#runtime));
    const comparison = compareRuns(program, ram, theirs);
    return {
      ...verdict,
      comparison,
      finding: fromComparison(contestants[0]?.name ?? "", comparison, ram, theirs),
    };
  }

  #lockstepFor({ ground: { cpu }, harts }: Program): Promise<Lockstep> {
    const key = [harts, ...cpu.extensions, cpu.svadu, cpu.tlbSets, cpu.tlbWays].join();
    let found = this.#benches.get(key);
    if (found === undefined) {
      // Benches are large: of other machines none is kept.
      this.#benches.clear();
      found = Lockstep.create(this.#sides.contestants, cpu, harts);
      this.#benches.set(key, found);
    }
    return found;
  }

  /** None where trials have spoilt the runtime's account, for then nobody knows what was the runtime's. */
  async #ownInstructions(program: Program, { ram, retired, traps }: LockstepResult): Promise<number> {
    const { trial, trap } = await this.#measureOverhead(program);
    let trials = 0;
    for (let hart = 0; hart < program.harts; hart++) trials += trialsBegun(ram, hart, program.harts);
    if (!Number.isInteger(trials) || trials < 0 || trials > program.trials.length) return 0;
    // The trap that ends a trial is part of what the trial costs. What traps is executed as well, on both sides.
    return Math.max(0, Math.round(retired - trials * trial - Math.max(traps - trials, 0) * (trap - 1)));
  }

  /** Runs trials that do nothing, and trials that do nothing but trap. */
  async #measureOverhead(program: Program): Promise<Overhead> {
    if (this.#overhead !== undefined) return this.#overhead;
    const [sample] = program.trials;
    if (sample === undefined) return { trial: 0, trap: 0 };
    const count = 50;
    const bare = {
      ...sample,
      mode: 3,
      csrs: { ...sample.csrs, mstatus: 3n << 11n, satp: 0n, mie: 0n },
      addresses: [],
    };
    const ebreak = { word: 0x9002, length: 2 } as const;
    const lockstep = await this.#lockstepFor({ ...program, harts: 1 });
    const measure = async (items: typeof sample.items) => {
      const trials = Array.from({ length: count }, () => ({ ...bare, items }));
      const starts = trials.map((_, i) => 0x8002_0000 + i * 16);
      const quiet = { ...program, harts: 1, trials, starts };
      const pace = { slice: 1000, patience: 1_000_000, lines: false };
      return (await lockstep.run(quiet, this.#runtime, pace, mostSlots.qemu)).retired / count;
    };
    const trial = await measure([]);
    this.#overhead = { trial, trap: (await measure([ebreak])) - trial };
    return this.#overhead;
  }
}

/** How many trials a hart has left behind, by the runtime's own account. */
function trialsBegun(ram: Memory, hart: number, harts: number): number {
  return (Number(ram.get64(trialCell(hart))) - POOL - hart * TRIAL_BYTES) / (TRIAL_BYTES * harts);
}

function fromParting(parting: Parting, ram: Memory): Finding {
  const { first, other, differences, hart, slots, pc } = parting;
  const where = `hart ${hart}, in the slots after ${slots}, at pc ${hex(pc)}`;
  return {
    sides: [first, other],
    // A slice may span several.
    trial: undefined,
    sort: "engines",
    differences: [
      where,
      ...differences.slice(0, 8).map((d) => `${d.what}: ${first} ${hex(d.first)}, ${other} ${hex(d.other)}`),
    ],
    ram,
    theirs: undefined,
  };
}

function fromComparison(
  name: string,
  comparison: Comparison,
  ram: Memory,
  theirs: Memory,
): Finding | undefined {
  const [first] = comparison.divergences;
  if (first === undefined) return undefined;
  return {
    sides: [name, "QEMU"],
    trial: first.trial,
    sort: first.differences[0]?.kind ?? "",
    differences: first.differences.slice(0, 8).map((d) => inWords(d, name)),
    ram,
    theirs,
  };
}

/** A difference as a sentence for people. */
function inWords(difference: Difference, name: string): string {
  switch (difference.kind) {
    case "end":
      return `the trial ends ${difference.ended === "ours" ? `on ${name} and not on QEMU` : `on QEMU and not on ${name}`}`;
    case "memory":
      return `memory at ${hex(BigInt(difference.at))}: ${name} ${hex(difference.ours)}, QEMU ${hex(difference.theirs)}`;
    case "state":
      return `${difference.name} at the end: ${name} ${hex(difference.ours)}, QEMU ${hex(difference.theirs)}`;
    case "trap": {
      const words = (t: typeof difference.ours) =>
        t === undefined
          ? "none"
          : `to ${t.to}-mode, cause ${hex(t.cause)}, epc ${hex(t.epc)}, tval ${hex(t.tval)}, status ${hex(t.status)}`;
      return `trap ${difference.number + 1}: ${name} ${words(difference.ours)}; QEMU ${words(difference.theirs)}`;
    }
  }
}
