/** Says why a case failed. */
import type { Bench } from "../../emulator/board/bench.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import type { Case } from "./case.ts";
import type { Failure } from "./result.ts";
import type { CaseFailure } from "./run-case.ts";
import type { CaseEntry } from "./run-cases.ts";

export interface FailedCase {
  readonly entry: CaseEntry;
  readonly tried: Case;
  readonly failure: CaseFailure;
  readonly bench: Bench;
  readonly engine: EngineName;
  readonly cpu: string | undefined;
}

export function explainCase({ entry, tried, failure, engine }: FailedCase): Failure {
  const target = entry.kind === "suite" ? `${entry.test}/${tried.name}` : tried.name;
  return {
    engines: [engine],
    summary: failure.mismatches
      .map(({ what, expected, found }) => `${what} expected ${expected}, found ${found}`)
      .join("; "),
    case: tried.name,
    because: tried.because,
    mismatches: failure.mismatches,
    notes: [],
    history: [],
    rerun: `trapframe boot ${entry.path} --case '${target}' --engine ${engine}`,
  };
}
