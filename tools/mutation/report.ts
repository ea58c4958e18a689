/** What a mutation campaign has shown, for people. */
import { describeSemantics } from "../code/semantics.ts";
import type { Verdict } from "./campaign.ts";
import { mutantsOf } from "./mutate.ts";

export interface Score {
  readonly mutants: number;
  readonly found: number;
  /** Of a hundred; 100 where there is nothing to find. */
  readonly percent: number;
}

export function scoreOf(verdicts: readonly Verdict[]): Score {
  const mutants = verdicts.length;
  const found = verdicts.filter((v) => v.found).length;
  return { mutants, found, percent: mutants === 0 ? 100 : (100 * found) / mutants };
}

/** The mutants that no test has found, each with the line that differs, and the score. */
export function formatCampaign(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter((v) => !v.found);
  const lines = missed.flatMap((v) => [`${v.piece.name}: ${v.slip}`, ...difference(v).map((l) => `  ${l}`)]);
  const { mutants, found, percent } = scoreOf(verdicts);
  return [...lines, `${found} of ${mutants} mutants found: ${percent.toFixed(1)} %`, ""].join("\n");
}

/** The first line of the piece that a mutant changes, before and after. */
export function difference({ piece, mutant }: Verdict): string[] {
  const mutated = [...mutantsOf(piece.body, piece.operands)][mutant]?.block ?? [];
  const [before, after] = [describeSemantics(piece.body), describeSemantics(mutated)];
  const at = before.findIndex((line, i) => line !== after[i]);
  return [`- ${before[at]?.trim() ?? ""}`, `+ ${after[at]?.trim() ?? ""}`];
}
