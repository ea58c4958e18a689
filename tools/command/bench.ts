/** `trapframe bench`: our machine's speed beside QEMU's; `trapframe bench kernel`: what the microkernel's operations cost. */
import type { InferredOptionTypes } from "yargs";
import { defaultOptions } from "../../emulator/board/options.ts";
import { engineNames } from "../../emulator/engine/names.ts";
import { Benchmark, nativeRatios, type Result, ratios, suiteMeans, wallRatios } from "../bench/benchmark.ts";
import { drawRatios } from "../bench/chart.ts";
import { qemu, trapframe } from "../bench/machines.ts";
import { describeHostCompiler } from "../bench/native.ts";
import { formatHeader, formatMeans, formatResult } from "../bench/report.ts";
import {
  bootsLinux,
  buildBoots,
  buildEmpty,
  buildWorkloads,
  taskNames,
  type Wanted,
} from "../bench/suites.ts";
import { ROOT } from "../guest/root.ts";
import { writeOutput } from "../host/read-input.ts";
import { type DebianLinux, debianFolder, findDebian, openDebian } from "../linux/debian.ts";
import { Progress } from "../terminal/progress.ts";
import { type Command, lazyCommand } from "./command.ts";
import { parseCount, usage } from "./quantity.ts";

const mostRuns = 100;

const group = "Benchmark:";

const benchOptions = {
  filter: {
    group,
    type: "string",
    requiresArg: true,
    description: "only workloads whose suite/name matches this regular expression",
  },
  runs: { group, type: "string", requiresArg: true, default: "3", description: "how often each is run" },
  engine: {
    group,
    choices: engineNames,
    requiresArg: true,
    default: defaultOptions.engine,
    description: "how our machine executes instructions",
  },
  linux: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: `$TRAPFRAME_LINUX, or ${debianFolder}`,
    description: "folder with Debian's kernel and busybox, to measure how long Linux takes to boot",
  },
  json: { group, type: "boolean", default: false, description: "print every run as JSON" },
  svg: { group, type: "string", requiresArg: true, description: "draw the ratios to QEMU into this file" },
} as const;

type BenchArguments = InferredOptionTypes<typeof benchOptions>;

export const command: Command<BenchArguments> = {
  builder: (yargs) =>
    yargs
      .command(
        lazyCommand(
          "kernel",
          "what the microkernel's processes, threads and messages cost, in instructions",
          () => import("./bench-kernel.ts"),
        ),
      )
      .options(benchOptions)
      .example([
        ["$0 bench", "everything; takes some minutes"],
        ["$0 bench --filter '^system/'", "only traps, page faults and their like"],
        ["$0 bench --linux DIR --filter '^boot/'", "only booting Linux and our own system"],
      ]),
  handler: bench,
};

async function bench({ filter, runs, engine, linux, json, svg }: BenchArguments): Promise<void> {
  const count = parseCount("--runs", runs, 1, mostRuns);
  const wanted = parseFilter(filter);
  const wantsLinux = bootsLinux(wanted);
  const debian = wantsLinux ? locateDebian(linux) : undefined;

  const ours = trapframe(engine);
  const theirs = qemu();
  if (svg !== undefined && theirs === undefined) {
    throw usage("--svg draws our speed beside QEMU's, and qemu-system-riscv64 is not installed");
  }
  const hostCompiler = describeHostCompiler();
  const print = (text: string) => process.stdout.write(json ? "" : text);
  await Progress.show("building the workloads", async (progress) => {
    const say = (doing: string) => progress.say(doing);
    const empty = await buildEmpty(say);
    const tasks = [
      ...(await buildWorkloads(wanted, hostCompiler !== undefined, say)),
      ...(await buildBoots(wanted, debian, say)),
    ];

    say("measuring how long the machines take to start");
    const benchmark = new Benchmark(ours, theirs, count, say);
    const startup = await benchmark.startup(empty);
    const machines = [
      ours.description,
      theirs?.description ?? "QEMU is not installed: no comparison",
      hostCompiler === undefined
        ? "no C compiler for this host: no native programs"
        : `native: ${hostCompiler}`,
    ];
    print(formatHeader(machines, count, startup));
    const results: Result[] = [];
    for (const task of tasks) {
      const result = await benchmark.compare(task, startup);
      results.push(result);
      print(formatResult(result));
    }
    const means = suiteMeans(results);
    print(formatMeans(means));
    if (json) {
      const rows = results.map((result) => ({
        ...result,
        ratios: ratios(result),
        wallRatios: wallRatios(result),
        nativeRatios: nativeRatios(result),
      }));
      process.stdout.write(`${JSON.stringify({ machines, startup, results: rows, means }, undefined, 2)}\n`);
    }
    if (svg !== undefined) await writeOutput("chart", svg, new TextEncoder().encode(drawRatios(results)));
  });
  if (wantsLinux && debian === undefined) {
    process.stderr.write(
      `Linux was not booted: Debian's kernel is not in ${debianFolder}, nor named by --linux\n`,
    );
  }
}

/** Which tasks a `--filter` is for. Throws `Failure` when it is for none. */
function parseFilter(text = ""): Wanted {
  const pattern = toPattern(text);
  if (!taskNames.some((name) => pattern.test(name))) {
    throw usage(`--filter: nothing matches "${text}"; there are ${taskNames.join(", ")}`);
  }
  return (name) => pattern.test(name);
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw usage(`--filter: "${text}" is no regular expression`);
  }
}

function locateDebian(folder: string | undefined): DebianLinux | undefined {
  return folder === undefined ? findDebian(ROOT) : openDebian(folder);
}
