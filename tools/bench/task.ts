/** What is measured: something both machines can be told to do, and whose outcome can be checked. */
import type { BenchedMachine, System } from "./machines.ts";
import type { Measurement } from "./measure.ts";
import type { NativeProgram } from "./native.ts";
import type { SuiteName, Workload } from "./workloads.ts";

export interface Task {
  readonly name: string;
  readonly suite: SuiteName | "boot";
  /** Whether the time a machine needs to start and stop is to be taken off. */
  readonly withoutStartup: boolean;
  command(machine: BenchedMachine): string[];
  /** What the console shows when it is done; undefined for what ends by itself. */
  readonly until?: string;
  /** What does the same on the host, where there is such a program. */
  readonly native?: NativeProgram | undefined;
  /** Whether it did what it should. */
  succeeded(run: Measurement): boolean;
  /** Instructions that a successful run on our machine retired. */
  instructions(run: Measurement): number;
}

/** A workload that has been built as `elf`. It checks its own results and tells them by its exit status. */
export function workloadTask({ name, suite, harts }: Workload, elf: string, native?: NativeProgram): Task {
  const result = new RegExp(`^${name}: checksum 0x[0-9a-f]{16} instructions (\\d+)\\r?$`, "m");
  return {
    name,
    suite,
    withoutStartup: true,
    command: (machine) => machine.bare(elf, harts),
    native,
    succeeded: ({ status, output }) => status === 0 && result.test(output),
    instructions: ({ output }) => Number(result.exec(output)?.[1]),
  };
}

/** A system from power-on until the console shows `marker`. */
export function bootTask(name: string, system: System, marker: string): Task {
  return {
    ...powerCycleTask(name, system, marker),
    until: marker,
    succeeded: ({ output }) => output.includes(marker),
  };
}

/** A system from power-on, by way of showing `marker`, until it switches the machine off. */
export function powerCycleTask(name: string, system: System, marker: string): Task {
  return {
    name,
    suite: "boot",
    withoutStartup: false,
    command: (machine) => machine.boot(system),
    succeeded: ({ status, output }) => status === 0 && output.includes(marker),
    instructions: ({ errors }) => Number(/"instructions":(\d+)/.exec(errors)?.[1]),
  };
}
