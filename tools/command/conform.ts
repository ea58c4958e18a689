/** `trapframe conform`: tests that show whether the machine is RISC-V. */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { InferredOptionTypes } from "yargs";
import { CpuError, parseCpu } from "../../emulator/board/cpu.ts";
import { engineNames } from "../../emulator/engine/names.ts";
import { findTests } from "../conformance/catalogue.ts";
import { runAll } from "../conformance/crew.ts";
import { References } from "../conformance/references.ts";
import { type ReportKind, reportKinds } from "../conformance/report/kinds.ts";
import { reports } from "../conformance/report/reports.ts";
import { formatResults } from "../conformance/report/text.ts";
import type { Entry, Result, Settings } from "../conformance/result.ts";
import { ROOT } from "../guest/root.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError, writeOutput } from "../host/read-input.ts";
import { Progress } from "../terminal/progress.ts";
import { parseEngines, parseJobs, parseShard, type Shard } from "./campaign.ts";
import type { Command } from "./command.ts";
import { parseCount, usage } from "./quantity.ts";

const ownSuite = "test/conformance";
const mostHarts = 8;
/** Instructions in a second that the slowest engine does on the slowest host worth waiting for. */
const leastSpeed = 100_000;
const leastPatience = 120_000;

const group = "Conformance:";

const conformOptions = {
  engine: {
    group,
    type: "string",
    requiresArg: true,
    default: "all",
    description: `${engineNames.join(", ")}, several separated by commas, or all; each must agree`,
  },
  cpu: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: "rva22s64, sv57 and what a program was built for",
    description: "processor of all tests, as for trapframe boot",
  },
  harts: {
    group,
    type: "string",
    requiresArg: true,
    default: "1",
    description: `of programs: 1 to ${mostHarts}`,
  },
  signatures: {
    group,
    type: "string",
    requiresArg: true,
    description:
      "folder of reference signatures, searched with all below it, for those not beside their tests",
  },
  filter: {
    group,
    type: "string",
    requiresArg: true,
    description: "only tests whose name matches this regular expression",
  },
  list: { group, type: "boolean", default: false, description: "only list the tests' names" },
  shard: {
    group,
    type: "string",
    requiresArg: true,
    description: "K/N: only the K-th of N shares of the tests",
  },
  timeout: {
    group,
    type: "string",
    requiresArg: true,
    default: "50M",
    description: "instructions after which a program has failed",
  },
  jobs: {
    group,
    type: "string",
    requiresArg: true,
    defaultDescription: "one for each core",
    description: "how many tests to run at once",
  },
  report: {
    group,
    type: "string",
    array: true,
    requiresArg: true,
    description: `KIND=FILE: write a report; kinds are ${reportKinds.join(", ")}; may be given again for more`,
  },
} as const;

type ConformArguments = InferredOptionTypes<typeof conformOptions> & { path: string[] | undefined };

export const command: Command<ConformArguments> = {
  builder: (yargs) =>
    yargs
      .positional("path", {
        type: "string",
        array: true,
        description: `ELF files, *.suite.ts, *.case.json, and folders of these [default: ${ownSuite}]`,
      })
      .options(conformOptions)
      .example([
        ["$0 conform", "our own suite"],
        ["$0 conform riscv-tests/isa --filter rv64ui", "the integer tests of riscv-tests"],
        [
          "$0 conform arch --signatures references --report html=report.html",
          "architecture tests, with a report",
        ],
        ["$0 conform arch --shard 3/16", "the third of sixteen shares of a large campaign"],
      ]),
  handler: async (given) => {
    process.exitCode = await conform(given);
  },
};

async function conform(given: ConformArguments): Promise<number> {
  const settings = readSettings(given);
  const jobs = parseJobs(given.jobs);
  const wanted = (given.report ?? []).map(parseReport);
  const filter = parseFilter(given.filter);
  const shard = parseShard(given.shard);
  const paths = given.path?.length ? given.path : [defaultPath()];
  const found = await findTests(paths, openReferences(given.signatures));
  const entries = takeShare(
    found.filter(({ name }) => filter.test(name)),
    shard,
  );
  if (entries.length === 0) throw new Failure(nothingToRun(paths, found, given), exitStatus.badInput);
  if (given.list) {
    process.stdout.write(entries.map(({ name }) => `${name}\n`).join(""));
    return 0;
  }
  for (const { file } of wanted) refuseUnwritable(file);
  const results = await runWithProgress(entries, settings, jobs);
  process.stdout.write(formatResults(results));
  for (const { kind, file } of wanted) {
    await writeOutput("report", file, new TextEncoder().encode(reports[kind](results)));
  }
  return verdict(results);
}

