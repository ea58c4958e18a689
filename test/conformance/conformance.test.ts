/** Every suite on both engines. */
import { describe, expect, test } from "vitest";
import { Bench } from "../../emulator/board/bench.ts";
import { defaultCpu, parseCpu } from "../../emulator/board/cpu.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import type { Suite, Test } from "../../tools/conformance/case.ts";
import { runCase } from "../../tools/conformance/run-case.ts";
import { suite as bits } from "./bits.suite.ts";
import { suite as integer } from "./integer.suite.ts";
import { suite as multiply } from "./multiply.suite.ts";

const suites: Record<string, Suite> = { integer, multiply, bits };
let total = 0;

const benches = new Map<string, Promise<Bench>>();
function benchFor(engine: EngineName, { cpu, harts = 1, ram }: Test): Promise<Bench> {
  const key = `${engine} ${cpu} ${harts} ${ram}`;
  const found =
    benches.get(key) ??
    Bench.create({
      engine,
      cpu: cpu === undefined ? defaultCpu : parseCpu(cpu),
      harts,
      ...(ram === undefined ? {} : { memory: ram }),
    });
  benches.set(key, found);
  return found;
}

describe.each(["reference", "interpreter"] as const)("on the %s", (engine) => {
  describe.each(Object.entries(suites))("%s", (_, suite) => {
    test.each(suite.tests.map((t) => [t.name, t] as const))("%s", async (name, tried) => {
      const bench = await benchFor(engine, tried);
      for (const one of tried.cases()) {
        total++;
        const failure = runCase(bench, one);
        expect(failure, `${name}: ${one.name} (${one.because})`).toBeUndefined();
      }
    });
  });
});
test("count", () => console.log(total));
