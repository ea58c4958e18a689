/**
 * Keeps the modules that machines execute beside the compiled program, for to make one takes a third of the time in
 * which the command line starts.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { KeepModule } from "../../emulator/engine/engine.ts";
import { ROOT } from "../guest/root.ts";

/** Machines there may be of one version of the program, before all of them are made anew. */
const MOST_MODULES = 16;
const DIGEST_BYTES = 32;

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

/** For the program that runs. Only if it was compiled is it known what made a module. */
export const keepModule: KeepModule | undefined = import.meta.url.includes("/.build/")
  ? (name, make) => keepModulesIn(join(ROOT, ".build/modules", version()))(name, make)
  : undefined;

/** What a module depends on besides the machine: the program, and what Node can do. */
function version(): string {
  const { mtimeMs, size } = statSync(join(ROOT, ".build/js/tsconfig.tsbuildinfo"));
  return digestOf([mtimeMs, size, process.version, process.arch].join(" ")).toString("hex");
}

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
    if (existsSync(draft)) rmSync(draft);
  }
}

function removeOthers(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    const other = join(dirname(folder), name);
    if (other !== folder) rmSync(other, { recursive: true, force: true });
  }
}

const digestOf = (content: string | Uint8Array): Buffer => createHash("sha256").update(content).digest();
