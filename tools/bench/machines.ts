/** The machines that are compared, as commands to run. */
import { spawnSync } from "node:child_process";
import type { EngineName } from "../../emulator/board/options.ts";
import { compiled } from "../guest/root.ts";

/** What a machine boots, as paths; the console is on stdout. */
export interface System {
  /** Undefined for the firmware that the machine brings along. */
  readonly firmware?: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly append?: string;
}

export interface BenchedMachine {
  /** For example "QEMU emulator version 7.2.22". */
  readonly description: string;
  /** Runs a bare-metal program in machine mode. */
  bare(elf: string, harts: number): string[];
  boot(system: System): string[];
}

const memory = "256M";

/** Ours, started as a user would start it. */
export function trapframe(engine: EngineName): BenchedMachine {
  const run = [process.execPath, compiled("tools/cli.ts"), "run", `--engine=${engine}`];
  return {
    description: `trapframe, ${engine}, Node ${process.versions.node}`,
    bare: (elf, harts) => [...run, "--bios=none", `--harts=${harts}`, elf],
    boot: ({ firmware, kernel, initrd, append }) => [
      ...run,
      "--stats=json",
      `--memory=${memory}`,
      ...(firmware === undefined ? [] : [`--bios=${firmware}`]),
      `--initrd=${initrd}`,
      ...(append === undefined ? [] : [`--append=${append}`]),
      kernel,
    ],
  };
}

/** QEMU with its own translator; undefined where it is not installed. */
export function qemu(): BenchedMachine | undefined {
  const program = "qemu-system-riscv64";
  const { stdout, error } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (error !== undefined) return undefined;
  // One thread for all harts, as we have: more would be charged for waiting for each other.
  const run = [program, "-M", "virt", "-accel", "tcg,thread=single"];
  const console = ["-display", "none", "-monitor", "none", "-serial", "stdio"];
  return {
    description: stdout.split("\n")[0] ?? program,
    bare: (elf, harts) => [...run, ...console, "-bios", "none", "-smp", String(harts), "-kernel", elf],
    boot: ({ firmware = "default", kernel, initrd, append }) => [
      ...run,
      ...console,
      ...["-m", memory, "-bios", firmware, "-kernel", kernel, "-initrd", initrd],
      ...(append === undefined ? [] : ["-append", append]),
    ],
  };
}
