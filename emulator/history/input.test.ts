import { expect, test } from "vitest";
import { InputLog } from "./input.ts";

const key = { kind: "serial", bytes: Uint8Array.of(65) } as const;

test("what is recorded is what replays, at the same positions", () => {
  const first = new InputLog();
  first.record(10n, key);
  first.record(10n, { kind: "time", ticks: 7n });
  first.record(25n, key);

  const second = new InputLog(first.past);
  expect(second.replaying).toBe(true);
  expect(second.due(9n)).toBeUndefined();
  expect(second.distance(4n)).toBe(6);
  expect(second.due(10n)).toEqual({ at: 10n, ...key });
  expect(second.due(10n)).toEqual({ at: 10n, kind: "time", ticks: 7n });
  expect(second.due(10n)).toBeUndefined();
  expect(second.distance(10n)).toBe(15);
  expect(second.due(25n)).toEqual({ at: 25n, ...key });
  expect(second.replaying).toBe(false);
  expect(second.distance(25n)).toBe(Number.POSITIVE_INFINITY);
});
