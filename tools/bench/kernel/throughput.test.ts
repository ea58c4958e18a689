import { beforeAll, expect, test } from "vitest";
import { type Build, buildFilesBenchmark, builds, runFilesBenchmark, type Throughput } from "./files.ts";
import { drawThroughput, formatThroughput, plotThroughput } from "./throughput.ts";

const throughputs = new Map<Build, Throughput>();

beforeAll(async () => {
  const benchmark = await buildFilesBenchmark();
  for (const build of builds) throughputs.set(build, await runFilesBenchmark(benchmark, build));
}, 300_000);

function reached(build: Build, clients: number): number {
  const requests = throughputs.get(build)?.get(clients);
  if (requests === undefined) throw new Error(`nothing measured of ${build} under ${clients} clients`);
  return requests;
}

test("with one client, how the server waits makes little difference", () => {
  for (const build of builds) {
    expect(reached(build, 1) / reached("single", 1)).toBeGreaterThan(0.9);
    expect(reached(build, 1) / reached("single", 1)).toBeLessThan(1.1);
  }
});

test("the single-threaded server gains nothing from more clients", () => {
  for (const clients of [2, 4, 8, 16]) {
    expect(reached("single", clients) / reached("single", 1)).toBeLessThan(1.25);
    expect(reached("single", clients) / reached("single", 1)).toBeGreaterThan(0.9);
  }
});

test.each(["workers", "fsm"] as const)("%s rises with the clients", (build) => {
  expect(reached(build, 2)).toBeGreaterThan(1.8 * reached(build, 1));
  expect(reached(build, 4)).toBeGreaterThan(1.8 * reached(build, 2));
  expect(reached(build, 8)).toBeGreaterThan(1.5 * reached(build, 4));
  expect(reached(build, 8)).toBeGreaterThan(5 * reached("single", 8));
  expect(reached(build, 16)).toBeGreaterThan(reached(build, 8));
});

const known: ReadonlyMap<Build, Throughput> = new Map([
  ["single", new Map([1, 2, 4].map((clients) => [clients, 1000]))],
  ["fsm", new Map([1, 2, 4].map((clients) => [clients, 1000 * clients]))],
]);

test("the table has a row for each number of clients", () => {
  expect(formatThroughput(known)).toMatch(
    /single +fsm\n1 client +1,000 +1,000\n2 clients +1,000 +2,000\n4 clients +1,000 +4,000\n/,
  );
});

test("the plot in characters has the points where they belong", () => {
  const lines = plotThroughput(known).split("\n");
  const line = (start: string) => lines.find((text) => text.trimStart().startsWith(start)) ?? "";
  expect(line("4,800 ┤")).not.toContain("f");
  const tops = lines.flatMap((text, row) => (text.includes("│") && /f$/.test(text) ? [row] : []));
  // On 16 rows, behind an empty line; the first point is where the other curve's is.
  expect(tops).toEqual([4000, 2000].map((height) => 1 + Math.round((1 - height / 4800) * 15)));
  expect(lines.join("\n")).toMatch(/s = single, f = fsm/);
});

test("the plot as SVG has a curve for each build, of as many points as were measured", () => {
  const svg = drawThroughput(known);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  const curves = [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points = ""]) =>
    points.split(" ").map((point) => point.split(",").map(Number)),
  );
  const [single = [], fsm = []] = curves;
  expect([curves.length, single.length, fsm.length]).toEqual([2, 3, 3]);
  expect(new Set(single.map(([, y]) => y)).size).toBe(1);
  expect(fsm.map(([x]) => x)).toEqual(single.map(([x]) => x));
  const heights = fsm.map(([, y]) => y ?? 0);
  expect(heights).toEqual(heights.toSorted((a, b) => b - a));
});
