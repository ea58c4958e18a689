/** What the kernel's operations may cost, in retired instructions: exact counts, the same on every run and every host. */

import { beforeAll, describe, expect, it } from "vitest";
import type { Measurements } from "../../tools/bench/kernel/measurement.ts";
import {
  buildNativeBenchmark,
  type NativeBenchmark,
  runNativeBenchmark,
} from "../../tools/bench/kernel/native.ts";

const MINUTE = 60_000;

/** On one hart; several may take half as much again. */
const LIMITS = {
  "call between fast 0": 400,
  "call between fast 4": 400,
  "call inside fast 0": 300,
  "call inside fast 4": 300,
  "switch thread": 120,
  "switch process": 160,
};

let benchmark: NativeBenchmark;

beforeAll(async () => {
  benchmark = await buildNativeBenchmark();
}, 5 * MINUTE);

describe.each([
  [1, 1],
  [4, 1.5],
])("on %i harts", (harts, factor) => {
  let measurements: Measurements;
  const instructions = (name: string): number => measurements.get(name)?.instructions ?? Number.NaN;

  beforeAll(async () => {
    measurements = await runNativeBenchmark(benchmark, harts);
  }, MINUTE);

  it.each(Object.entries(LIMITS))("%s takes at most %i instructions, or its multiple", (name, limit) => {
    expect(instructions(name)).toBeLessThanOrEqual(limit * factor);
  });

  it("creates a thread whose stack is there for a tenth of a process", () => {
    expect(instructions("spawn bare thread")).toBeLessThanOrEqual(
      (instructions("spawn process") / 10) * factor,
    );
  });

  it("creates a thread with its stack for a tenth of a process", () => {
    expect(instructions("spawn thread")).toBeLessThanOrEqual((instructions("spawn process") / 10) * factor);
  });

  it("saves most of a call by the fast path", () => {
    expect(instructions("call between fast 0")).toBeLessThan(instructions("call between slow 0") / 3);
  });
});
