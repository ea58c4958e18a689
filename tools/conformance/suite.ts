/** Our own suites: modules `NAME.suite.ts`, which run as compiled. */
import { existsSync, realpathSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compiled, ROOT } from "../guest/root.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import type { Suite, Test } from "./case.ts";

export const suiteEnding = ".suite.ts";

/** "integer" of test/conformance/integer.suite.ts. */
export const suiteName = (path: string): string => basename(path, suiteEnding);

/** Loads a suite by the path of its source. Throws `Failure` where it is none or has not been compiled. */
export async function loadSuite(path: string): Promise<Suite> {
  const refuse = (reason: string) => new Failure(`suite "${path}": ${reason}`, exitStatus.badInput);
  const module = executable(path);
  if (module === undefined)
    throw refuse("it is not in this repository, or not compiled; run npx tsc -p tsconfig.json");
  const loaded = await import(pathToFileURL(module).href).catch((error: unknown): unknown => {
    throw refuse(`it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  });
  const suite = typeof loaded === "object" && loaded !== null && "suite" in loaded ? loaded.suite : undefined;
  if (!isSuite(suite)) throw refuse('it exports no "suite" with "about" and "tests"');
  const names = suite.tests.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refuse(`it has more than one test "${twice}"`);
  return suite;
}

/** The test of a suite by its name. Throws `Failure`. */
export async function loadTest(path: string, name: string): Promise<Test> {
  const { tests } = await loadSuite(path);
  const test = tests.find((candidate) => candidate.name === name);
  if (test !== undefined) return test;
  const names = tests.map((candidate) => candidate.name).join(", ");
  throw new Failure(`suite "${path}" has no test "${name}"; there are ${names}`, exitStatus.badInput);
}

/** The file to load for a source: where this code runs compiled, the compiled one. */
function executable(path: string): string | undefined {
  const source = realpathSync(resolve(path));
  if (import.meta.url.endsWith(".ts")) return source;
  const inside = relative(realpathSync(ROOT), source);
  if (inside.startsWith("..")) return undefined;
  const module = compiled(inside);
  return existsSync(module) ? module : undefined;
}

function isSuite(value: unknown): value is Suite {
  if (typeof value !== "object" || value === null || !("about" in value) || !("tests" in value)) return false;
  return typeof value.about === "string" && Array.isArray(value.tests);
}
