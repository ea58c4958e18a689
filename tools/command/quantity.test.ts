import { describe, expect, it } from "vitest";
import { Failure } from "../host/failure.ts";
import { parseCount, parseSeconds, parseSize, parseTime, parseUnsigned } from "./quantity.ts";

describe("quantities on the command line", () => {
  it("reads sizes", () => {
    expect(parseSize("--memory", "256M")).toBe(256 * 2 ** 20);
    expect(parseSize("--memory", "1g")).toBe(2 ** 30);
    expect(parseSize("--memory", "64KiB")).toBe(65536);
    expect(parseSize("--memory", "0x1000")).toBe(4096);
  });

  it.each(["", "M", "-1M", "1T", "1.5G", "12 M", "99999999999999999G"])("refuses the size %j", (text) => {
    expect(() => parseSize("--memory", text)).toThrow(Failure);
  });

  it("reads counts within their range", () => {
    expect(parseCount("--harts", "8", 1, 8)).toBe(8);
    expect(parseCount("--max-instructions", "20_000_000", 1, Number.MAX_SAFE_INTEGER)).toBe(20_000_000);
    expect(parseCount("--max-instructions", "2e9", 1, Number.MAX_SAFE_INTEGER)).toBe(2e9);
    expect(parseCount("--max-instructions", "500k", 1, Number.MAX_SAFE_INTEGER)).toBe(500_000);
    expect(parseCount("--max-instructions", "10M", 1, Number.MAX_SAFE_INTEGER)).toBe(10_000_000);
    expect(parseCount("--max-instructions", "2G", 1, Number.MAX_SAFE_INTEGER)).toBe(2e9);
    for (const text of ["0", "9", "two", "1.5", "-1", "0x2", "1e400", "2e9M", "1 k", "k", "_", ""]) {
      expect(() => parseCount("--harts", text, 1, 8)).toThrow(/--harts.*from 1 to 8/);
    }
  });

  it("reads seconds", () => {
    expect(parseSeconds("--timeout", "1.5")).toBe(1.5);
    expect(() => parseSeconds("--timeout", "0")).toThrow(Failure);
    expect(() => parseSeconds("--timeout", "soon")).toThrow(Failure);
  });

  it("reads 64-bit numbers", () => {
    expect(parseUnsigned("--seed", "0xffffffffffffffff")).toBe(2n ** 64n - 1n);
    expect(() => parseUnsigned("--seed", "0x10000000000000000")).toThrow(Failure);
    expect(() => parseUnsigned("--seed", "-1")).toThrow(Failure);
  });

  it("reads times", () => {
    expect(parseTime("--rtc", "1700000000")).toBe(1_700_000_000_000_000_000n);
    expect(parseTime("--rtc", "2026-01-01T00:00:00Z")).toBe(1_767_225_600_000_000_000n);
    expect(() => parseTime("--rtc", "yesterday")).toThrow(/2026/);
    expect(() => parseTime("--rtc", "1960-01-01T00:00:00Z")).toThrow(Failure);
  });
});
