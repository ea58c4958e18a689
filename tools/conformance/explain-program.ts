/** Says why a program failed. */
import type { EngineName } from "../../emulator/board/options.ts";
import type { Failure } from "./result.ts";
import type { Outcome, ProgramTest } from "./run-program.ts";

export async function explainProgram(
  test: ProgramTest & { cpu: string },
  engine: EngineName,
  outcome: Outcome,
): Promise<Failure> {
  const { end } = outcome;
  const summary =
    end.reason === "exit" && end.code !== 0n
      ? `test ${end.code} failed`
      : outcome.mismatches.length > 0
        ? `the signature is wrong in ${outcome.mismatches.length} words`
        : end.reason;
  return {
    engines: [engine],
    summary,
    mismatches: [],
    notes: [],
    history: [],
    console: outcome.console,
    rerun: `trapframe boot ${test.path} --bios none --cpu ${test.cpu} --engine ${engine}`,
  };
}
