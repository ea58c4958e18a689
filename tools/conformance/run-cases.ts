/** Runs the cases of our own tests on every engine. */
import { Bench } from "../../emulator/board/bench.ts";
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure as UserFailure } from "../host/failure.ts";
import type { Case, Test } from "./case.ts";
import { readTestFile } from "./case-source.ts";
import { explainCase } from "./explain-case.ts";
import { type Entry, type Failure, failedBefore, type Settings } from "./result.ts";
import { type CaseFailure, runCase } from "./run-case.ts";
import type { Findings } from "./run-entry.ts";
import { loadTest } from "./suite.ts";

export type CaseEntry = Extract<Entry, { kind: "suite" | "case file" }>;

/** More failed cases than these say nothing new about a test. */
const mostFailures = 10;

/** Runs all cases of a test on each engine. */
export async function runCases(entry: CaseEntry, settings: Settings): Promise<Findings> {
  const test = await openTest(entry);
  const cpu = settings.cpu ?? test.cpu;
  const benches = await Promise.all(settings.engines.map((engine) => benchFor(test, cpu, engine)));
  const failures: Failure[] = [];
  let instructions = 0;
  let cases = 0;
  let failed = 0;
  for (const tried of test.cases()) {
    cases++;
    let good = true;
    const found = new Map<string, Failure>();
    for (const [index, engine] of settings.engines.entries()) {
      const bench = benches[index];
      if (bench === undefined) continue;
      const failure = tryCase(bench, tried);
      instructions += bench.harts.reduce((sum, hart) => sum + Number(hart.instructions), 0);
      if (failure === undefined) continue;
      good = false;
      if (failed >= mostFailures) continue;
      const key = typeof failure === "string" ? failure : JSON.stringify(failure);
      const alike = found.get(key);
      const explain = () =>
        typeof failure === "string"
          ? { ...failedBefore(failure), engines: [engine], case: tried.name, because: tried.because }
          : explainCase({ entry, tried, failure, bench, engine, cpu: settings.cpu });
      found.set(key, alike === undefined ? explain() : { ...alike, engines: [...alike.engines, engine] });
    }
    if (!good) failed++;
    failures.push(...found.values());
  }
  if (cases === 0) throw new UserFailure("the test has no cases", exitStatus.badInput);
  if (failed > mostFailures)
    failures.push(failedBefore(`${failed - mostFailures} more of its ${cases} cases fail`));
  return { instructions, cases, failures };
}

/** Runs a case; what is thrown is a failure in words. */
function tryCase(bench: Bench, tried: Case): CaseFailure | string | undefined {
  try {
    return runCase(bench, tried);
  } catch (error) {
    return `it cannot be run: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Benches made so far: making one takes longer than running most tests. */
const benches = new Map<string, Promise<Bench>>();

/** A bench that a test's cases can run on; tests that need the same one share it. */
export function benchFor(test: Test, cpu: string | undefined, engine: EngineName): Promise<Bench> {
  const key = [engine, cpu, test.harts, test.ram].join(" ");
  const bench = benches.get(key) ?? createBench(test, cpu, engine);
  benches.set(key, bench);
  return bench;
}

/** Makes such a bench, for nobody else. */
export function createBench(test: Test, cpu: string | undefined, engine: EngineName): Promise<Bench> {
  const { harts = 1, ram = 0x10000 } = test;
  return Bench.create({ engine, harts, memory: ram, ...(cpu !== undefined && { cpu: parseCpu(cpu) }) });
}

/** The test that an entry names. Throws a `Failure` for the user. */
export async function openTest(entry: CaseEntry): Promise<Test> {
  return entry.kind === "suite" ? loadTest(entry.path, entry.test) : readTestFile(entry.path);
}
