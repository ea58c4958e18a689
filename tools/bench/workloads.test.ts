import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { defaultCpu, Machine } from "../../emulator/index.ts";
import { buildWorkload, emptyWorkload, workloads } from "./workloads.ts";

const sliceInstructions = 100_000_000;

test.each([emptyWorkload, ...workloads])("$name finds its results right", async (workload) => {
  const elf = await buildWorkload({ ...workload, iterations: 2 });
  let printed = "";
  const machine = await Machine.create({
    memory: 2 ** 26,
    harts: workload.harts,
    cpu: defaultCpu,
    engine: "interpreter",
    kernel: await readFile(elf),
    entropySeed: 1n,
    startTime: 0n,
    onConsole: (bytes) => {
      printed += new TextDecoder().decode(bytes);
    },
  });
  expect(machine.run(sliceInstructions), printed).toEqual({ reason: "power-off", status: 0 });
  expect(printed).toMatch(new RegExp(`^${workload.name}: checksum 0x[0-9a-f]{16} instructions \\d+\r?\n$`));
});
