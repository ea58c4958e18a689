/** Shell and tools do what the scenarios say. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { CpioEntry } from "../../tools/guest/cpio.ts";
import { ROOT } from "../../tools/guest/root.ts";
import { limitSeconds } from "../linux/linux-guest.ts";
import { expectedTranscript, outcomeOf, parseScenario, scriptOf, transcript } from "./scenario.ts";
import { prompt, systems } from "./systems.ts";

const FOLDER = "test/programs/scenarios";
const bootMilliseconds = (limitSeconds + 20) * 1000;

const scenarios = readdirSync(join(ROOT, FOLDER)).map((name) =>
  parseScenario(name, readFileSync(join(ROOT, FOLDER, name), "utf8")),
);

const encoder = new TextEncoder();

function script(name: string, text: string): CpioEntry {
  return { type: "file", path: `scenarios/${name}`, data: encoder.encode(text) };
}

describe.each(systems())("on $name", (system) => {
  let console = "";

  beforeAll(async () => {
    const files = scenarios.map((scenario) => script(scenario.name, scriptOf(scenario)));
    const all = scenarios.map(({ name }) => `sh /scenarios/${name}\n`).join("");
    // Through a pipe: programs print for a file, not for a terminal.
    const finished = await system.run(
      [...files, script("all", `${all}echo @done\n`)],
      [prompt, "sh /scenarios/all | cat\\n"],
      ["^@done"],
    );
    console = finished.console;
    expect(finished.status, finished.errors + console).toBe(0);
  }, bootMilliseconds);

  test.each(scenarios)("$name", ({ name, steps }) => {
    const outcomes = steps.map((_, index) => outcomeOf(console, name, index));
    expect(transcript(steps, outcomes)).toBe(expectedTranscript(steps));
  });
});
