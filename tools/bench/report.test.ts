import { expect, test } from "vitest";
import { nativeRatios, type Result, ratios, suiteMeans } from "./benchmark.ts";
import { drawRatios } from "./chart.ts";
import { formatMeans, formatResult } from "./report.ts";

const result: Result = {
  name: "sort",
  suite: "cpu",
  instructions: 3_000_000_000,
  ourSeconds: [1, 2, 1.5],
  qemuSeconds: [4, 4, 4.5],
  nativeSeconds: [0.5, 0.5, 0.5],
  ourWallSeconds: [2, 2, 2],
  qemuWallSeconds: [4, 4, 4],
};
const slower: Result = { ...result, name: "trap", qemuSeconds: [0.75, 1.5, 1.125], nativeSeconds: [] };
const boot: Result = { ...slower, name: "linux", suite: "boot" };
const alone: Result = { ...result, qemuSeconds: [], qemuWallSeconds: [] };

test("ratios are of pairs of runs, and there are none without a second machine", () => {
  expect(ratios(result)).toEqual([4, 2, 3]);
  expect(nativeRatios(result)).toEqual([2, 4, 3]);
  expect(nativeRatios(slower)).toEqual([]);
  expect(ratios(alone)).toEqual([]);
});

test("each suite has its own mean", () => {
  expect(suiteMeans([result, slower, boot, alone])).toEqual([
    { suite: "cpu", tasks: 2, ratio: expect.closeTo(1.5), wallRatio: expect.closeTo(2) },
    { suite: "boot", tasks: 1, ratio: expect.closeTo(0.75), wallRatio: expect.closeTo(2) },
  ]);
  expect(suiteMeans([alone])).toEqual([]);
});

test("a line has medians, the ratio's spread, and a dash for what was not measured", () => {
  const words = (line: string) => line.trim().split(/\s+/);
  expect(words(formatResult(result))).toEqual(
    "sort 3,000,000,000 1.500 4.000 2000.0 750.0 3.00 2.00–4.00 - 3.0x".split(" "),
  );
  expect(words(formatResult(boot))).toEqual(
    "linux 3,000,000,000 1.500 1.125 2000.0 - 0.75 0.75–0.75 2.00 -".split(" "),
  );
  expect(words(formatResult(alone))).toEqual("sort 3,000,000,000 1.500 - 2000.0 - - - - 3.0x".split(" "));
});

test("means by wall time are told of boots only", () => {
  expect(formatMeans(suiteMeans([result, boot]))).toBe(
    "\ncpu: 3.00 of QEMU's speed, geometric mean of 1\n" +
      "boot: 0.75 of QEMU's speed, 2.00 by wall time, geometric mean of 1\n",
  );
  expect(formatMeans([])).toBe("");
});

test("bars of the chart go right of 1 for what is faster, and left for what is slower", () => {
  const chart = drawRatios([result, slower]);
  const [axis] = [...chart.matchAll(/<path d="M(\d+) [^"]*" stroke="#333"/g)].map(([, x]) => Number(x));
  const bars = [...chart.matchAll(/<rect x="(\d+)" y="\d+" width="(\d+)" height="\d+" fill="(#\w+)"/g)];
  const [faster, less, mean] = bars.map(([, x, width, fill]) => ({
    from: Number(x),
    to: Number(x) + Number(width),
    fill,
  }));
  expect(bars).toHaveLength(3);
  expect(faster?.from).toBe(axis);
  expect(less?.to).toBe(axis);
  expect(mean?.from).toBe(axis);
  expect(new Set([faster?.fill, less?.fill, mean?.fill]).size).toBe(3);
  expect(chart).toContain(">cpu, mean<");
});
