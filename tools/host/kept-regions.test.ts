import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defaultOptions } from "../../emulator/board/options.ts";
import type { Batch } from "../../emulator/engine/translator/batch.ts";
import { ModuleBuilder } from "../../emulator/wasm/module.ts";
import { KeptFiles } from "./kept-files.ts";
import { guestOf, RegionsInFile } from "./kept-regions.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "kept-regions-")), "files");
});
afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true });
});

/** A batch of one region, with a module that exports a global by the region's name. */
function batchOf(number: number): Batch {
  const builder = new ModuleBuilder();
  builder.exportGlobal(`region ${number}`, builder.global("i32"));
  const bytes = builder.finish();
  const place = 0x1000 * number;
  const region = {
    number,
    place,
    flat: false,
    need: 3,
    instructions: 1,
    lines: new Map([[number, 1n << 63n]]),
    code: new Map([[place, 0x13]]),
  };
  const rest = { calls: ["a"], others: [], links: new Map([[1, 2]]), decoded: new Map([[number, 4]]) };
  return { module: new WebAssembly.Module(bytes), bytes, regions: [region], ...rest };
}

const open = (name = "guest") => new RegionsInFile(new KeptFiles(folder), name);
const numbers = (regions: RegionsInFile) =>
  regions.forNextMachine().batches.map(({ regions: [r] }) => r?.number);

it("gives what was installed to the next run of the same guest", () => {
  const regions = open();
  const life = regions.forNextMachine();
  expect(life.batches).toEqual([]);
  const batch = batchOf(1);
  life.installed(batch, {});
  life.installed(batchOf(2), {});
  regions.keep();
  expect(numbers(open())).toEqual([1, 2]);
  expect(numbers(open("another"))).toEqual([]);
  const [kept] = open().forNextMachine().batches;
  const { module, ...record } = batch;
  expect(kept).toMatchObject(record);
  expect(WebAssembly.Module.exports(kept?.compile() ?? module).map(({ name }) => name)).toEqual(["region 1"]);
});

it("gives it to the next machine of this run, too, with the same module", () => {
  const regions = open();
  const batch = batchOf(1);
  regions.forNextMachine().installed(batch, {});
  expect(regions.forNextMachine().batches[0]?.compile()).toBe(batch.module);
});

it("adds nothing for a machine that another has followed, for their numbers would be the same", () => {
  const regions = open();
  const earlier = regions.forNextMachine();
  regions.forNextMachine().installed(batchOf(1), {});
  earlier.installed(batchOf(2), {});
  expect(numbers(regions)).toEqual([1]);
});

it("writes only where there is much more than before", () => {
  const keepSome = (...added: readonly number[]) => {
    const regions = open();
    const life = regions.forNextMachine();
    for (const number of added) life.installed(batchOf(number), {});
    regions.keep();
    return readdirSync(folder).map((name) => statSync(join(folder, name)).ino);
  };
  const first = keepSome(...Array.from({ length: 20 }, (_, i) => i));
  expect(keepSome()).toEqual(first);
  expect(keepSome(20)).toEqual(first);
  expect(keepSome(20, 21, 22)).not.toEqual(first);
  expect(numbers(open())).toEqual(Array.from({ length: 23 }, (_, i) => i));
});

it("keeps only so much of what comes first", () => {
  const regions = open();
  const life = regions.forNextMachine();
  const large = { ...batchOf(2), bytes: new Uint8Array(2 ** 20) };
  for (const batch of [batchOf(1), large, batchOf(3)]) life.installed(batch, {});
  // Of what is there already, it may come to know more.
  life.installed(batchOf(1), {});
  expect(numbers(regions)).toEqual([1]);
});

it("tells guests by their images and command lines", () => {
  const kernel = new Uint8Array(100_000);
  const changed = (at: number) => kernel.map((byte, i) => (i === at ? 1 : byte));
  const names = [
    guestOf({ ...defaultOptions, kernel }),
    guestOf({ ...defaultOptions, kernel: changed(100) }),
    guestOf({ ...defaultOptions, kernel: changed(99_000) }),
    guestOf({ ...defaultOptions, kernel: kernel.subarray(1) }),
    guestOf({ ...defaultOptions, firmware: kernel }),
    guestOf({ ...defaultOptions, kernel, append: "quiet" }),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(guestOf({ ...defaultOptions, kernel: kernel.slice(), harts: 2 })).toBe(names[0]);
});
