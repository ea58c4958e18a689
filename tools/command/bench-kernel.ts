/** `trapframe bench kernel`: what the microkernel's operations cost, measured inside the guest. */

import type { InferredOptionTypes } from "yargs";
import {
  type Build,
  buildFilesBenchmark,
  builds,
  runFilesBenchmark,
  type Throughput,
} from "../bench/kernel/files.ts";
import { buildNativeBenchmark, runNativeBenchmark } from "../bench/kernel/native.ts";
import { formatPreamble, formatTable, type HartsMeasured } from "../bench/kernel/report.ts";
import { buildSystemBenchmark, runSystemBenchmark } from "../bench/kernel/system.ts";
import { tables } from "../bench/kernel/tables.ts";
import { drawThroughput, formatThroughput, plotThroughput } from "../bench/kernel/throughput.ts";
import { writeOutput } from "../host/read-input.ts";
import { Progress } from "../terminal/progress.ts";
import type { Command } from "./command.ts";

const HARTS = [1, 4];

const options = {
  json: {
    group: "Benchmark:",
    type: "boolean",
    default: false,
    description: "print every figure as JSON",
  },
  svg: {
    group: "Benchmark:",
    type: "string",
    requiresArg: true,
    description: "draw the file server's throughput into this file",
  },
} as const;

type Arguments = InferredOptionTypes<typeof options>;

export const command: Command<Arguments> = {
  builder: (yargs) => yargs.options(options),
  handler: benchKernel,
};

async function benchKernel({ json, svg }: Arguments): Promise<void> {
  const measured: HartsMeasured[] = [];
  const throughputs = new Map<Build, Throughput>();
  await Progress.show("building the benchmark", async (progress) => {
    const say = (doing: string) => progress.say(doing);
    const native = await buildNativeBenchmark(say);
    const system = { ...native, initrd: await buildSystemBenchmark(say) };
    for (const harts of HARTS) {
      const on = `on ${harts} ${harts === 1 ? "hart" : "harts"}`;
      say(`measuring the kernel ${on}`);
      const ofKernel = await runNativeBenchmark(native, harts);
      say(`measuring Linux programs ${on}`);
      const ofSystem = await runSystemBenchmark(system, harts);
      measured.push({ harts, measurements: new Map([...ofKernel, ...ofSystem]) });
    }
    const files = await buildFilesBenchmark(say);
    for (const build of builds) {
      say(`measuring the file server, ${build}`);
      throughputs.set(build, await runFilesBenchmark(files, build));
    }
  });
  if (svg !== undefined) {
    await writeOutput("plot", svg, new TextEncoder().encode(drawThroughput(throughputs)));
  }
  if (json) {
    const rows = measured.map(({ harts, measurements }) => ({
      harts,
      measurements: Object.fromEntries(measurements),
    }));
    const fileServer = Object.fromEntries(
      [...throughputs].map(([build, throughput]) => [build, Object.fromEntries(throughput)]),
    );
    process.stdout.write(`${JSON.stringify({ kernel: rows, fileServer }, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(formatPreamble());
  for (const table of tables) process.stdout.write(formatTable(table, measured));
  process.stdout.write(formatThroughput(throughputs));
  process.stdout.write(plotThroughput(throughputs));
}
