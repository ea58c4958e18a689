/**
 * Runs tasks on our machine, on QEMU and as native programs, in turns, and compares the processor time that each is
 * charged for all its threads.
 *
 * A workload's time is that of the whole process less the median time of a program that does nothing, on the same
 * machine. Nothing is taken off the time to boot a system, nor off that of native programs. The instructions that speeds
 * are computed from are those our machine retired: QEMU runs the same program but, unless told to count (which slows it
 * down), answers reads of `instret` with host time.
 */
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import type { BenchedMachine } from "./machines.ts";
import { type Measurement, measure } from "./measure.ts";
import type { NativeProgram } from "./native.ts";
import { geometricMean, median } from "./statistics.ts";
import type { Task } from "./task.ts";

/** Shorter times than this cannot be told from the noise in a process's start. */
const leastSeconds = 0.01;
const limitSeconds = 600;

export interface Result {
  readonly name: string;
  readonly suite: Task["suite"];
  readonly instructions: number;
  /** Processor time of each run, in turns. */
  readonly ourSeconds: readonly number[];
  /** Empty where there is no QEMU. */
  readonly qemuSeconds: readonly number[];
  /** Empty where the task is not built for the host. */
  readonly nativeSeconds: readonly number[];
  /** Time from start to end of each run, with nothing taken off. */
  readonly ourWallSeconds: readonly number[];
  readonly qemuWallSeconds: readonly number[];
}

export interface Startup {
  readonly ourSeconds: number;
  readonly qemuSeconds: number | undefined;
}

/** Our speed as a multiple of QEMU's, of each pair of runs. */
export function ratios({ ourSeconds, qemuSeconds }: Result): number[] {
  return quotients(qemuSeconds, ourSeconds);
}

/** The same by wall time. */
export function wallRatios({ ourWallSeconds, qemuWallSeconds }: Result): number[] {
  return quotients(qemuWallSeconds, ourWallSeconds);
}

/** Our time as a multiple of the native program's, of each pair of runs. */
export function nativeRatios({ ourSeconds, nativeSeconds }: Result): number[] {
  return quotients(ourSeconds, nativeSeconds);
}

/** Of each pair; none where there is nothing to divide by. */
function quotients(dividends: readonly number[], divisors: readonly number[]): number[] {
  return divisors.flatMap((divisor, run) => {
    const dividend = dividends[run];
    return dividend === undefined ? [] : [dividend / divisor];
  });
}

/** What a suite comes to: geometric means of its tasks' median ratios. */
export interface SuiteMean {
  readonly suite: Task["suite"];
  readonly tasks: number;
  readonly ratio: number;
  readonly wallRatio: number;
}

/** The mean of each suite; of none where there was no QEMU. */
export function suiteMeans(results: readonly Result[]): SuiteMean[] {
  const compared = results.filter(({ qemuSeconds }) => qemuSeconds.length > 0);
  return [...new Set(compared.map(({ suite }) => suite))].map((suite) => {
    const rows = compared.filter((row) => row.suite === suite);
    return {
      suite,
      tasks: rows.length,
      ratio: geometricMean(rows.map((row) => median(ratios(row)))),
      wallRatio: geometricMean(rows.map((row) => median(wallRatios(row)))),
    };
  });
}

/** Millions of instructions in a second of processor time, in the run in the middle. */
export function mips(instructions: number, seconds: readonly number[]): number {
  return instructions / median(seconds) / 1e6;
}

export class Benchmark {
  readonly #ours: BenchedMachine;
  readonly #qemu: BenchedMachine | undefined;
  readonly #runs: number;
  readonly #say: (doing: string) => void;

  constructor(
    ours: BenchedMachine,
    qemu: BenchedMachine | undefined,
    runs: number,
    say: (doing: string) => void,
  ) {
    this.#ours = ours;
    this.#qemu = qemu;
    this.#runs = runs;
    this.#say = say;
  }

  /** Processor time to start, do nothing, and stop: the median of some more runs than tasks get. */
  async startup(empty: Task): Promise<Startup> {
    const ours: number[] = [];
    const qemu: number[] = [];
    for (let run = 0; run < this.#runs + 2; run++) {
      ours.push((await this.#run(empty, this.#ours)).cpuSeconds);
      if (this.#qemu) qemu.push((await this.#run(empty, this.#qemu)).cpuSeconds);
    }
    return { ourSeconds: median(ours), qemuSeconds: qemu.length > 0 ? median(qemu) : undefined };
  }

  /** Runs `task` on both machines, and on the host where it can, in turns. Throws `Failure` when it goes wrong. */
  async compare(task: Task, startup: Startup): Promise<Result> {
    const ours: Measurement[] = [];
    const qemu: Measurement[] = [];
    const nativeSeconds: number[] = [];
    for (let run = 0; run < this.#runs; run++) {
      this.#say(`${task.name}, run ${run + 1} of ${this.#runs}`);
      ours.push(await this.#run(task, this.#ours));
      if (this.#qemu) qemu.push(await this.#run(task, this.#qemu));
      if (task.native) nativeSeconds.push(await runNative(task.name, task.native));
    }
    const net = (runs: readonly Measurement[], startupSeconds = 0) =>
      runs.map(({ cpuSeconds }) =>
        task.withoutStartup ? Math.max(cpuSeconds - startupSeconds, leastSeconds) : cpuSeconds,
      );
    const wall = (runs: readonly Measurement[]) => runs.map(({ wallSeconds }) => wallSeconds);
    const [first] = ours;
    return {
      name: task.name,
      suite: task.suite,
      instructions: first ? task.instructions(first) : 0,
      ourSeconds: net(ours, startup.ourSeconds),
      qemuSeconds: net(qemu, startup.qemuSeconds),
      nativeSeconds,
      ourWallSeconds: wall(ours),
      qemuWallSeconds: wall(qemu),
    };
  }

  async #run(task: Task, machine: BenchedMachine): Promise<Measurement> {
    const command = task.command(machine);
    const run = await measure(command, limitSeconds, task.until);
    if (task.succeeded(run)) return run;
    throw wentWrong(`${task.name} went wrong on ${machine.description}`, command, run);
  }
}

/** Processor time of what a machine would do once. */
async function runNative(name: string, { command, repeats }: NativeProgram): Promise<number> {
  const run = await measure(command, limitSeconds);
  if (run.status === 0) return Math.max(run.cpuSeconds, leastSeconds) / repeats;
  throw wentWrong(`${name} went wrong as a program of this host`, command, run);
}

function wentWrong(what: string, command: readonly string[], run: Measurement): Failure {
  const ending =
    run.status === undefined ? `did not end in ${limitSeconds} s` : `ended with status ${run.status}`;
  const lastWords = `${run.output}\n${run.errors}`.trim().split("\n").slice(-5).join("\n");
  return new Failure(`${what}: it ${ending}\n  ${command.join(" ")}\n${lastWords}`, exitStatus.badInput);
}
