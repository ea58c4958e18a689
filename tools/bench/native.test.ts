import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { buildNative, describeHostCompiler } from "./native.ts";
import { workloads } from "./workloads.ts";

const ofTheHost = workloads.filter(({ suite }) => suite === "cpu");

test.skipIf(describeHostCompiler() === undefined).each(ofTheHost)(
  "$name finds its results right as a program of the host",
  async (workload) => {
    // In a folder of its own: it must not replace one that is being measured.
    const { command } = await buildNative({ ...workload, iterations: 1 }, "test");
    const [program = "", ...args] = command;
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
    expect(stdout).toMatch(new RegExp(`^${workload.name}: checksum 0x[0-9a-f]{16}\n$`));
    expect(status).toBe(0);
  },
);
