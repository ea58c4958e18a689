import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepModulesIn } from "./kept-modules.ts";

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "kept-modules-"));
});
afterEach(() => {
  rmSync(top, { recursive: true });
});

const make = (byte: number) => () => new Uint8Array(100).fill(byte);
const never = () => {
  throw new Error("it was kept");
};

it("makes a module once", () => {
  const folder = join(top, "one");
  expect(keepModulesIn(folder)("a", make(1))).toEqual(make(1)());
  expect(keepModulesIn(folder)("b", make(2))).toEqual(make(2)());
  expect(keepModulesIn(folder)("a", never)).toEqual(make(1)());
});

it("makes one anew of which half is left", () => {
  const keep = keepModulesIn(join(top, "one"));
  keep("a", make(1));
  const [name = ""] = readdirSync(join(top, "one"));
  const file = join(top, "one", name);
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, 50));
  expect(keep("a", make(1))).toEqual(make(1)());
  expect(readFileSync(file)).toEqual(whole);
});

it("keeps those of one version", () => {
  keepModulesIn(join(top, "one"))("a", make(1));
  keepModulesIn(join(top, "two"))("a", make(2));
  expect(readdirSync(top)).toEqual(["two"]);
});

it("keeps a number of them", () => {
  const keep = keepModulesIn(join(top, "one"));
  for (let n = 0; n < 50; n++) keep(`machine ${n}`, make(n));
  expect(readdirSync(join(top, "one")).length).toBeLessThanOrEqual(16);
});

it("does without where files cannot be written", () => {
  writeFileSync(join(top, "file"), "");
  const keep = keepModulesIn(join(top, "file", "one"));
  expect(keep("a", make(1))).toEqual(make(1)());
  expect(existsSync(join(top, "file", "one"))).toBe(false);
});
