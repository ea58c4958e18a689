/** Runs one test on every engine asked for and says what came of it. */
import { readFileSync } from "node:fs";
import { parseCpu } from "../../emulator/board/cpu.ts";
import { ImageError } from "../../emulator/board/image-error.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { Failure as UserFailure } from "../host/failure.ts";
import { findDisagreement } from "./disagreement.ts";
import { explainProgram } from "./explain-program.ts";
import { cpuFor, memoryFor } from "./program.ts";
import { rerunProgram } from "./rerun.ts";
import { type Entry, type Failure, failedBefore, type Result, type Settings, type Status } from "./result.ts";
import { runCases } from "./run-cases.ts";
import { hasPassed, type Outcome, openProgram, type ProgramTest, runProgram } from "./run-program.ts";
import { parseSignature, SignatureError } from "./signature.ts";

/** What running gave, before it is dated and named. */
export interface Findings {
  readonly instructions: number;
  readonly cases: number;
  readonly failures: readonly Failure[];
}

/** Runs a test. Never throws: what cannot be run is a result with status "error". */
export async function runEntry(entry: Entry, settings: Settings): Promise<Result> {
  const began = performance.now();
  const result = (status: Status, found: Partial<Findings> & Pick<Result, "note">): Result => ({
    name: entry.name,
    path: entry.path,
    kind: entry.kind,
    milliseconds: Math.round(performance.now() - began),
    instructions: 0,
    cases: 0,
    failures: [],
    ...found,
    status,
  });
  if (entry.kind === "skipped") return result("skipped", { note: entry.reason });
  if (entry.kind === "unusable") return result("error", { failures: [failedBefore(entry.problem)] });
  try {
    const found = await findings(entry, settings);
    return result(found.failures.length > 0 ? "failed" : "passed", found);
  } catch (error) {
    return result("error", { failures: [failedBefore(describeError(error))] });
  }
}

function describeError(error: unknown): string {
  if (error instanceof ImageError || error instanceof UserFailure || error instanceof SignatureError) {
    return error.message;
  }
  return `the machine failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

type RunnableEntry = Exclude<Entry, { kind: "unusable" | "skipped" }>;

function findings(entry: RunnableEntry, settings: Settings): Promise<Findings> {
  return entry.kind === "self-checking" || entry.kind === "signature"
    ? runOnEngines(openTest(entry, settings), settings)
    : runCases(entry, settings);
}

type ProgramEntry = Extract<RunnableEntry, { kind: "self-checking" | "signature" }>;

function openTest(entry: ProgramEntry, settings: Settings): ProgramTest {
  const image = readFileSync(entry.path);
  const program = openProgram(entry.path, image);
  const cpu = settings.cpu ?? cpuFor(program);
  return {
    path: entry.path,
    image,
    program,
    reference: entry.kind === "signature" ? readReference(entry.reference) : undefined,
    cpu,
    options: { cpu: parseCpu(cpu), harts: settings.harts, memory: memoryFor(program) },
    timeout: settings.timeout,
  };
}

function readReference(path: string) {
  try {
    return parseSignature(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SignatureError)
      throw new SignatureError(`reference signature "${path}": ${error.message}`);
    throw error;
  }
}

async function runOnEngines(test: ProgramTest, { engines }: Settings): Promise<Findings> {
  const runs: Run[] = [];
  for (const engine of engines) runs.push({ engine, outcome: await runProgram(test, engine) });
  return {
    instructions: runs.reduce((sum, { outcome }) => sum + outcome.instructions, 0),
    cases: 1,
    failures: await explainRuns(test, runs),
  };
}

interface Run {
  readonly engine: EngineName;
  readonly outcome: Outcome;
}

/** Engines that end alike fail alike; those that part are shown where. */
async function explainRuns(test: ProgramTest, runs: readonly Run[]): Promise<Failure[]> {
  const [first] = runs;
  if (first === undefined) return [];
  const failures: Failure[] = [];
  const different = runs.filter(({ outcome }) => outcome.state !== first.outcome.state);
  const alike = runs.filter((run) => !different.includes(run)).map(({ engine }) => engine);
  if (!hasPassed(first.outcome, test)) {
    failures.push({ ...(await explainProgram(test, first.engine, first.outcome)), engines: alike });
  }
  for (const { engine, outcome } of different) {
    if (!hasPassed(outcome, test)) failures.push(await explainProgram(test, engine, outcome));
    // The reference engine is the one made to be read, so what it does is expected.
    const [expected, found] = engine === "reference" ? [engine, first.engine] : [first.engine, engine];
    failures.push(await explainDisagreement(test, expected, found));
  }
  return failures;
}

async function explainDisagreement(
  test: ProgramTest,
  expected: EngineName,
  found: EngineName,
): Promise<Failure> {
  const parting = await findDisagreement({ test, engine: expected }, { test, engine: found });
  const summary = `${found} (found) and ${expected} (expected) end differently`;
  if (parting === undefined) return { ...failedBefore(summary), engines: [found] };
  return {
    ...failedBefore(`${summary}: they part at ${parting.instruction.address}`),
    ...parting,
    engines: [found],
    rerun: rerunProgram(test, found, parting.instruction.address),
  };
}
