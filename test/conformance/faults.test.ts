/** Faults put into an engine are found by the suite, and the report says what is wrong. */
import { describe, expect, test } from "vitest";
import type { Bench } from "../../emulator/board/bench.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import type { Node } from "../../emulator/language/expression.ts";
import type { Case, Test } from "../../tools/conformance/case.ts";
import { explainCase } from "../../tools/conformance/explain-case.ts";
import { formatFailure } from "../../tools/conformance/report/text.ts";
import { runCase } from "../../tools/conformance/run-case.ts";
import { createBench } from "../../tools/conformance/run-cases.ts";
import { replaceIn } from "../../tools/mutation/replace.ts";
import { suites } from "./support/every-suite.ts";

interface Fault {
  readonly fault: string;
  /** The test that finds it. */
  readonly finder: readonly [suite: string, test: string];
  readonly rewrite: Rewrite;
  /** What its report says. */
  readonly says: readonly RegExp[];
}

/** Rewrites the nodes of one piece. */
const inPiece =
  (piece: string, node: (n: Node) => Node): Rewrite =>
  (name, body) =>
    name === piece ? replaceIn(body, { node, statement: (s) => s }) : body;

const faults: readonly Fault[] = [
  {
    fault: "lw extends with zeros",
    finder: ["memory", "lw"],
    rewrite: inPiece("lw", (n) => (n.kind === "read" ? { ...n, signed: false } : n)),
    says: [/instruction {2}0x80001000 {2}lw /, /expected 0xffffffff[89a-f]\w{7}, found 0x[89a-f]\w{7}\n/],
  },
  {
    fault: "fadd.s rounds towards zero",
    finder: ["single", "fadd.s"],
    rewrite: inPiece("fadd.s", (n) =>
      n.kind === "call" && n.procedure.name === "float32.add"
        ? { ...n, arguments: [...n.arguments.slice(0, 2), { kind: "constant", type: "i32", value: 1n }] }
        : n,
    ),
    says: [/instruction {2}0x80001000 {2}fadd\.s /, /f\w+ expected 0xffffffff\w{8}, found 0xffffffff\w{8}/],
  },
  {
    fault: "sfence.vma drops nothing",
    finder: ["tlb", "sfence.vma"],
    rewrite: (name, body) => (name === "sfence.vma" ? [] : body),
    says: [/sfence\.vma/, /expected .*, found /],
  },
  {
    fault: "interrupts are lost",
    finder: ["interrupts", "priority and masking in S-mode"],
    rewrite: (name, body) =>
      name === "pending" ? [{ kind: "return", value: { kind: "constant", type: "i64", value: 0n } }] : body,
    says: [/pc expected 0x\w+, found 0x\w+/, /privilege mode expected [MS], found/],
  },
];

describe.each(["reference", "interpreter", "translator"] as const)("on the %s", (engine) => {
  test.each(faults)("$fault", async ({ finder: [suite, name], rewrite, says }) => {
    const tried = suites.get(suite)?.tests.find((t) => t.name === name);
    if (tried === undefined) throw new Error(`there is no test "${name}" in ${suite}`);
    const report = await reportOf(tried, engine, rewrite, `test/conformance/${suite}.suite.ts`);
    for (const words of says) expect(report).toMatch(words);
  });
});

/** What is reported of the first case that fails. Throws where none does. */
async function reportOf(tried: Test, engine: EngineName, rewrite: Rewrite, path: string): Promise<string> {
  const bench = await createBench(tried, tried.cpu, engine);
  await bench.seed(rewrite);
  for (const one of tried.cases()) {
    const text = failureText(bench, one, tried, engine, path);
    if (text !== undefined) return text;
  }
  throw new Error("no case has found the fault");
}

function failureText(bench: Bench, one: Case, tried: Test, engine: EngineName, path: string) {
  const failure = runCase(bench, one);
  if (failure === undefined) return undefined;
  const entry = { kind: "suite", name: tried.name, path, test: tried.name } as const;
  return formatFailure(explainCase({ entry, tried: one, failure, bench, engine, cpu: undefined }));
}
