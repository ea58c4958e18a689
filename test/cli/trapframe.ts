/** Runs the command line as a user does, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiled, ROOT } from "../../tools/guest/root.ts";

/** The compiled command line: `npm test` brings it up to date first. */
export const commandLine = compiled("tools/cli.ts");

export interface Finished {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Running extends Promise<Finished> {
  readonly process: ChildProcess;
}

/** Starts a command; `input` is all of its stdin, which otherwise stays open. */
export function trapframe(args: readonly string[], input?: string): Running {
  const child = spawn(process.execPath, [commandLine, ...args], { cwd: ROOT, stdio: "pipe" });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  if (input !== undefined) child.stdin.end(input);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output, errors }));
  });
  return Object.assign(finished, { process: child });
}

/** A folder for a test's files, and what removes it. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), "trapframe-cli-"));

  /** Writes a file; answers its path. */
  file(name: string, contents: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, contents);
    return path;
  }

  /** Writes a program of 32-bit instructions; it runs at 0x80000000 in M-mode with `--bios none`. */
  program(name: string, ...instructions: readonly number[]): string {
    return this.file(name, new Uint8Array(Uint32Array.from(instructions).buffer));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