/** What cannot be written is better said before a long run than after it. */
function refuseUnwritable(file: string): void {
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new Failure(`cannot write report "${file}": ${describeFileError(error)}`, exitStatus.badInput);
  }
}

/** Shows on a terminal how far it is; elsewhere that would be a line for each test. */
function runWithProgress(entries: readonly Entry[], settings: Settings, jobs: number): Promise<Result[]> {
  const run = (onResult: (result: Result) => void) =>
    runAll(entries, {
      jobs,
      settings,
      patience: Math.max(leastPatience, (settings.timeout / leastSpeed) * 1000 * settings.engines.length),
      onResult,
    });
  if (!process.stderr.isTTY) return run(() => {});
  return Progress.show("running tests", (progress) => {
    let done = 0;
    let bad = 0;
    return run(({ name, status }) => {
      done++;
      if (status === "failed" || status === "error") bad++;
      progress.say(`${done} of ${entries.length} tests, ${bad} not passed: ${name}`);
    });
  });
}

function verdict(results: readonly Result[]): number {
  const ran = results.some(({ status }) => status !== "skipped");
  const good = results.every(({ status }) => status === "passed" || status === "skipped");
  if (!ran) process.stderr.write("trapframe: all tests were skipped, none ran\n");
  return ran && good ? 0 : exitStatus.badInput;
}

function readSettings({ engine, cpu, harts, timeout }: ConformArguments): Settings {
  return {
    engines: parseEngines(engine),
    cpu: cpu === undefined ? undefined : checkedCpu(cpu),
    harts: parseCount("--harts", harts, 1, mostHarts),
    timeout: parseCount("--timeout", timeout, 1, Number.MAX_SAFE_INTEGER),
  };
}

function checkedCpu(text: string): string {
  try {
    parseCpu(text);
    return text;
  } catch (error) {
    if (error instanceof CpuError) throw usage(`--cpu: ${error.message}`);
    throw error;
  }
}

function parseReport(text: string): { kind: ReportKind; file: string } {
  const [word, ...rest] = text.split("=");
  const kind = reportKinds.find((known) => known === word);
  const file = rest.join("=");
  if (kind === undefined || file === "") {
    throw usage(`--report: "${text}" is not KIND=FILE with one of ${reportKinds.join(", ")}`);
  }
  return { kind, file };
}

function parseFilter(text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw usage(`--filter: "${text}" is no regular expression`);
  }
}

/** Every N-th test, by name: the same share in every run, and shares of like size. */
function takeShare(entries: readonly Entry[], { number, of }: Shard): Entry[] {
  return entries.filter((_, index) => index % of === number - 1);
}

function openReferences(folder: string | undefined): References {
  try {
    return new References(folder);
  } catch (error) {
    throw new Failure(
      `cannot search --signatures "${folder}": ${describeFileError(error)}`,
      exitStatus.badInput,
    );
  }
}

function defaultPath(): string {
  const path = join(ROOT, ownSuite);
  if (!existsSync(path))
    throw new Failure(`our own suite is not there: "${path}"; name a PATH`, exitStatus.badInput);
  return relative("", path) || ".";
}

function nothingToRun(paths: readonly string[], found: readonly Entry[], given: ConformArguments): string {
  const where = paths.map((path) => `"${path}"`).join(", ");
  if (found.length === 0) {
    return `no tests in ${where}: an ELF needs a tohost symbol, or begin_signature and end_signature; others are *.suite.ts and *.case.json`;
  }
  const limits = [given.filter && `--filter "${given.filter}"`, given.shard && `--shard ${given.shard}`];
  return `none of the ${found.length} tests in ${where} is left by ${limits.filter(Boolean).join(" and ")}`;
}
