import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runAll } from "./crew.ts";
import type { Entry } from "./result.ts";

const folder = mkdtempSync(join(tmpdir(), "trapframe-crew-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A worker that does what a test's name says. */
const module = join(folder, "worker.mjs");
writeFileSync(
  module,
  `process.on("message", ({ entry: { name } }) => {
    if (name.startsWith("crash")) { console.error("out of luck"); process.exit(3); }
    if (name.startsWith("die")) process.kill(process.pid, "SIGSEGV");
    if (name.startsWith("hang")) for (;;);
    process.send({ name, status: "passed", failures: [] });
  });`,
);

const entries = (...names: string[]): Entry[] =>
  names.map((name) => ({ kind: "self-checking", name, path: name }));

describe("runAll", () => {
  it("answers in the order of the tests, whoever ends first, and survives what they do", async () => {
    const told: string[] = [];
    const names = ["a", "crash 1", "b", "hang", "c", "die", "d", "e"];
    const results = await runAll(entries(...names), {
      jobs: 3,
      settings: { engines: ["interpreter"], cpu: undefined, harts: 1, timeout: 1 },
      patience: 1500,
      worker: pathToFileURL(module),
      onResult: ({ name }) => told.push(name),
    });
    expect(results.map(({ name }) => name)).toEqual(names);
    expect(told.toSorted()).toEqual(names.toSorted());
    const summaries = new Map(results.map(({ name, failures }) => [name, failures[0]?.summary]));
    expect(summaries.get("crash 1")).toBe("the process that ran it ended with status 3:\nout of luck\n");
    expect(summaries.get("die")).toMatch(/ended by SIGSEGV/);
    expect(summaries.get("hang")).toBe("it had not ended after 2 seconds");
    expect(results.filter(({ status }) => status === "passed")).toHaveLength(5);
    expect(results.filter(({ status }) => status === "error")).toHaveLength(3);
  });
});
