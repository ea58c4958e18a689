/** Runs the programs of a campaign, minimises what they show, and says what happened. */
import { parseCpu } from "../../emulator/board/cpu.ts";
import { writeCaseFile } from "../conformance/case-file.ts";
import { testOf } from "./case-of.ts";
import type { Finding } from "./judge.ts";
import { Judge } from "./judge.ts";
import { readLog } from "./log.ts";
import { minimise } from "./minimise.ts";
import type { Errand, Plan } from "./plan.ts";
import { contestantsOf, programOf } from "./plan.ts";
import type { Program } from "./program.ts";
import { imageOf } from "./program.ts";
import { findQemu } from "./qemu.ts";
import { instructionOf, listing } from "./trial.ts";
import type { Memory, Runtime } from "./world.ts";
import { buildRuntime, CODE, RAM, RAM_BYTES } from "./world.ts";

/** What a program showed. */
export interface Report {
  readonly seed: string;
  readonly purpose: Errand["purpose"];
  readonly instructions: number;
  /** Names of deviations of QEMU's, and how often each explained a difference. */
  readonly explained: readonly (readonly [name: string, times: number])[];
  /** What happened: an instruction, a mode, and the trap that came of it. */
  readonly events: readonly string[];
  readonly finding: ReportedFinding | undefined;
  /** Why the program could not be run. */
  readonly problem?: string;
}

export interface ReportedFinding {
  readonly sides: readonly [string, string];
  readonly differences: readonly string[];
  /** The shortest program that shows it: where it starts, in words, and its code. */
  readonly start: readonly string[];
  readonly listing: readonly string[];
  readonly attempts: number;
  /** The text of a case file, where the program fits one. */
  readonly caseFile: string | undefined;
}

/** Runs errands for one plan. */
export class Workshop {
  readonly #runtime: Runtime;
  readonly #judge: Judge;
  readonly #qemu: ReturnType<typeof findQemu>;

  private constructor(runtime: Runtime, judge: Judge, qemu: ReturnType<typeof findQemu>) {
    this.#runtime = runtime;
    this.#judge = judge;
    this.#qemu = qemu;
  }

  static async create(plan: Plan): Promise<Workshop> {
    const qemu = plan.against === "engines" ? undefined : findQemu(parseCpu("max"));
    const runtime = await buildRuntime();
    return new Workshop(runtime, new Judge({ contestants: contestantsOf(plan), qemu }, runtime), qemu);
  }

  /** Runs the program of an errand, and minimises what it shows. */
  async run(errand: Errand): Promise<Report> {
    const program = programOf(errand, this.#qemu);
    const { finding, instructions, comparison, ram } = await this.#judge.try(program);
    return {
      seed: String(errand.seed),
      purpose: errand.purpose,
      instructions,
      explained: [...(comparison?.explained ?? [])].map(([{ name }, times]) => [name, times] as const),
      events: eventsOf(ram),
      finding: finding && (await this.#describe(program, finding)),
    };
  }

  async #describe(program: Program, found: Finding): Promise<ReportedFinding> {
    const minimal = await minimise(program, found, (candidate) =>
      this.#judge.try(candidate, found.sort === "engines"),
    );
    const { finding } = minimal;
    const name = `seed-${program.seed}-${program.ground.purpose}`;
    const test = await testOf(name, minimal.program, finding, this.#runtime);
    const image = imageOf(minimal.program, this.#runtime);
    return {
      sides: finding.sides,
      differences: finding.differences,
      start: minimal.program.trials.length === 1 ? startOf(minimal.program) : [],
      listing: minimal.program.trials.flatMap((trial, i) =>
        listing(trial, minimal.program.starts[i] ?? CODE, image),
      ),
      attempts: minimal.attempts,
      caseFile: test && writeCaseFile(test),
    };
  }
}

/** The state that a minimal program starts from, as far as it is not zero. */
function startOf({ trials }: Program): string[] {
  const [trial] = trials;
  if (trial === undefined) return [];
  const values = (name: string, list: readonly bigint[]) =>
    list.flatMap((value, n) => (value === 0n ? [] : [`${name}${n}=0x${value.toString(16)}`]));
  const csrs = Object.entries(trial.csrs).flatMap(([name, value]: [string, bigint]) =>
    value === 0n ? [] : [`${name}=0x${value.toString(16)}`],
  );
  const addresses = trial.addresses.map(
    ({ register, item }) => `x${register}=address of instruction ${item + 1}`,
  );
  const mode = trial.mode === 3 ? "M" : trial.mode === 1 ? "S" : "U";
  return [`${mode}-mode`, ...csrs, ...values("x", trial.x), ...values("f", trial.f), ...addresses];
}

/** What hart 0's trials ran into. */
function eventsOf(ram: Memory): string[] {
  const events = new Set<string>();
  for (const { traps } of readLog(ram)) {
    for (const { cause, epc, to } of traps) {
      const at = Number(epc & ~0x4000_0000n);
      const inRam = at >= RAM && at + 4 <= RAM + RAM_BYTES;
      const name = cause >> 63n === 1n || !inRam ? "" : instructionOf(ram.get32(at))?.name;
      events.add(`${name ?? "illegal"} ${cause.toString(16)} ${to}`);
    }
  }
  return [...events];
}
