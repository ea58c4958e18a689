/**
 * Runs tasks on our machine and on QEMU, in turns, and compares the processor time that each is charged for all its
 * threads.
 *
 * A workload's time is that of the whole process less the median time of a program that does nothing, on the same
 * machine. Nothing is taken off the time to boot Linux. The instructions that speeds are computed from are those our
 * machine retired: QEMU runs the same program but, unless told to count (which slows it down), answers reads of
 * `instret` with host time.
 */
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import type { BenchedMachine } from "./machines.ts";
import { type Measurement, measure } from "./measure.ts";
import { median } from "./statistics.ts";
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
  return ourSeconds.flatMap((seconds, run) => {
    const other = qemuSeconds[run];
    return other === undefined ? [] : [other / seconds];
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

  /** Runs `task` on both machines in turns. Throws `Failure` when one of them gets it wrong. */
  async compare(task: Task, startup: Startup): Promise<Result> {
    const ours: Measurement[] = [];
    const qemu: Measurement[] = [];
    for (let run = 0; run < this.#runs; run++) {
      this.#say(`${task.name}, run ${run + 1} of ${this.#runs}`);
      ours.push(await this.#run(task, this.#ours));
      if (this.#qemu) qemu.push(await this.#run(task, this.#qemu));
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
      ourWallSeconds: wall(ours),
      qemuWallSeconds: wall(qemu),
    };
  }

  async #run(task: Task, machine: BenchedMachine): Promise<Measurement> {
    const command = task.command(machine);
    const run = await measure(command, limitSeconds);
    if (task.succeeded(run)) return run;
    const ending =
      run.status === undefined ? `did not end in ${limitSeconds} s` : `ended with status ${run.status}`;
    const lastWords = `${run.output}\n${run.errors}`.trim().split("\n").slice(-5).join("\n");
    throw new Failure(
      `${task.name} went wrong on ${machine.description}: it ${ending}\n  ${command.join(" ")}\n${lastWords}`,
      exitStatus.badInput,
    );
  }
}
