import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ModuleBuilder } from "../../emulator/wasm/module.ts";
import { compiled } from "../guest/root.ts";
import { KeptFiles } from "./kept-files.ts";
import { ModulesInFiles } from "./kept-modules.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "kept-modules-")), "modules");
});
afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true });
});

const exporting = (name: string) => () => {
  const module = new ModuleBuilder();
  module.exportGlobal(name, module.global("i32"));
  return module.finish();
};
const never = () => {
  throw new Error("it was kept");
};
const exportsOf = async (name: string, make: () => Uint8Array<ArrayBuffer>) =>
  WebAssembly.Module.exports(await new ModulesInFiles(new KeptFiles(folder)).compile(name, make)).map(
    (e) => e.name,
  );

it("makes a module once", async () => {
  expect(await exportsOf("a", exporting("one"))).toEqual(["one"]);
  expect(await exportsOf("b", exporting("two"))).toEqual(["two"]);
  expect(await exportsOf("a", never)).toEqual(["one"]);
});

/** Another process, for within one V8 gives modules of the same bytes the same machine code. */
const heat = (...flags: string[]) =>
  execFileSync(process.execPath, [...flags, compiled("tools/host/testing/heat.ts"), folder], {
    encoding: "utf8",
    timeout: 60_000,
  }).trim();

it("begins with the machine code of an earlier run, where V8 has the same flags", () => {
  expect(heat()).toBe("as it comes");
  expect(readdirSync(folder).length).toBe(2);
  expect(heat("--no-wasm-bounds-checks")).toBe("as it comes");
  expect(heat("--no-wasm-bounds-checks")).toBe("optimised");
  // V8 forgets what it compiled of functions that are not called for long.
  expect(heat("--stress-flush-code", "--expose-gc")).toBe("as it comes");
}, 240_000);
