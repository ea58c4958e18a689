/** Results as a bar chart of our speed beside QEMU's. */
import { type Result, ratios, suiteMeans } from "./benchmark.ts";
import { formatRatio } from "./report.ts";
import { median } from "./statistics.ts";
import { drawing, text } from "./svg.ts";

const CHART = { width: 760, left: 140, right: 60, top: 70, bottom: 40, row: 24, bar: 14 } as const;
const COLOURS = { faster: "#1e8449", slower: "#c0392b", mean: "#2471a3" } as const;

interface Bar {
  readonly name: string;
  readonly ratio: number;
  readonly colour: string;
}

/**
 * The median ratio of each task and the mean of each suite as an SVG file. The scale is logarithmic, so that twice as
 * fast and half as fast are as long; bars begin at 1. Where there was no QEMU there are no bars.
 */
export function drawRatios(results: readonly Result[]): string {
  const { width, left, right, top, bottom, row, bar } = CHART;
  const bars = suiteMeans(results).flatMap(({ suite, ratio }) => [
    ...results.filter((result) => result.suite === suite).map(barOf),
    { name: `${suite}, mean`, ratio, colour: COLOURS.mean },
  ]);
  const exponents = bars.map(({ ratio }) => Math.log2(ratio));
  const least = Math.floor(Math.min(-1, ...exponents));
  const most = Math.ceil(Math.max(1, ...exponents));
  const x = (exponent: number) =>
    Math.round(left + ((exponent - least) / (most - least)) * (width - left - right));
  const floor = top + bars.length * row;
  const powers = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const grid = powers.flatMap((exponent) => [
    `<path d="M${x(exponent)} ${top - 8}V${floor}" stroke="${exponent === 0 ? "#333" : "#ddd"}"/>`,
    text([x(exponent), floor + 20], "middle", exponent < 0 ? `1/${2 ** -exponent}` : String(2 ** exponent)),
  ]);
  const rows = bars.flatMap(({ name, ratio, colour }, index) => {
    const y = top + index * row;
    const end = x(Math.log2(ratio));
    return [
      text([left - 10, y + bar - 2], "end", name),
      `<rect x="${Math.min(end, x(0))}" y="${y}" width="${Math.abs(end - x(0))}" height="${bar}" fill="${colour}"/>`,
      text([Math.max(end, x(0)) + 6, y + bar - 2], "start", formatRatio(ratio), colour),
    ];
  });
  return drawing(width, floor + bottom, [
    text([left, 28], "start", "Our speed as a multiple of QEMU's, by processor time", "#000"),
    ...grid,
    ...rows,
  ]);
}

function barOf(result: Result): Bar {
  const ratio = median(ratios(result));
  return { name: result.name, ratio, colour: ratio < 1 ? COLOURS.slower : COLOURS.faster };
}
