/** What a command costs: the processor time of all its threads and children, as the system accounts for it. */
import { spawn } from "node:child_process";
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

// Node tells what its own process used, but not what a child did; bash does. Times go to descriptor 3.
const timeCommand = `TIMEFORMAT="%3U %3S %3R"; { time "$@" 2>&4; } 4>&2 2>&3`;

/** Runs `command` with nothing on its stdin, and kills it after `limitSeconds`. Throws `Failure` when there is no bash. */
export function measure(command: readonly string[], limitSeconds: number): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", timeCommand, "bash", ...command], {
      // A process group of its own, so that all of it can be ended.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const killGroup = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    let tooLong = false;
    const timer = setTimeout(() => {
      tooLong = true;
      killGroup();
    }, limitSeconds * 1000);
    const stopListening = onEndingSignal((status) => {
      killGroup();
      process.exit(status);
    });
    const [output, errors, times] = [1, 2, 3].map((descriptor) => {
      const chunks: Buffer[] = [];
      child.stdio[descriptor]?.on("data", (chunk: Buffer) => chunks.push(chunk));
      return () => Buffer.concat(chunks).toString();
    });
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
      const [user = 0, system = 0, wall = 0] = (times?.() ?? "").trim().split(" ").map(Number);
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
