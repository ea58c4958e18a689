/** Runs the suites of this folder under vitest. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Bench } from "../../../emulator/board/bench.ts";
import type { EngineName } from "../../../emulator/board/options.ts";
import type { Case, Suite } from "../../../tools/conformance/case.ts";
import { mismatchText } from "../../../tools/conformance/mismatch.ts";
import { runCase } from "../../../tools/conformance/run-case.ts";
import { benchFor } from "../../../tools/conformance/run-cases.ts";

const ENDING = ".suite.ts";

/** Every suite by its name. */
export const suites: ReadonlyMap<string, Suite> = new Map(
  await Promise.all(
    readdirSync(new URL("..", import.meta.url))
      .filter((file) => file.endsWith(ENDING))
      .map(async (file): Promise<[string, Suite]> => {
        const { suite } = await import(new URL(`../${file}`, import.meta.url).href);
        return [file.slice(0, -ENDING.length), suite];
      }),
  ),
);

/** Declares a test for each of every suite's, on one engine; one that fails tells of its first failing case. */
export function testEverySuite(engine: EngineName): void {
  for (const [name, suite] of suites) {
    describe(name, () => {
      test.each(suite.tests.map((tried) => [tried.name, tried] as const))("%s", async (_, tried) => {
        const bench = await benchFor(tried, tried.cpu, engine);
        let count = 0;
        for (const one of tried.cases()) {
          count++;
          const words = failureOf(bench, one);
          if (words !== undefined) expect.fail(words);
        }
        expect(count, "cases").toBeGreaterThan(0);
      });
    });
  }
}

/** What is wrong with a case, in words. */
function failureOf(bench: Bench, tried: Case): string | undefined {
  const failure = runCase(bench, tried);
  if (failure === undefined) return undefined;
  const lines = failure.mismatches.map((mismatch) => `  ${mismatchText(mismatch)}`);
  return [`${tried.name}, step ${failure.step + 1}`, ...lines, `  because ${tried.because}`].join("\n");
}
