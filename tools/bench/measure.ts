/** What a command costs: the processor time of all its threads and children, as the system accounts for it. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { onEndingSignal } from "../terminal/signals.ts";

export interface Measurement {
  /** User and system time, in steps of a millisecond. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Undefined when the command ran into the time limit. */
  readonly status: number | undefined;
  readonly output: string;
  readonly errors: string;
}

// Node tells what its own process used, but not what a child did; bash does. Times go to descriptor 3. A SIGTERM for the
// whole group is bash's to survive: it has still to tell them.
const timeCommand = `trap : TERM; TIMEFORMAT="%3U %3S %3R"; { time "$@" 2>&4; } 4>&2 2>&3`;

/**
 * Runs `command` with nothing on its stdin. It gets SIGTERM when `until` has appeared on its stdout, and is killed after
 * `limitSeconds`. Throws `Failure` when there is no bash.
 */
export function measure(
  command: readonly string[],
  limitSeconds: number,
  until?: string,
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", timeCommand, "bash", ...command], {
      // A process group of its own, so that all of it can be ended.
      detached: true,
      // Where Node is told to read certificates or options, its start takes longer: that says nothing of the machine.
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_OPTIONS: undefined },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const killGroup = (signal: NodeJS.Signals) => {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    };
    let tooLong = false;
    const timer = setTimeout(() => {
      tooLong = true;
      killGroup("SIGKILL");
    }, limitSeconds * 1000);
    const stopListening = onEndingSignal((status) => {
      killGroup("SIGKILL");
      process.exit(status);
    });
    const [output, errors, times] = [1, 2, 3].map((descriptor) => {
      const chunks: Buffer[] = [];
      child.stdio[descriptor]?.on("data", (chunk: Buffer) => chunks.push(chunk));
      return () => Buffer.concat(chunks).toString();
    });
    if (until !== undefined) endAt(until, child.stdout, () => killGroup("SIGTERM"));
    child.on("error", (error) => {
      clearTimeout(timer);
      stopListening();
      reject(
        new Failure(`cannot measure processor time without bash: ${error.message}`, exitStatus.badInput),
      );
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      stopListening();
      // Before them, bash may say which signal ended the command.
      const lastLine = times?.().trim().split("\n").at(-1) ?? "";
      const [user = 0, system = 0, wall = 0] = lastLine.split(" ").map(Number);
      resolve({
        cpuSeconds: user + system,
        wallSeconds: wall,
        status: tooLong ? undefined : (code ?? exitStatus.defect),
        output: output?.() ?? "",
        errors: errors?.() ?? "",
      });
    });
  });
}

function endAt(marker: string, output: Readable | null, end: () => void): void {
  let seen = "";
  const look = (chunk: Buffer) => {
    seen += chunk.toString("latin1");
    if (!seen.includes(marker)) return;
    output?.off("data", look);
    end();
  };
  output?.on("data", look);
}
