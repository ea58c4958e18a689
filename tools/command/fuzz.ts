/** `trapframe fuzz`: random programs on QEMU and on every engine of ours. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InferredOptionTypes } from "yargs";
import { parseCpu } from "../../emulator/board/cpu.ts";
import { engineNames } from "../../emulator/engine/names.ts";
import { Campaign } from "../fuzz/campaign.ts";
import { Corpus } from "../fuzz/corpus.ts";
import type { Against } from "../fuzz/plan.ts";
import { findQemu } from "../fuzz/qemu.ts";
import { findingText, progressLine, summary } from "../fuzz/report.ts";
import type { Report } from "../fuzz/workshop.ts";
import { buildRuntime } from "../fuzz/world.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import { Progress } from "../terminal/progress.ts";
import { onEndingSignal } from "../terminal/signals.ts";
import { parseEngines, parseJobs, parseShard } from "./campaign.ts";
import type { Command } from "./command.ts";
import { parseCount, parseUnsigned, usage } from "./quantity.ts";

const usualMinutes = 10;

const group = "Fuzzing:";

const fuzzOptions = {
  seed: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: "from the host's clock",
    description: "of the first program; the others follow it",
  },
  time: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: `${usualMinutes}m without --instructions`,
    description: "how long, for example 90s, 10m or 8h",
  },
  instructions: {
    group,
    type: "string",
    requiresArg: true,
    description: "how many instructions of random programs, for example 10M",
  },
  against: {
    group,
    choices: ["qemu", "engines", "all"],
    requiresArg: true,
    default: "all",
    description: "QEMU, our engines in lockstep, or both",
  },
  engine: {
    group,
    type: "string",
    requiresArg: true,
    default: "all",
    description: `${engineNames.join(", ")}, both separated by a comma, or all; the last one against QEMU`,
  },
  shard: {
    group,
    type: "string",
    requiresArg: true,
    description: "K/N: only the K-th of N shares of the seeds",
  },
  corpus: {
    group,
    type: "string",
    requiresArg: true,
    description: "folder that keeps programs worth running again, which are run first, and divergences",
  },
  jobs: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: "one for each core",
    description: "how many programs to run at once",
  },
} as const;

type FuzzArguments = InferredOptionTypes<typeof fuzzOptions>;

export const command: Command<FuzzArguments> = {
  builder: (yargs) =>
    yargs.options(fuzzOptions).example([
      ["$0 fuzz", "ten minutes against all there is"],
      ["$0 fuzz --against qemu --instructions 10M --seed 1", "a run that can be repeated"],
      ["$0 fuzz --time 8h --corpus corpus --shard 3/16", "a sixteenth of a large campaign"],
    ]),
  handler: async (given) => {
    process.exitCode = await fuzz(given);
  },
};

/** Gives the exit status: 0 where nothing diverged, 1 where something did. */
async function fuzz(given: FuzzArguments): Promise<number> {
  const wanted = parseAgainst(given.against);
  const against = wanted === "engines" ? wanted : withoutQemu(wanted);
  // The last of them is the one that QEMU is compared with.
  const engines = parseEngines(given.engine);
  const seed = given.seed === undefined ? BigInt(Date.now()) : parseUnsigned("--seed", given.seed);
  const instructions = given.instructions;
  const minutes = given.time === undefined && instructions === undefined ? `${usualMinutes}m` : given.time;
  const shard = parseShard(given.shard);
  const corpus = given.corpus === undefined ? undefined : new Corpus(given.corpus);
  const folder = given.corpus ?? ".";
  const jobs = parseJobs(given.jobs);
  // Workers find it built.
  await buildRuntime();
  process.stdout.write(`seed ${seed}${shard.of > 1 ? `, share ${shard.number} of ${shard.of}` : ""}\n`);

  const campaign: Campaign = new Campaign({
    plan: { against, engines },
    seed,
    shard,
    jobs,
    milliseconds: minutes === undefined ? Number.POSITIVE_INFINITY : parseDuration(minutes),
    instructions:
      instructions === undefined
        ? Number.POSITIVE_INFINITY
        : parseCount("--instructions", instructions, 1, Number.MAX_SAFE_INTEGER),
    first: corpus?.seeds ?? [],
    onReport: (report) => {
      corpus?.consider(report);
      if (report.finding !== undefined) process.stdout.write(`\n${describe(report, folder)}`);
    },
  });
  const unlisten = onEndingSignal(() => campaign.stop());
  await Progress.show("fuzzing", async (progress) => {
    // A line each second is too much for a log.
    const showing = process.stderr.isTTY;
    const ticker = showing && setInterval(() => progress.say(progressLine(campaign)), 1000);
    await campaign.run();
    if (ticker) clearInterval(ticker);
  });
  unlisten();
  process.stdout.write(summary(campaign));
  const { divergences, problems } = campaign.totals;
  if (problems.length > 0) return exitStatus.defect;
  return divergences > 0 ? 1 : 0;
}

/** Writes a divergence's file, and says what it is. */
function describe(report: Report, folder: string): string {
  const { finding } = report;
  if (finding === undefined) return "";
  if (finding.caseFile === undefined) return findingText(report, finding, undefined);
  const file = join(folder, `seed-${report.seed}-${report.purpose}.case.json`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, finding.caseFile);
  } catch (error) {
    throw new Failure(`${file}: ${describeFileError(error)}`, exitStatus.badInput);
  }
  return findingText(report, finding, file);
}

/** Where QEMU is not installed, our engines remain. */
function withoutQemu(wanted: "qemu" | "all"): Against {
  const qemu = findQemu(parseCpu("max"));
  if (qemu !== undefined) {
    const lacks =
      qemu.lacks.length === 0 ? "" : `; it lacks ${qemu.lacks.join(", ")}, which engines compare alone`;
    process.stderr.write(`against ${qemu.version}${lacks}\n`);
    return wanted;
  }
  const missing = "qemu-system-riscv64 is not installed";
  if (wanted === "qemu") throw usage(`--against qemu: ${missing}`);
  process.stderr.write(`${missing}: only our engines are compared\n`);
  return "engines";
}

function parseAgainst(text: string): Against {
  return text === "qemu" || text === "engines" ? text : "all";
}

/** Milliseconds, from "90s", "10m" or "8h". */
function parseDuration(text: string): number {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const milliseconds = Number(count) * ({ s: 1e3, m: 60e3, h: 3600e3 }[unit] ?? 1e3);
  if (!(milliseconds > 0)) throw usage(`--time: "${text}" is no time; write for example 90s, 10m or 8h`);
  return milliseconds;
}
