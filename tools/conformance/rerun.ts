/** Commands that open a test in the debugger. */
import { defaultOptions, type EngineName } from "../../emulator/board/options.ts";
import type { ProgramTest } from "./run-program.ts";

const MiB = 1024 * 1024;

/** Opens a program, stopped where a breakpoint says. */
export function rerunProgram(test: ProgramTest, engine: EngineName, breakpoint: string | undefined): string {
  const { path, cpu, options } = test;
  const { harts = 1, memory = defaultOptions.memory } = options;
  const words = ["trapframe", "boot", path, "--bios", "none", "--cpu", cpu, "--engine", engine];
  if (harts !== 1) words.push("--harts", String(harts));
  if (memory !== defaultOptions.memory) words.push("--memory", `${memory / MiB}M`);
  if (breakpoint !== undefined) words.push("--break", breakpoint);
  return words.map(quoted).join(" ");
}

/** Opens a case of a suite or of a file, before its first instruction. */
export function rerunCase(path: string, name: string, engine: EngineName, cpu: string | undefined): string {
  const words = ["trapframe", "boot", path, "--case", name, "--engine", engine];
  if (cpu !== undefined) words.push("--cpu", cpu);
  return words.map(quoted).join(" ");
}

/** A word as a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
