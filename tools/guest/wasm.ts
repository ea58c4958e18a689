/**
 * Builds freestanding C into a WebAssembly module, for code that the guest and this program share: one source, two
 * machines. A module is small, so whatever changes, all of it is built again.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GuestBuildError } from "./error.ts";
import { ROOT } from "./root.ts";
import { findZig } from "./toolchain.ts";

/** Paths are relative to the top of the repository. */
export interface WasmProgram {
  /** The result is `.build/guest/NAME.wasm`. */
  name: string;
  /** C files. What is marked `visibility("default")` in them is exported, and the memory. */
  sources: readonly string[];
  /** What the sources include. */
  headers: readonly string[];
  /** Added to the compiler's flags: include paths, definitions. */
  flags?: readonly string[];
}

const COMPILE_FLAGS = [
  "-target",
  "wasm32-freestanding-none",
  "-mbulk-memory",
  "-fno-sanitize=all",
  "-fvisibility=hidden",
  "-ffreestanding",
  "-O2",
  "-std=c11",
  "-Wall",
  "-Wextra",
  "-Werror",
];

const LINK_FLAGS = ["--no-entry", "--export-dynamic", "-z", "stack-size=65536"];

/** Builds the module unless it is there as its sources say. Returns its path. Throws `GuestBuildError`. */
export function buildWasm({ name, sources, headers, flags = [] }: WasmProgram): string {
  const { zig, version } = findZig();
  const output = join(ROOT, ".build/guest", `${name}.wasm`);
  const builtFrom = `${output}.sources`;
  const hash = createHash("sha256").update(JSON.stringify([version, COMPILE_FLAGS, LINK_FLAGS, flags]));
  for (const path of [...sources, ...headers])
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  const identity = hash.digest("hex");
  if (existsSync(output) && existsSync(builtFrom) && readFileSync(builtFrom, "utf8") === identity)
    return output;

  mkdirSync(dirname(output), { recursive: true });
  const folder = mkdtempSync(`${output}-`);
  try {
    const objects = sources.map((_, index) => join(folder, `${index}.o`));
    for (const [index, source] of sources.entries()) {
      const object = objects[index] ?? "";
      runZig(zig, ["cc", ...COMPILE_FLAGS, ...flags, "-c", source, "-o", object], `compiling ${source}`);
    }
    const module = join(folder, "module.wasm");
    runZig(zig, ["wasm-ld", ...LINK_FLAGS, ...objects, "-o", module], `linking ${name}.wasm`);
    renameSync(module, output);
    writeFileSync(builtFrom, identity);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return output;
}

function runZig(zig: string, args: readonly string[], what: string): void {
  const cache = join(ROOT, ".build/guest/zig-cache");
  const { status, stderr, error } = spawnSync(zig, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  });
  if (error !== undefined) throw new GuestBuildError(`cannot run ${zig}: ${error.message}`);
  if (status !== 0) throw new GuestBuildError(`${what} failed:\n${stderr || `exit code ${status}`}`);
}
