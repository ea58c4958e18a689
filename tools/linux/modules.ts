/** Kernel modules as distributions ship them: which others each needs, and their plain bytes. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface KernelModule {
  readonly name: string;
  /** The ELF file, unpacked. */
  readonly bytes: Uint8Array;
}

const suffix = /\.ko(\.xz)?$/;
const largestModule = 2 ** 26;

/**
 * The modules called `names` below `folder` and all they depend on, in an order in which they can be inserted. Throws
 * when one is not there, or is packed and there is no `xz`.
 */
export function loadModules(folder: string, names: readonly string[]): KernelModule[] {
  const paths = new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => suffix.test(path))
      .map((path) => [moduleName(path), join(folder, path)]),
  );
  const loaded = new Map<string, KernelModule>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`no kernel module "${name}" below ${folder}`);
    const bytes = readModule(path);
    for (const needed of dependencies(bytes)) load(needed);
    loaded.set(name, { name, bytes });
  };
  for (const name of names) load(name);
  return [...loaded.values()];
}

/** Files may be called with dashes where the kernel says underscores. */
function moduleName(path: string): string {
  return basename(path).replace(suffix, "").replaceAll("-", "_");
}

function readModule(path: string): Uint8Array {
  if (!path.endsWith(".xz")) return readFileSync(path);
  const { stdout, stderr, error, status } = spawnSync("xz", ["-dc", path], { maxBuffer: largestModule });
  if (error !== undefined) throw new Error(`cannot unpack ${path}: ${error.message}`);
  if (status !== 0) throw new Error(`cannot unpack ${path}: ${stderr.toString()}`);
  return stdout;
}

/** The `depends=` string of the section .modinfo, which is there even when the list is empty. */
function dependencies(module: Uint8Array): string[] {
  const text = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
  const key = "\0depends=";
  const start = text.indexOf(key, 0, "latin1");
  if (start < 0) throw new Error("a kernel module does not say what it depends on");
  const list = text.toString("latin1", start + key.length, text.indexOf(0, start + key.length));
  return list === "" ? [] : list.split(",");
}
