/** What is measured: something both machines can be told to do, and whose outcome can be checked. */
import type { DebianLinux } from "../linux/debian.ts";
import { readyMarker } from "../linux/initramfs.ts";
import type { BenchedMachine } from "./machines.ts";
import type { Measurement } from "./measure.ts";
import type { SuiteName, Workload } from "./workloads.ts";

export interface Task {
  readonly name: string;
  readonly suite: SuiteName | "boot";
  /** Whether the time a machine needs to start and stop is to be taken off. */
  readonly withoutStartup: boolean;
  command(machine: BenchedMachine): string[];
  /** Whether it did what it should. */
  succeeded(run: Measurement): boolean;
  /** Instructions that a successful run on our machine retired. */
  instructions(run: Measurement): number;
}

/** A workload that has been built as `elf`. It checks its own results and tells them by its exit status. */
export function workloadTask({ name, suite, harts }: Workload, elf: string): Task {
  const result = new RegExp(`^${name}: checksum 0x[0-9a-f]{16} instructions (\\d+)\\r?$`, "m");
  return {
    name,
    suite,
    withoutStartup: true,
    command: (machine) => machine.bare(elf, harts),
    succeeded: ({ status, output }) => status === 0 && result.test(output),
    instructions: ({ output }) => Number(result.exec(output)?.[1]),
  };
}

/** Debian's Linux from power-on until a script runs, and off again. */
export function linuxTask({ kernel }: DebianLinux, initramfs: string): Task {
  return {
    name: "linux",
    suite: "boot",
    withoutStartup: false,
    command: (machine) => machine.linux(kernel, initramfs),
    succeeded: ({ status, output }) => status === 0 && output.includes(readyMarker),
    instructions: ({ errors }) => Number(/"instructions":(\d+)/.exec(errors)?.[1]),
  };
}
