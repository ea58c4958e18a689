/** `trapframe bench`: our machine's speed beside QEMU's; `trapframe bench kernel`: what the microkernel's operations cost. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { InferredOptionTypes } from "yargs";
import { engineNames } from "../../emulator/engine/create.ts";
import { Benchmark, type Result, ratios } from "../bench/benchmark.ts";
import { qemu, trapframe } from "../bench/machines.ts";
import { formatHeader, formatMeans, formatResult } from "../bench/report.ts";
import { linuxTask, type Task, workloadTask } from "../bench/task.ts";
import { buildWorkload, emptyWorkload, workloads } from "../bench/workloads.ts";
import { ROOT } from "../guest/root.ts";
import { type DebianLinux, debianFolder, findDebian, openDebian } from "../linux/debian.ts";
import { powerOffInit, writeInitramfs } from "../linux/initramfs.ts";
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
    default: "interpreter",
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
        ["$0 bench --linux DIR --filter linux", "only booting Linux"],
      ]),
  handler: bench,
};

async function bench({ filter, runs, engine, linux, json }: BenchArguments): Promise<void> {
  const count = parseCount("--runs", runs, 1, mostRuns);
  const pattern = parseFilter(filter);
  const chosen = workloads.filter(({ suite, name }) => pattern.test(`${suite}/${name}`));
  const wantsLinux = pattern.test("boot/linux");
  if (chosen.length === 0 && !wantsLinux) {
    const names = [...workloads.map(({ suite, name }) => `${suite}/${name}`), "boot/linux"];
    throw usage(`--filter: nothing matches "${filter}"; there are ${names.join(", ")}`);
  }
  const debian = wantsLinux ? locateDebian(linux) : undefined;

  const ours = trapframe(engine);
  const theirs = qemu();
  const print = (text: string) => process.stdout.write(json ? "" : text);
  await Progress.show("building the workloads", async (progress) => {
    const say = (doing: string) => progress.say(doing);
    const empty = workloadTask(emptyWorkload, await buildWorkload(emptyWorkload, say));
    const tasks: Task[] = [];
    for (const workload of chosen) tasks.push(workloadTask(workload, await buildWorkload(workload, say)));
    if (debian !== undefined) tasks.push(linuxTask(debian, packInitramfs(debian)));

    say("measuring how long the machines take to start");
    const benchmark = new Benchmark(ours, theirs, count, say);
    const startup = await benchmark.startup(empty);
    const machines = [ours.description, theirs?.description ?? "QEMU is not installed: no comparison"];
    print(formatHeader(machines, count, startup));
    const results: Result[] = [];
    for (const task of tasks) {
      const result = await benchmark.compare(task, startup);
      results.push(result);
      print(formatResult(result));
    }
    print(formatMeans(results));
    if (json) {
      const rows = results.map((result) => ({ ...result, ratios: ratios(result) }));
      process.stdout.write(`${JSON.stringify({ machines, startup, results: rows }, undefined, 2)}\n`);
    }
  });
  if (wantsLinux && debian === undefined) {
    process.stderr.write(
      `Linux was not booted: Debian's kernel is not in ${debianFolder}, nor named by --linux\n`,
    );
  }
}

function parseFilter(text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw usage(`--filter: "${text}" is no regular expression`);
  }
}

function locateDebian(folder: string | undefined): DebianLinux | undefined {
  return folder === undefined ? findDebian(ROOT) : openDebian(folder);
}

function packInitramfs({ busybox }: DebianLinux): string {
  const path = join(ROOT, ".build/guest/bench/linux.cpio");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, writeInitramfs(readFileSync(busybox), powerOffInit));
  return path;
}
