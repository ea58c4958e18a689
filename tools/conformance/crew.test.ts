import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runAll } from "./crew.ts";
import type { Entry, Settings } from "./result.ts";

const folder = mkdtempSync(join(tmpdir(), "trapframe-crew-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A worker that does what a test's name says. */
const worker = join(folder, "worker.mjs");
writeFileSync(
  worker,
  `process.on("message", ({ entry: { name } }) => {
    if (name.startsWith("crash")) { console.error("out of luck"); process.exit(3); }
    if (name.startsWith("die")) process.kill(process.pid, "SIGSEGV");
    if (name.startsWith("hang")) for (;;);
    process.send({ name, status: "passed", failures: [] });
  });`,
);

const entries = (...names: string[]): Entry[] =>
  names.map((name) => ({ kind: "self-checking", name, path: name }));

const settings: Settings = { engines: ["interpreter"], cpu: undefined, harts: 1, timeout: 1 };

describe("runAll", () => {
  it("answers in the order of the tests, whoever ends first, and survives their deaths", async () => {
    const told: string[] = [];
    const names = ["a", "crash 1", "b", "c", "die", "d", "e"];
    const results = await runAll(entries(...names), {
      jobs: 3,
      settings,
      patience: 60_000,
      worker,
      onResult: ({ name }) => told.push(name),
    });
    expect(results.map(({ name }) => name)).toEqual(names);
    expect(told.toSorted()).toEqual(names.toSorted());
    const summaries = new Map(results.map(({ name, failures }) => [name, failures[0]?.summary]));
    expect(summaries.get("crash 1")).toBe("the process that ran it ended with status 3:\nout of luck\n");
    expect(summaries.get("die")).toMatch(/ended by SIGSEGV/);
    expect(results.filter(({ status }) => status === "passed")).toHaveLength(5);
    expect(results.filter(({ status }) => status === "error")).toHaveLength(2);
  });

  it("gives up a test that does not end, and goes on with the next", async () => {
    const results = await runAll(entries("hang", "a"), {
      jobs: 1,
      settings,
      // A busy host takes seconds to start the process for the next.
      patience: 5000,
      worker,
      onResult: () => {},
    });
    expect(results.map(({ status }) => status)).toEqual(["error", "passed"]);
    expect(results[0]?.failures[0]?.summary).toBe("it had not ended after 5 seconds");
  });
});
