/** What a campaign found, as text. */
import type { Campaign } from "./campaign.ts";
import { deviations } from "./deviations.ts";
import type { Report, ReportedFinding } from "./workshop.ts";

const millions = (count: number) => `${(count / 1e6).toFixed(count < 1e7 ? 2 : 0)} M`;

/** One line: how far a campaign has come. */
export function progressLine({ totals, seconds }: Campaign): string {
  const speed = seconds === 0 ? 0 : totals.instructions / seconds / 1e6;
  return (
    `${totals.programs} programs, ${millions(totals.instructions)} instructions, ${speed.toFixed(3)} MIPS, ` +
    `${plural(totals.divergences, "divergence")}`
  );
}

/** What a divergence is, and where its file is. */
export function findingText(report: Report, finding: ReportedFinding, file: string | undefined): string {
  const { sides, differences, start, listing, attempts } = finding;
  const lines = [
    `DIVERGENCE between ${sides.join(" and ")}, program of seed ${report.seed}`,
    ...differences.map((difference) => `  ${difference}`),
    `shortest program that shows it (${attempts} tried):`,
    ...wrap(start.join(" ")).map((line) => `  ${line}`),
    ...listing.map((line) => `    ${line}`),
    file === undefined
      ? `it takes more than one program: trapframe fuzz --seed ${report.seed} shows it again`
      : `written to ${file}: trapframe conform ${file} shows it again`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The end of a campaign. */
export function summary(campaign: Campaign): string {
  const { totals, seconds } = campaign;
  const lines = [
    `${progressLine(campaign)}, ${Math.round(seconds)} s`,
    ...(totals.against.qemu > 0 ? [`  against QEMU: ${totals.against.qemu} instructions`] : []),
    ...(totals.against.engines > 0 ? [`  between engines: ${totals.against.engines} instructions`] : []),
    ...(totals.explained.size > 0
      ? ["known deviations of QEMU 7.2 met:", ...explainedLines(totals.explained)]
      : []),
    ...totals.problems.map((problem) => `could not run ${problem}`),
  ];
  return `${lines.join("\n")}\n`;
}

function explainedLines(explained: ReadonlyMap<string, number>): string[] {
  return deviations
    .filter(({ name }) => explained.has(name))
    .map(
      ({ name, verdict, paragraph }) =>
        `  ${String(explained.get(name)).padStart(8)}  ${name} (${verdict}: ${paragraph})`,
    );
}

const plural = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > 100) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
