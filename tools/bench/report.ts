/** Results as a table for people. */
import {
  mips,
  nativeRatios,
  type Result,
  ratios,
  type Startup,
  type SuiteMean,
  wallRatios,
} from "./benchmark.ts";
import { median } from "./statistics.ts";

const columns = [
  ["workload", 17],
  ["instructions", 15],
  ["ours s", 9],
  ["QEMU s", 9],
  ["ours MIPS", 11],
  ["QEMU MIPS", 11],
  ["ours/QEMU", 11],
  ["spread", 15],
  ["by wall", 9],
  ["native", 9],
] as const;

/** What the columns are, and where the figures come from. */
export function formatHeader(descriptions: readonly string[], runs: number, startup: Startup): string {
  const qemuStartup = startup.qemuSeconds === undefined ? "" : `, QEMU ${startup.qemuSeconds.toFixed(3)} s`;
  return [
    ...descriptions,
    `Medians of ${runs} runs in turns. Seconds are processor time, user and system, of all threads, less what an`,
    `empty guest costs: ours ${startup.ourSeconds.toFixed(3)} s${qemuStartup}. Booting is charged in full, and compared by wall time, too.`,
    "Instructions are those our machine counted. Ratios above 1 are in our favour; native is our time as a multiple",
    "of that of the same C compiled for this host. From its second run on, ours goes on with what it translated before.",
    "",
    formatCells(columns.map(([title]) => title)),
  ].join("\n");
}

/** One line of the table. */
export function formatResult(result: Result): string {
  const { name, suite, instructions, ourSeconds, qemuSeconds } = result;
  const all = ratios(result);
  const boots = suite === "boot";
  const compared = all.length > 0;
  const native = nativeRatios(result);
  const whereCompared = (format: () => string) => (compared ? format() : "-");
  return formatCells([
    name,
    instructions.toLocaleString("en-US"),
    median(ourSeconds).toFixed(3),
    whereCompared(() => median(qemuSeconds).toFixed(3)),
    mips(instructions, ourSeconds).toFixed(1),
    // Waiting for a system's own delays, the machines do not retire the same instructions.
    boots ? "-" : whereCompared(() => mips(instructions, qemuSeconds).toFixed(1)),
    whereCompared(() => formatRatio(median(all))),
    whereCompared(() => `${formatRatio(Math.min(...all))}–${formatRatio(Math.max(...all))}`),
    boots ? whereCompared(() => formatRatio(median(wallRatios(result)))) : "-",
    native.length > 0 ? `${median(native).toFixed(1)}x` : "-",
  ]);
}

/** One line for each suite. */
export function formatMeans(means: readonly SuiteMean[]): string {
  const lines = means.map(({ suite, tasks, ratio, wallRatio }) => {
    const byWall = suite === "boot" ? `, ${formatRatio(wallRatio)} by wall time` : "";
    return `${suite}: ${formatRatio(ratio)} of QEMU's speed${byWall}, geometric mean of ${tasks}\n`;
  });
  return lines.length === 0 ? "" : `\n${lines.join("")}`;
}

/** A ratio in three digits or so. */
export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0);
}

function formatCells(cells: readonly string[]): string {
  const line = cells.map((cell, index) => {
    const width = columns[index]?.[1] ?? 0;
    return index === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  return `${line.join("").trimEnd()}\n`;
}
