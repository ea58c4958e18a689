/** The fuzzer: what it makes, that it finds what is wrong and shortens it, and a small run of it. */
import { expect, test } from "vitest";
import { Bench } from "../../emulator/board/bench.ts";
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import { rd } from "../../emulator/isa/operands.ts";
import { u64 } from "../../emulator/language/expression.ts";
import { block } from "../../emulator/language/statement.ts";
import { readCaseFile, writeCaseFile } from "../conformance/case-file.ts";
import { runCase } from "../conformance/run-case.ts";
import { createBench } from "../conformance/run-cases.ts";
import { testOf } from "./case-of.ts";
import { deviations } from "./deviations.ts";
import type { Ground } from "./generate.ts";
import { Repertoire } from "./generate.ts";
import { Judge } from "./judge.ts";
import { minimise } from "./minimise.ts";
import { errandOf, programOf } from "./plan.ts";
import { imageOf, makeProgram } from "./program.ts";
import { findQemu } from "./qemu.ts";
import { Random } from "./random.ts";
import { instructionOf } from "./trial.ts";
import { Workshop } from "./workshop.ts";
import { buildRuntime } from "./world.ts";

const cpu = parseCpu("max");
const engines: Ground = { purpose: "engines", cpu };
const careful: Ground = { purpose: "qemu", cpu };
const qemu = findQemu(cpu);
if (qemu === undefined)
  process.stderr.write("SKIPPED: qemu-system-riscv64 is not installed: no fuzzing against it\n");

test("random numbers are the same everywhere", () => {
  const random = new Random(42n, 1);
  expect([random.word(), random.word(), random.word()]).toMatchInlineSnapshot(`
    [
      1635766257,
      3512019494,
      2602818701,
    ]
  `);
});

test("a seed gives the same image, and another seed another", async () => {
  const runtime = await buildRuntime();
  const bytes = (seed: bigint, ground: Ground) =>
    Buffer.from(imageOf(makeProgram(seed, ground, 1, 100), runtime).bytes);
  for (const ground of [careful, engines]) {
    expect(bytes(7n, ground).equals(bytes(7n, ground))).toBe(true);
    expect(bytes(7n, ground).equals(bytes(8n, ground))).toBe(false);
  }
});

test.each([careful, engines])("every instruction of the table occurs in programs for $purpose", (ground) => {
  const seen = new Set<string>();
  const all = new Repertoire(ground).all.map(({ name }) => name);
  for (let seed = 1n; seed <= 20n && seen.size < all.length; seed++) {
    for (const { items } of makeProgram(seed, ground, 1, 1000).trials) {
      for (const { word } of items) {
        const name = instructionOf(word)?.name;
        if (name !== undefined) seen.add(name);
      }
    }
  }
  expect(all.filter((name) => !seen.has(name))).toEqual([]);
});

test("an exception says what the specification says, or how it is avoided", () => {
  expect(new Set(deviations.map(({ name }) => name)).size).toBe(deviations.length);
  for (const { paragraph, explanation } of deviations)
    expect(paragraph.length * explanation.length).toBeGreaterThan(0);
});

/** An interpreter in which mulhu gives 0. */
const broken: Rewrite = (name, body) => (name === "mulhu" ? block(() => rd.set(u64(0))) : body);

test("a planted fault is found, shortened to one instruction, and its file shows it again", async () => {
  const runtime = await buildRuntime();
  const judge = new Judge(
    {
      contestants: [
        { name: "reference", engine: "reference" },
        { name: "broken", engine: "interpreter", rewrite: broken },
      ],
      qemu: undefined,
    },
    runtime,
  );
  const program = makeProgram(5n, careful, 1, 200);
  const { finding } = await judge.try(program);
  if (finding === undefined) throw new Error("the fault was not found");
  const minimal = await minimise(program, finding, (candidate) => judge.try(candidate, true));
  const names = minimal.program.trials.map(({ items }) => items.map(({ word }) => instructionOf(word)?.name));
  expect(names).toEqual([["mulhu"]]);

  const found = await testOf("planted", minimal.program, minimal.finding, runtime);
  if (found === undefined) throw new Error("the program fits no case file");
  const again = readCaseFile(writeCaseFile(found));
  const good = await createBench(again, undefined, "interpreter");
  const bad = await Bench.create({ engine: "interpreter", cpu, memory: again.ram ?? 0, rewrite: broken });
  for (const tried of again.cases()) {
    expect(runCase(good, tried)).toBeUndefined();
    expect(runCase(bad, tried)).toBeDefined();
  }
}, 180_000);

test("engines agree on a program", async () => {
  const workshop = await Workshop.create({ against: "engines", engines: ["reference", "interpreter"] });
  const report = await workshop.run({ seed: 3n, purpose: "engines" });
  expect(report.finding).toBeUndefined();
  expect(report.instructions).toBeGreaterThan(1000);
}, 180_000);

test.skipIf(qemu === undefined)(
  "QEMU agrees on a program",
  async () => {
    const plan = { against: "qemu", engines: ["interpreter"] } as const;
    const workshop = await Workshop.create(plan);
    const errand = errandOf(plan, 1n);
    const report = await workshop.run(errand);
    expect(report.finding).toBeUndefined();
    expect(programOf(errand, qemu).trials.length).toBeGreaterThan(1000);
    expect(report.instructions).toBeGreaterThan(10_000);
    // What is excused does occur, or it would need no excuse.
    expect(report.explained.length).toBeGreaterThan(5);
  },
  180_000,
);
