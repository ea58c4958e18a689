/** Results as a table for people. */
import { mips, type Result, ratios, type Startup } from "./benchmark.ts";
import { geometricMean, median } from "./statistics.ts";

const columns = [
  ["workload", 15],
  ["instructions", 15],
  ["ours s", 9],
  ["QEMU s", 9],
  ["ours MIPS", 11],
  ["QEMU MIPS", 11],
  ["ours/QEMU", 11],
  ["spread", 15],
] as const;

/** What the columns are, and where the figures come from. */
export function formatHeader(descriptions: readonly string[], runs: number, startup: Startup): string {
  const qemuStartup = startup.qemuSeconds === undefined ? "" : `, QEMU ${startup.qemuSeconds.toFixed(3)} s`;
  return [
    ...descriptions,
    `Medians of ${runs} runs in turns. Seconds are processor time, user and system, of all threads, less what an`,
    `empty guest costs: ours ${startup.ourSeconds.toFixed(3)} s${qemuStartup}. Booting is charged in full.`,
    "Instructions are those our machine counted.",
    "",
    formatCells(columns.map(([title]) => title)),
  ].join("\n");
}

/** One line of the table. */
export function formatResult(result: Result): string {
  const { name, suite, instructions, ourSeconds, qemuSeconds } = result;
  const all = ratios(result);
  const cells = [name, instructions.toLocaleString("en-US"), median(ourSeconds).toFixed(3)];
  const ourMips = mips(instructions, ourSeconds).toFixed(1);
  if (all.length === 0) return formatCells([...cells, "-", ourMips]);
  // Waiting for Linux's own delays, the machines do not retire the same instructions.
  const qemuMips = suite === "boot" ? "-" : mips(instructions, qemuSeconds).toFixed(1);
  return formatCells([
    ...cells,
    median(qemuSeconds).toFixed(3),
    ourMips,
    qemuMips,
    formatRatio(median(all)),
    `${formatRatio(Math.min(...all))}–${formatRatio(Math.max(...all))}`,
  ]);
}

/** The mean of each suite, or nothing where there was no QEMU. */
export function formatMeans(results: readonly Result[]): string {
  const compared = results.filter(({ qemuSeconds }) => qemuSeconds.length > 0);
  const lines = [...new Set(compared.map(({ suite }) => suite))].map((suite) => {
    const rows = compared.filter((row) => row.suite === suite);
    const mean = geometricMean(rows.map((row) => median(ratios(row))));
    return `${suite}: ${formatRatio(mean)} of QEMU's speed, geometric mean of ${rows.length}\n`;
  });
  return lines.length === 0 ? "" : `\n${lines.join("")}`;
}

function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(3) : ratio.toFixed(0);
}

function formatCells(cells: readonly string[]): string {
  const line = cells.map((cell, index) => {
    const width = columns[index]?.[1] ?? 0;
    return index === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  return `${line.join("")}\n`;
}
