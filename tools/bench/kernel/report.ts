/** The kernel's figures as tables for people: machines with different numbers of harts side by side. */

import type { Measurement, Measurements } from "./measurement.ts";
import type { Table } from "./tables.ts";

/** What was measured on a machine with so many harts. */
export interface HartsMeasured {
  readonly harts: number;
  readonly measurements: Measurements;
}

const LABEL_WIDTH = 44;
const NUMBER_WIDTH = 16;
const PUBLISHED_WIDTH = 18;

/** What the columns mean. */
export function formatPreamble(): string {
  return [
    "Instructions are those that the measuring hart retired, in user mode and in the kernel: exact, and nothing",
    "is subtracted. Microseconds pass on the machine's clock at a nominal 1 GHz, an instruction a nanosecond; where",
    "other harts take part, they are more than the instructions. Published figures come from real machines, with",
    "caches and pipelines: they show proportions, no more.",
    "",
  ].join("\n");
}

function formatNumber(value: number | undefined, digits: number): string {
  if (value === undefined) return "-".padStart(NUMBER_WIDTH);
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", options).padStart(NUMBER_WIDTH);
}

function formatMeasurement(measurement: Measurement | undefined): string {
  return formatNumber(measurement?.instructions, 0) + formatNumber(measurement?.microseconds, 3);
}

/** A table with a row for each of its rows that was measured anywhere; "" where none was. */
export function formatTable(table: Table, measured: readonly HartsMeasured[]): string {
  const rows = table.rows.filter(({ name }) => measured.some(({ measurements }) => measurements.has(name)));
  if (rows.length === 0) return "";
  const harts = measured.map(({ harts }) => `${harts} ${harts === 1 ? "hart" : "harts"}: instr.`);
  const titles = harts.map((title) => title.padStart(NUMBER_WIDTH) + "us".padStart(NUMBER_WIDTH));
  const published = (table.published ?? "").padStart(PUBLISHED_WIDTH);
  const lines = rows.map(({ name, label, published: figure = "" }) => {
    const cells = measured.map(({ measurements }) => formatMeasurement(measurements.get(name)));
    return label.padEnd(LABEL_WIDTH) + cells.join("") + figure.padStart(PUBLISHED_WIDTH);
  });
  const all = [table.title.padEnd(LABEL_WIDTH) + titles.join("") + published, ...lines];
  return `\n${all.map((line) => line.trimEnd()).join("\n")}\n`;
}
