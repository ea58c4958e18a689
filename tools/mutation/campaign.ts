/** A mutation campaign: how many single slips in the description a suite finds. */
import { Worker } from "node:worker_threads";
import type { CaseEntry } from "../conformance/run-cases.ts";
import { compiled } from "../guest/root.ts";
import type { Answer, Question } from "./judge.ts";
import type { Piece } from "./pieces.ts";
import { allPieces } from "./pieces.ts";

/** Whether a mutant was found. */
export interface Verdict {
  readonly piece: Piece;
  readonly mutant: number;
  readonly slip: string;
  readonly found: boolean;
}

export interface CampaignOptions {
  readonly tests: readonly CaseEntry[];
  readonly chosen: (piece: Piece) => boolean;
  /** Only every so many of the mutants is tried. */
  readonly every: number;
  readonly jobs: number;
  /** Called as the campaign goes on, with how much of it is done, from 0 to 1. */
  readonly progress: (done: number) => void;
}

/** Nothing heard for so long: the mutant does not end, which a suite would notice. */
const PATIENCE_MILLISECONDS = 30_000;

/** Tries every mutant of the chosen pieces on the tests that execute the piece, smallest first. */
export async function runCampaign(options: CampaignOptions): Promise<Verdict[]> {
  const pieces = allPieces();
  const reached = await reachOf(options);
  const chosen = pieces.flatMap((piece, index) => (options.chosen(piece) ? [index] : []));
  let done = 0;
  const verdicts = await spread(chosen, options, async (judge, index) => {
    const among = reached
      .filter((r) => r.pieces.has(index))
      .toSorted((a, b) => a.cases - b.cases || a.test - b.test)
      .map((r) => r.test);
    const found = await judge.judge(index, options.every, among);
    done += 1;
    options.progress(0.2 + (0.8 * done) / chosen.length);
    return found.map((v) => ({ ...v, piece: pieces[index] ?? missing(index) }));
  });
  return verdicts.flat();
}

interface Reach {
  readonly test: number;
  readonly pieces: ReadonlySet<number>;
  readonly cases: number;
}

function reachOf(options: CampaignOptions): Promise<Reach[]> {
  let done = 0;
  return spread([...options.tests.keys()], options, async (judge, test) => {
    const { pieces, cases } = await judge.reach(test);
    done += 1;
    options.progress((0.2 * done) / options.tests.length);
    return { test, pieces: new Set(pieces), cases };
  });
}

/** Does something for every item, each with a judge that is free; gives the results in the order of the items. */
async function spread<Item, Result>(
  items: readonly Item[],
  { tests, jobs }: CampaignOptions,
  work: (judge: Judge, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()].reverse();
  const worker = async () => {
    const judge = new Judge(tests);
    try {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [index, item] = next;
        results[index] = await work(judge, item);
      }
    } finally {
      await judge.dismiss();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
  return results;
}

type Judged = Omit<Verdict, "piece">;

/** A thread that tries mutants, replaced by another when it hangs. */
class Judge {
  readonly #tests: readonly CaseEntry[];
  #worker: Worker;

  constructor(tests: readonly CaseEntry[]) {
    this.#tests = tests;
    this.#worker = this.#call();
  }

  async reach(test: number): Promise<{ readonly pieces: readonly number[]; readonly cases: number }> {
    let answer = { pieces: [] as readonly number[], cases: 0 };
    const ended = await this.#ask({ kind: "reach", test }, (a) => {
      if (a.kind === "reached") answer = a;
      return a.kind === "reached";
    });
    if (!ended) throw new Error(`test ${test} does not end, with nothing mutated`);
    return answer;
  }

  async judge(piece: number, every: number, tests: readonly number[]): Promise<Judged[]> {
    const verdicts: Judged[] = [];
    // Not the first mutant of every piece, which are much alike.
    for (let from = piece % every; ; ) {
      let trying = from;
      const ended = await this.#ask({ kind: "judge", piece, from, every, tests }, (answer) => {
        if (answer.kind === "trying") trying = answer.mutant;
        if (answer.kind === "verdict") verdicts.push(answer);
        return answer.kind === "done";
      });
      if (ended) return verdicts;
      verdicts.push({ mutant: trying, slip: "never ends", found: true });
      from = trying + every;
      await this.dismiss();
      this.#worker = this.#call();
    }
  }

  async dismiss(): Promise<void> {
    await this.#worker.terminate();
  }

  #call(): Worker {
    return new Worker(compiled("tools/mutation/judge.ts"), { workerData: this.#tests });
  }

  /** Gives every answer to `heard` until that says it was the last; false when the judge has fallen silent. */
  #ask(question: Question, heard: (answer: Answer) => boolean): Promise<boolean> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        worker.off("message", listen).off("error", fail);
        finish();
      };
      const silent = () => end(() => resolve(false));
      let timer = setTimeout(silent, PATIENCE_MILLISECONDS);
      const listen = (answer: Answer) => {
        clearTimeout(timer);
        timer = setTimeout(silent, PATIENCE_MILLISECONDS);
        if (heard(answer)) end(() => resolve(true));
      };
      const fail = (error: Error) => end(() => reject(error));
      worker.on("message", listen).on("error", fail);
      worker.postMessage(question);
    });
  }
}

function missing(index: number): never {
  throw new RangeError(`there is no piece ${index}`);
}
