import { expect, test, vi } from "vitest";
import { measure } from "./measure.ts";

const limitSeconds = 60;

test("a command's output, errors, status and processor time are told", async () => {
  const spin = "for (const start = performance.now(); performance.now() - start < 200; );";
  const run = await measure(
    [process.execPath, "-e", `${spin} console.log("out"); console.error("err"); process.exit(3)`],
    limitSeconds,
  );
  expect(run).toMatchObject({ status: 3, output: "out\n", errors: "err\n" });
  expect(run.cpuSeconds).toBeGreaterThan(0.1);
});

test("a command does not see what the user's environment has Node do when it starts", async () => {
  vi.stubEnv("NODE_OPTIONS", "--title=slow");
  const run = await measure([process.execPath, "-p", "process.env.NODE_OPTIONS"], limitSeconds);
  vi.unstubAllEnvs();
  expect(run.output).toBe("undefined\n");
});

test("a command that would go on ends when the marker has appeared, and its time is told all the same", async () => {
  const script = "process.stdout.write('mar'); setTimeout(() => process.stdout.write('ker'), 100);";
  const run = await measure(
    [process.execPath, "-e", `${script} setInterval(() => {}, 1000)`],
    limitSeconds,
    "marker",
  );
  expect(run.output).toBe("marker");
  expect(run.status).toBe(143);
  expect(run.cpuSeconds).toBeGreaterThan(0);
  expect(run.wallSeconds).toBeLessThan(limitSeconds / 2);
});

test("a command that takes too long has no status", async () => {
  const run = await measure([process.execPath, "-e", "setInterval(() => {}, 1000)"], 0.5);
  expect(run.status).toBeUndefined();
});
