/** The file server's throughput for people: a table, a plot in the terminal, and a plot as SVG. */

import { drawing, text } from "../svg.ts";
import { type Build, LATENCY_MICROSECONDS, type Throughput } from "./files.ts";

/** What each build of the file server reached. */
export type Throughputs = ReadonlyMap<Build, Throughput>;

const TITLE = "File server: requests per second by concurrent clients";
const LABEL_WIDTH = 44;
const NUMBER_WIDTH = 16;

const PLOT_COLUMNS = 64;
const PLOT_ROWS = 16;
const AXIS_WIDTH = 9;

const COLOURS: Readonly<Record<Build, string>> = { single: "#c0392b", workers: "#2471a3", fsm: "#1e8449" };
const SVG = { width: 640, height: 400, left: 80, right: 90, top: 50, bottom: 50 } as const;

/** What is drawn: curves over the same numbers of clients, at equal distances; y from 0 to a round `top`. */
interface Plot {
  readonly clients: readonly number[];
  readonly top: number;
  readonly curves: readonly { readonly build: Build; readonly heights: readonly number[] }[];
}

function plotOf(throughputs: Throughputs): Plot {
  const clients = [...new Set([...throughputs.values()].flatMap((throughput) => [...throughput.keys()]))];
  const curves = [...throughputs].map(([build, throughput]) => ({
    build,
    heights: clients.map((count) => throughput.get(count) ?? 0),
  }));
  return { clients, curves, top: roundUp(Math.max(...curves.flatMap(({ heights }) => heights))) };
}

/** The next number that can be divided into three and into four parts and still is a round one. */
function roundUp(value: number): number {
  const unit = 1.2 * 10 ** Math.floor(Math.log10(value));
  return Math.max(1, Math.ceil(value / unit)) * unit;
}

function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** The table. */
export function formatThroughput(throughputs: Throughputs): string {
  const { clients, curves } = plotOf(throughputs);
  const row = (label: string, cells: readonly string[]) =>
    label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padStart(NUMBER_WIDTH)).join("");
  const rows = clients.map((count, index) =>
    row(
      `${count} ${count === 1 ? "client" : "clients"}`,
      curves.map(({ heights }) => formatCount(heights[index] ?? 0)),
    ),
  );
  const titles = row(
    TITLE,
    curves.map(({ build }) => build),
  );
  const explanation =
    "One hart at a nominal 1 GHz. Each client reads block after block; a third of them is not in the server's cache,\n" +
    `mostly, and the disk takes ${LATENCY_MICROSECONDS} us for any number of requests at a time.`;
  return `\n${explanation}\n${[titles, ...rows].join("\n")}\n`;
}

/** The plot in characters. Points are the initials of the builds; where curves meet, the last one is seen. */
export function plotThroughput(throughputs: Throughputs): string {
  const { clients, curves, top } = plotOf(throughputs);
  const steps = Math.max(clients.length - 1, 1);
  const columnOf = (index: number) => Math.round((index / steps) * (PLOT_COLUMNS - 1));
  const rowOf = (height: number) => Math.round((1 - height / top) * (PLOT_ROWS - 1));
  const canvas = Array.from({ length: PLOT_ROWS }, () => Array<string>(PLOT_COLUMNS).fill(" "));
  const put = (row: number, column: number, character: string) => {
    canvas[row]?.splice(column, 1, character);
  };
  for (const { heights } of curves) {
    for (let column = 0; column < PLOT_COLUMNS; column++) {
      const position = (column / (PLOT_COLUMNS - 1)) * steps;
      const before = Math.min(Math.floor(position), steps - 1);
      const from = heights[before] ?? 0;
      const to = heights[before + 1] ?? from;
      put(rowOf(from + (to - from) * (position - before)), column, "·");
    }
  }
  for (const { build, heights } of curves) {
    heights.forEach((height, index) => {
      put(rowOf(height), columnOf(index), build.slice(0, 1));
    });
  }
  const lines = canvas.map((cells, row) => {
    const isLabelled = row % 5 === 0;
    const label = isLabelled ? formatCount((1 - row / (PLOT_ROWS - 1)) * top) : "";
    return `${label.padStart(AXIS_WIDTH)} ${isLabelled ? "┤" : "│"}${cells.join("").trimEnd()}`;
  });
  const ticks = Array<string>(PLOT_COLUMNS).fill("─");
  clients.forEach((_, index) => {
    ticks.splice(columnOf(index), 1, "┴");
  });
  let labels = " ".repeat(AXIS_WIDTH + 2);
  clients.forEach((count, index) => {
    labels = labels.padEnd(AXIS_WIDTH + 2 + columnOf(index)) + String(count);
  });
  const legend = curves.map(({ build }) => `${build.slice(0, 1)} = ${build}`).join(", ");
  const axis = `${" ".repeat(AXIS_WIDTH + 1)}└${ticks.join("")}`;
  return `\n${[...lines, axis, `${labels}  clients`].join("\n")}\n${" ".repeat(AXIS_WIDTH + 2)}${legend}\n`;
}

/** The plot as an SVG file. */
export function drawThroughput(throughputs: Throughputs): string {
  const { clients, curves, top } = plotOf(throughputs);
  const { width, height, left, right, top: above, bottom: below } = SVG;
  const steps = Math.max(clients.length - 1, 1);
  const floor = height - below;
  const x = (index: number) => Math.round(left + (index / steps) * (width - left - right));
  const y = (value: number) => Math.round(floor - (value / top) * (floor - above));
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    `<path d="M${left} ${y(part * top)}H${width - right}" stroke="#ddd"/>`,
    text([left - 8, y(part * top) + 4], "end", formatCount(part * top)),
  ]);
  const ticks = clients.map((count, index) => text([x(index), floor + 20], "middle", String(count)));
  const lines = curves.flatMap(({ build, heights }) => {
    const points = heights.map((value, index) => [x(index), y(value)] as const);
    const last = points.at(-1) ?? [left, floor];
    return [
      `<polyline points="${points.map((point) => point.join(",")).join(" ")}" fill="none" stroke="${COLOURS[build]}" stroke-width="2"/>`,
      ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${COLOURS[build]}"/>`),
      text([last[0] + 10, last[1] + 4], "start", build, COLOURS[build]),
    ];
  });
  return drawing(width, height, [
    text([left, 28], "start", TITLE, "#000"),
    ...grid,
    ...ticks,
    text([(left + width - right) / 2, height - 10], "middle", `clients (disk: ${LATENCY_MICROSECONDS} us)`),
    ...lines,
  ]);
}
