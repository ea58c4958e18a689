/** Runs programs on worker processes until time or instructions are used up, or someone wants it to end. */
import { type ChildProcess, fork } from "node:child_process";
import { compiled } from "../guest/root.ts";
import type { Plan } from "./plan.ts";
import type { Order } from "./worker.ts";
import type { Report } from "./workshop.ts";

export interface CampaignOptions {
  readonly plan: Plan;
  /** The first seed; the following ones come after it. */
  readonly seed: bigint;
  /** Of `of` campaigns over the same seeds the `number`th, from 1. */
  readonly shard: { readonly number: number; readonly of: number };
  readonly jobs: number;
  readonly milliseconds: number;
  readonly instructions: number;
  /** Seeds that come first. */
  readonly first: readonly bigint[];
  onReport(report: Report): void;
}

export interface Totals {
  programs: number;
  instructions: number;
  /** Instructions by who ran them. */
  readonly against: Record<Report["purpose"], number>;
  divergences: number;
  readonly explained: Map<string, number>;
  readonly problems: string[];
}

const workerModule = compiled("tools/fuzz/worker.ts");
/** After this many, what is wrong is wrong everywhere. */
const MOST_PROBLEMS = 3;

export class Campaign {
  readonly totals: Totals = {
    programs: 0,
    instructions: 0,
    against: { qemu: 0, engines: 0 },
    divergences: 0,
    explained: new Map(),
    problems: [],
  };
  readonly #options: CampaignOptions;
  readonly #began = performance.now();
  readonly #children = new Set<ChildProcess>();
  #stopped = false;

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  async run(): Promise<void> {
    const seeds = this.#seeds();
    await Promise.all(Array.from({ length: this.#options.jobs }, () => this.#work(seeds)));
  }

  /** Ends the campaign at once; programs that are running are not counted. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#children) child.kill("SIGKILL");
  }

  *#seeds(): Generator<bigint> {
    const { first, seed, shard } = this.#options;
    const mine = (index: bigint) => index % BigInt(shard.of) === BigInt(shard.number - 1);
    for (const [index, kept] of first.entries()) if (mine(BigInt(index))) yield kept;
    for (let index = 0n; ; index++) if (mine(index)) yield seed + index;
  }

  #over(): boolean {
    const { milliseconds, instructions } = this.#options;
    const { totals } = this;
    return (
      this.#stopped ||
      this.seconds * 1000 >= milliseconds ||
      totals.instructions >= instructions ||
      totals.problems.length >= MOST_PROBLEMS
    );
  }

  async #work(seeds: Iterator<bigint>): Promise<void> {
    let child: ChildProcess | undefined;
    while (!this.#over()) {
      const { value: seed } = seeds.next();
      child ??= this.#start();
      const report = await ask(child, { plan: this.#options.plan, seed: String(seed) });
      if (this.#stopped) break;
      if (typeof report === "string") {
        this.#children.delete(child);
        child = undefined;
        this.totals.problems.push(`seed ${seed}: ${report}`);
      } else this.#count(report);
    }
    if (child !== undefined) {
      this.#children.delete(child);
      child.kill("SIGKILL");
    }
  }

  #start(): ChildProcess {
    const child = fork(workerModule, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#children.add(child);
    return child;
  }

  #count(report: Report): void {
    const { totals } = this;
    totals.programs++;
    totals.instructions += report.instructions;
    totals.against[report.purpose] += report.instructions;
    if (report.finding !== undefined) totals.divergences++;
    if (report.problem !== undefined) totals.problems.push(`seed ${report.seed}: ${report.problem}`);
    for (const [name, times] of report.explained) {
      totals.explained.set(name, (totals.explained.get(name) ?? 0) + times);
    }
    this.#options.onReport(report);
  }
}

/** Has a worker run a program. Answers why it could not where it ends before. */
function ask(child: ChildProcess, order: Order): Promise<Report | string> {
  return new Promise((resolve) => {
    const finish = (answer: Report | string) => {
      child.removeAllListeners();
      resolve(answer);
    };
    child.once("message", (report: Report) => finish(report));
    child.once("error", (error) => finish(error.message));
    child.once("exit", (status, signal) => finish(`its process ended with ${signal ?? status}`));
    child.send(order);
  });
}
