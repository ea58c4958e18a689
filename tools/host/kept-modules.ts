/**
 * Keeps the modules that machines execute beside the compiled program, for to make one takes a third of the time in
 * which the command line starts.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KeepModule } from "../../emulator/engine/engine.ts";
import { ROOT } from "../guest/root.ts";

/** Machines there may be of one version of the program, before all of them are made anew. */
const MOST_MODULES = 16;
const DIGEST_BYTES = 32;
const digestOf = (content: string | Uint8Array): Buffer => createHash("sha256").update(content).digest();

/**
 * Keeps modules in a folder of one version of the program: those beside it, of other versions, go when it begins. Where
 * files cannot be written, modules are made each time.
 */
export function keepModulesIn(folder: string): KeepModule {
  return (name, make) => {
    const file = join(folder, digestOf(name).toString("hex"));
    const kept = read(file);
    if (kept !== undefined) return kept;
    const bytes = make();
    keep(folder, file, bytes);
    return bytes;
  };
}

/** What a module depends on besides the machine: the program, as far as it was compiled, and what Node can do. */
function version(): string | undefined {
  if (!import.meta.url.includes("/.build/")) return undefined;
  const compiled = statSync(join(ROOT, ".build/js/tsconfig.tsbuildinfo"), { throwIfNoEntry: false });
  if (compiled === undefined) return undefined;
  const parts = [compiled.mtimeMs, compiled.size, process.version, process.arch];
  return digestOf(parts.join(" ")).toString("hex");
}

const loaded = version();

/** For the program that runs. Once it has been compiled anew, nobody knows any more what it made. */
export const keepModule: KeepModule = (name, make) =>
  loaded === undefined || loaded !== version()
    ? make()
    : keepModulesIn(join(ROOT, ".build/modules", loaded))(name, make);

/** What a file holds before its digest, if that is right: a host that crashed may leave half of it. */
function read(file: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const whole = new Uint8Array(readFileSync(file));
    const bytes = whole.subarray(0, -DIGEST_BYTES);
    return digestOf(bytes).equals(whole.subarray(-DIGEST_BYTES)) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function keep(folder: string, file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}`;
  try {
    if (mkdirSync(folder, { recursive: true }) !== undefined) removeOthers(folder);
    const kept = readdirSync(folder);
    if (kept.length >= MOST_MODULES) for (const old of kept) rmSync(join(folder, old), { force: true });
    // Others that start now find all of it or nothing.
    writeFileSync(draft, Buffer.concat([bytes, digestOf(bytes)]));
    renameSync(draft, file);
  } catch {
    remove(draft);
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder could not be made, either.
  }
}

function removeOthers(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    const other = join(dirname(folder), name);
    if (other !== folder) rmSync(other, { recursive: true, force: true });
  }
}
