/** Tries mutants on tests, in a thread of its own: a mutant may never end, and then the thread is ended. */
import { parentPort, workerData } from "node:worker_threads";
import type { Bench } from "../../emulator/board/bench.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import type { Block } from "../../emulator/language/statement.ts";
import type { Case, Test } from "../conformance/case.ts";
import { runCase } from "../conformance/run-case.ts";
import { benchFor, type CaseEntry, openTest } from "../conformance/run-cases.ts";
import { mutantsOf } from "./mutate.ts";
import { allPieces } from "./pieces.ts";

/** What a judge is asked: which pieces a test executes, or whether one of the tests finds each mutant of a piece. */
export type Question = { readonly kind: "reach"; readonly test: number } | Judgement;

interface Judgement {
  readonly kind: "judge";
  readonly piece: number;
  /** The first mutant to try; from there on, every so many. */
  readonly from: number;
  readonly every: number;
  readonly tests: readonly number[];
}

export type Answer =
  | { readonly kind: "reached"; readonly pieces: readonly number[]; readonly cases: number }
  /** Still at work: what comes next is this mutant on one more test. */
  | { readonly kind: "trying"; readonly mutant: number }
  | { readonly kind: "verdict"; readonly mutant: number; readonly slip: string; readonly found: boolean }
  | { readonly kind: "done" };

const pieces = allPieces();
const pieceOf = new Map(pieces.map(({ body }, index) => [body, index]));
const tests = await Promise.all((workerData as readonly CaseEntry[]).map(openTest));
/** The cases of the tests that the current piece needs. */
const cases = new Map<number, readonly Case[]>();

const say = (answer: Answer) => parentPort?.postMessage(answer);

parentPort?.on("message", async (question: Question) => {
  if (question.kind === "reach") await reach(question.test);
  else await judge(question);
});

async function reach(index: number): Promise<void> {
  const reached = new Set<number>();
  const tried = testAt(index);
  const bench = await referenceFor(tried);
  const note = (_: string, body: Block) => {
    const piece = pieceOf.get(body);
    if (piece !== undefined) reached.add(piece);
    return body;
  };
  await bench.seed(note);
  let count = 0;
  for (const c of tried.cases()) {
    const failure = runCase(bench, c);
    if (failure !== undefined) throw new Error(`${tried.name}, ${c.name}: fails with nothing mutated`);
    count += 1;
  }
  say({ kind: "reached", pieces: [...reached], cases: count });
}

async function judge({ piece: index, from, every, tests: among }: Judgement): Promise<void> {
  const piece = pieces[index];
  if (piece === undefined) throw new RangeError(`there is no piece ${index}`);
  for (const known of [...cases.keys()]) if (!among.includes(known)) cases.delete(known);
  let mutant = -1;
  for (const { slip, block } of mutantsOf(piece.body, piece.operands)) {
    mutant += 1;
    if (mutant < from || (mutant - from) % every !== 0) continue;
    const rewrite: Rewrite = (_, body) => (body === piece.body ? block : body);
    say({ kind: "verdict", mutant, slip, found: await isFound(rewrite, mutant, among) });
  }
  say({ kind: "done" });
}

async function isFound(rewrite: Rewrite, mutant: number, among: readonly number[]): Promise<boolean> {
  for (const index of among) {
    say({ kind: "trying", mutant });
    const bench = await referenceFor(testAt(index));
    await bench.seed(rewrite);
    if (casesOf(index).some((c) => fails(bench, c))) return true;
  }
  return false;
}

function fails(bench: Bench, tried: Case): boolean {
  try {
    return runCase(bench, tried) !== undefined;
  } catch {
    // A mutant that reads beyond machine memory is not to be overlooked.
    return true;
  }
}

function casesOf(index: number): readonly Case[] {
  let known = cases.get(index);
  if (known === undefined) {
    known = [...testAt(index).cases()];
    cases.set(index, known);
  }
  return known;
}

function testAt(index: number): Test {
  const found = tests[index];
  if (found === undefined) throw new RangeError(`there is no test ${index}`);
  return found;
}

const referenceFor = (tried: Test) => benchFor(tried, tried.cpu, "reference");
