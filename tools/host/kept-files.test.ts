import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { KeptFiles } from "./kept-files.ts";

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "kept-files-"));
});
afterEach(() => {
  rmSync(top, { recursive: true });
});

const content = (byte: number) => new Uint8Array(100).fill(byte);

it("keeps a file under its name", () => {
  const folder = join(top, "one");
  new KeptFiles(folder).keep("a", content(1));
  new KeptFiles(folder).keep("b", content(2));
  new KeptFiles(folder).keep("b", content(3));
  expect(new KeptFiles(folder).read("a")).toEqual(content(1));
  expect(new KeptFiles(folder).read("b")).toEqual(content(3));
  expect(new KeptFiles(folder).read("c")).toBeUndefined();
});

it("does not give half of what was kept", () => {
  const files = new KeptFiles(join(top, "one"));
  files.keep("a", content(1));
  const [name = ""] = readdirSync(join(top, "one"));
  const file = join(top, "one", name);
  writeFileSync(file, readFileSync(file).subarray(0, 50));
  expect(files.read("a")).toBeUndefined();
  files.keep("a", content(1));
  expect(files.read("a")).toEqual(content(1));
});

it("keeps those of one version", () => {
  new KeptFiles(join(top, "one")).keep("a", content(1));
  new KeptFiles(join(top, "two")).keep("a", content(2));
  expect(readdirSync(top)).toEqual(["two"]);
});

it("keeps those that were asked for last", async () => {
  const files = new KeptFiles(join(top, "one"));
  files.keep("asked for", content(1));
  files.keep("not asked for", content(2));
  for (let n = 0; n < 100; n++) {
    await setTimeout(2);
    expect(files.read("asked for")).toEqual(content(1));
    files.keep(`machine ${n}`, content(n));
  }
  expect(readdirSync(join(top, "one")).length).toBe(64);
  expect(files.read("not asked for")).toBeUndefined();
  expect(files.read("machine 99")).toEqual(content(99));
});

it("does without where files cannot be written", () => {
  writeFileSync(join(top, "file"), "");
  const files = new KeptFiles(join(top, "file", "one"));
  files.keep("a", content(1));
  expect(files.read("a")).toBeUndefined();
  expect(existsSync(join(top, "file", "one"))).toBe(false);
});
