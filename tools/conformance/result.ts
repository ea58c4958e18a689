/** What is to be tried, and what came of it. All of it is plain data: it goes between processes and into reports. */
import type { EngineName } from "../../emulator/board/options.ts";
import type { Mismatch } from "./mismatch.ts";

/** A test that has been found, by what must be done to run it. */
export type Entry = { readonly name: string; readonly path: string } & (
  | {
      /** An ELF that says by its exit code whether it passed. */
      readonly kind: "self-checking";
    }
  | {
      /** An ELF that leaves a signature in memory, and the file that says how it must be. */
      readonly kind: "signature";
      readonly reference: string;
    }
  /** A test of a module `NAME.suite.ts`; `path` is the module's. */
  | { readonly kind: "suite"; readonly test: string }
  /** `NAME.case.json`. */
  | { readonly kind: "case file" }
  /** A test that cannot be run, which is an error. */
  | { readonly kind: "unusable"; readonly problem: string }
  /** A test for another machine than this one. */
  | { readonly kind: "skipped"; readonly reason: string }
);

/** How tests are run. */
export interface Settings {
  readonly engines: readonly EngineName[];
  /** As `--cpu` takes it; undefined leaves it to the test. */
  readonly cpu: string | undefined;
  /** Of programs; our own cases say so themselves. */
  readonly harts: number;
  /** Instructions after which a program has failed. */
  readonly timeout: number;
}

/** `error`: the test could not be run, or the machine failed in running it. */
export type Status = "passed" | "failed" | "error" | "skipped";

export interface Result {
  readonly name: string;
  readonly path: string;
  readonly kind: Entry["kind"];
  readonly status: Status;
  readonly milliseconds: number;
  /** Retired on all engines together; 0 where nothing ran. */
  readonly instructions: number;
  /** Cases that ran on each engine; 1 for a program. */
  readonly cases: number;
  readonly failures: readonly Failure[];
  /** Why it was skipped. */
  readonly note?: string;
}

/** An instruction as it stands in the program. */
export interface Place {
  /** Hexadecimal, with 0x. */
  readonly address: string;
  /** For example "test_7+0x8"; undefined without symbols. */
  readonly symbol?: string;
  readonly bits: string;
  readonly text: string;
  /** File and line, where the program has such information. */
  readonly source?: string;
}

/** One instruction that was executed, or the trap that was taken instead. */
export interface HistoryLine extends Place {
  readonly hart: number;
  readonly mode: string;
  /** For example "a4 = 0x80". */
  readonly effect?: string;
  /** For example "trap to M: load page fault, tval 0x0". */
  readonly trap?: string;
}

/** Why a test failed, complete enough to begin searching. */
export interface Failure {
  /** The engines on which it failed like this; empty where it failed before any ran. */
  readonly engines: readonly EngineName[];
  /** One line. */
  readonly summary: string;
  /** The part of the test: "test 7 (test_7)" or the name of a case. */
  readonly case?: string;
  /** What the specification says, and where. */
  readonly because?: string;
  /** The instruction under test. */
  readonly instruction?: Place;
  readonly mismatches: readonly Mismatch[];
  /** More that helps, a sentence each. */
  readonly notes: readonly string[];
  /** The last instructions, oldest first. */
  readonly history: readonly HistoryLine[];
  /** What the program printed. */
  readonly console?: string;
  /** A command for a shell that opens just this in the debugger. */
  readonly rerun?: string;
}

/** A failure of which nothing is known but a sentence. */
export const failedBefore = (summary: string): Failure => ({
  engines: [],
  summary,
  mismatches: [],
  notes: [],
  history: [],
});
