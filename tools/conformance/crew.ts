/** Worker processes that run tests side by side. One that dies or hangs costs its test, not the campaign. */
import { type ChildProcess, fork } from "node:child_process";
import { compiled } from "../guest/root.ts";
import { type Entry, failedBefore, type Result, type Settings } from "./result.ts";
import type { Order } from "./worker.ts";

export interface CrewOptions {
  readonly jobs: number;
  readonly settings: Settings;
  /** Wall-clock milliseconds after which a test is given up. */
  readonly patience: number;
  /** What the processes execute; answers each `Order` with a `Result`. */
  readonly worker?: string;
  /** Called when a test has ended. */
  onResult(result: Result): void;
}

const workerModule = compiled("tools/conformance/worker.ts");
const keptErrors = 4096;

/** Runs all tests; answers their results in the order of `entries`. */
export async function runAll(entries: readonly Entry[], options: CrewOptions): Promise<Result[]> {
  const results: (Result | undefined)[] = entries.map(() => undefined);
  const queue = entries.entries();
  const work = async () => {
    const worker = new Worker(options);
    try {
      for (const [index, entry] of queue) {
        const result = await worker.run(entry);
        results[index] = result;
        options.onResult(result);
      }
    } finally {
      worker.end();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, entries.length) }, work));
  return results.flatMap((result) => result ?? []);
}

class Worker {
  readonly #options: CrewOptions;
  #child: ChildProcess | undefined;
  #errors = "";

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Has the process run a test; starts another process where the last one has died. */
  run(entry: Entry): Promise<Result> {
    const { settings, patience } = this.#options;
    const child = this.#running();
    const began = performance.now();
    return new Promise((resolve) => {
      const finish = (result: Result) => {
        clearTimeout(alarm);
        child.removeAllListeners();
        resolve(result);
      };
      const giveUp = (problem: string) => {
        this.#child = undefined;
        child.kill("SIGKILL");
        finish(lost(entry, problem, performance.now() - began));
      };
      const alarm = setTimeout(
        () => giveUp(`it had not ended after ${Math.round(patience / 1000)} seconds`),
        patience,
      );
      child.once("message", (result: Result) => finish(result));
      child.once("error", (error) => giveUp(`its process cannot be reached: ${error.message}`));
      child.once("exit", (status, signal) => {
        const cause = signal === null ? `with status ${status}` : `by ${signal}`;
        giveUp(`the process that ran it ended ${cause}${this.#errors === "" ? "" : `:\n${this.#errors}`}`);
      });
      const order: Order = { entry, settings };
      child.send(order);
    });
  }

  end(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #running(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    this.#errors = "";
    const child = fork(this.#options.worker ?? workerModule, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptErrors);
    });
    this.#child = child;
    return child;
  }
}

const lost = ({ name, path, kind }: Entry, problem: string, milliseconds: number): Result => ({
  name,
  path,
  kind,
  status: "error",
  milliseconds: Math.round(milliseconds),
  instructions: 0,
  cases: 0,
  failures: [failedBefore(problem)],
});
