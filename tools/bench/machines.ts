/** The machines that are compared, as commands to run. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { EngineName } from "../../emulator/board/options.ts";
import { ROOT } from "../guest/root.ts";

export interface BenchedMachine {
  /** For example "QEMU emulator version 7.2.22". */
  readonly description: string;
  /** Runs a bare-metal program in machine mode. */
  bare(elf: string, harts: number): string[];
  /** Boots Linux with the machine's default firmware and the console on stdout. */
  linux(kernel: string, initrd: string): string[];
}

const linuxMemory = "256M";
const linuxCommandLine = "console=ttyS0";

/** Ours, started as a user would start it. */
export function trapframe(engine: EngineName): BenchedMachine {
  const run = [process.execPath, join(ROOT, ".build/js/tools/cli.js"), "run", `--engine=${engine}`];
  return {
    description: `trapframe, ${engine}, Node ${process.versions.node}`,
    bare: (elf, harts) => [...run, "--bios=none", `--harts=${harts}`, elf],
    linux: (kernel, initrd) => [
      ...run,
      "--stats=json",
      `--memory=${linuxMemory}`,
      `--initrd=${initrd}`,
      `--append=${linuxCommandLine}`,
      kernel,
    ],
  };
}

/** QEMU with its own translator; undefined where it is not installed. */
export function qemu(): BenchedMachine | undefined {
  const program = "qemu-system-riscv64";
  const { stdout, error } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (error !== undefined) return undefined;
  const run = [program, "-M", "virt", "-display", "none", "-monitor", "none", "-serial", "stdio"];
  return {
    description: stdout.split("\n")[0] ?? program,
    bare: (elf, harts) => [...run, "-bios", "none", "-smp", String(harts), "-kernel", elf],
    linux: (kernel, initrd) => [
      ...run,
      "-m",
      linuxMemory,
      "-kernel",
      kernel,
      "-initrd",
      initrd,
      "-append",
      linuxCommandLine,
    ],
  };
}
