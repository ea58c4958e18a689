/** `trapframe mutate`: how many slips in the instruction table the conformance suite notices. */
import { join } from "node:path";
import type { InferredOptionTypes } from "yargs";
import { findTests } from "../conformance/catalogue.ts";
import { References } from "../conformance/references.ts";
import type { CaseEntry } from "../conformance/run-cases.ts";
import { ROOT } from "../guest/root.ts";
import { exitStatus } from "../host/exit-status.ts";
import { runCampaign } from "../mutation/campaign.ts";
import type { Piece } from "../mutation/pieces.ts";
import { allPieces } from "../mutation/pieces.ts";
import { difference, formatCampaign, scoreOf } from "../mutation/report.ts";
import { Progress } from "../terminal/progress.ts";
import { parseJobs } from "./campaign.ts";
import type { Command } from "./command.ts";
import { parseCount, usage } from "./quantity.ts";

const group = "Mutation:";

const mutateOptions = {
  procedures: {
    group,
    type: "boolean",
    default: false,
    description: "also what instructions share: arithmetic, CSRs, translation, protection, traps",
  },
  every: { group, type: "string", requiresArg: true, default: "1", description: "try one mutant of so many" },
  least: {
    group,
    type: "string",
    requiresArg: true,
    default: "95",
    description: `end with status ${exitStatus.badInput} where fewer of a hundred are found`,
  },
  jobs: { group, type: "string", requiresArg: true, description: "how many mutants are tried at once" },
  json: { group, type: "boolean", default: false, description: "for programs to read" },
} as const;

type MutateArguments = InferredOptionTypes<typeof mutateOptions> & { names: string[] | undefined };

export const command: Command<MutateArguments> = {
  builder: (yargs) =>
    yargs
      .positional("names", {
        type: "string",
        array: true,
        description: "only these instructions and procedures",
      })
      .options(mutateOptions)
      .example([
        ["$0 mutate", "every instruction; takes some minutes"],
        ["$0 mutate add fadd.s", "two of them"],
        ["$0 mutate --procedures walk", "the page-table walk"],
      ]),
  handler: mutate,
};

async function mutate(given: MutateArguments): Promise<void> {
  const every = parseCount("--every", given.every, 1, 1_000_000);
  const least = parseCount("--least", given.least, 0, 100);
  const jobs = parseJobs(given.jobs);
  const chosen = choice(given.names ?? [], given.procedures);
  const tests = await ownTests();
  const verdicts = await Progress.show("finding out what each test executes", (progress) =>
    runCampaign({
      tests,
      chosen,
      every,
      jobs,
      progress: (done) => progress.say(`trying mutants: ${Math.floor(100 * done)} %`),
    }),
  );
  const score = scoreOf(verdicts);
  if (given.json) {
    const missed = verdicts
      .filter((v) => !v.found)
      .map((v) => ({ name: v.piece.name, mutant: v.mutant, slip: v.slip, difference: difference(v) }));
    process.stdout.write(`${JSON.stringify({ ...score, missed }, undefined, 2)}\n`);
  } else process.stdout.write(formatCampaign(verdicts));
  if (score.percent < least) process.exitCode = exitStatus.badInput;
}

async function ownTests(): Promise<CaseEntry[]> {
  const found = await findTests([join(ROOT, "test/conformance")], new References(undefined));
  return found.filter((entry) => entry.kind === "suite");
}

function choice(names: readonly string[], procedures: boolean): (piece: Piece) => boolean {
  const known = allPieces();
  for (const name of names) {
    if (known.every((piece) => piece.name !== name))
      throw usage(`there is no instruction or procedure "${name}"`);
  }
  if (names.length > 0) return ({ name }) => names.includes(name);
  return ({ kind }) => procedures || kind === "instruction";
}
