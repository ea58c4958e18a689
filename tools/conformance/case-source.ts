/** Reads tests from `NAME.case.json`. */
import { readFileSync } from "node:fs";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import type { Test } from "./case.ts";
import { CaseFileError, readCaseFile } from "./case-file.ts";

export const caseEnding = ".case.json";

/** The test in a file. Throws `Failure` where there is none. */
export function readTestFile(path: string): Test {
  try {
    return readCaseFile(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof CaseFileError ? error.message : describeFileError(error);
    throw new Failure(`cannot read test "${path}": ${reason}`, exitStatus.badInput);
  }
}
