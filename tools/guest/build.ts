/**
 * Builds guest programs from C and assembly, freestanding ones and Linux programs, and rebuilds only what changed. An object's file name carries
 * a hash of the command that made it, so programs share objects, and other flags never find a stale one. Several
 * processes may build at once: files appear complete, by renaming.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { GuestBuildError } from "./error.ts";
import { ROOT } from "./root.ts";
import { findToolchain, type GuestIsa, type Toolchain } from "./toolchain.ts";

/** A freestanding program. Paths are relative to the top of the repository. */
export interface GuestProgram {
  /** The result is `.build/guest/NAME.elf`; may contain `/`. */
  name: string;
  /** C (`.c`) and assembly (`.S`) files. */
  sources: readonly string[];
  linkerScript: string;
  /** Instructions the compiler may use; default `rv64gc`. Assembly may enable more with `.option arch`. */
  isa?: GuestIsa;
  /** Added to the compiler's flags: include paths, definitions. */
  flags?: readonly string[];
  /** Added to the linker's options. */
  linkFlags?: readonly string[];
}

/** An ordinary static program for riscv64 Linux. Paths are relative to the top of the repository. */
export type LinuxProgram = Pick<GuestProgram, "name" | "sources" | "flags">;

/** Receives a line for each step that really runs. */
export type BuildProgress = (message: string) => void;

const OUTPUT = ".build/guest";

const COMMON_FLAGS = [
  "-g",
  "-gdwarf-4",
  "-fno-stack-protector",
  "-fno-pic",
  "-fno-common",
  "-fno-omit-frame-pointer",
  "-fno-asynchronous-unwind-tables",
  `-ffile-prefix-map=${ROOT}=.`,
];

const FREESTANDING_FLAGS = [
  "-mcmodel=medany", // the kernel is linked high, firmware at 2 GiB: beyond what lui alone reaches
  "-O2",
  "-ffreestanding",
];

// Programs are many and small, and all of them are in the initrd.
const PROGRAM_FLAGS = ["-Os", "-D_GNU_SOURCE", "-ffunction-sections", "-fdata-sections"];

const C_FLAGS = [
  "-std=c11",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-Wmissing-declarations",
  "-Wshadow",
  "-Wundef",
  "-Wvla",
  "-Wpointer-arith",
  "-Wwrite-strings",
];

const LINK_FLAGS = [
  "-static",
  "-nostdlib",
  "--build-id=none",
  "-z",
  "max-page-size=4096",
  "-z",
  "noexecstack",
];

/** Modification time in milliseconds, or undefined when there is no such file. */
function modified(path: string): number | undefined {
  return statSync(resolve(ROOT, path), { throwIfNoEntry: false })?.mtimeMs;
}

/** Whether `output` exists and none of `inputs` is missing or younger. */
function isUpToDate(output: string, inputs: readonly string[]): boolean {
  const made = modified(output);
  return made !== undefined && inputs.every((input) => (modified(input) ?? Number.POSITIVE_INFINITY) <= made);
}

/** The files a `-MD` dependency file names, or undefined when there is none. */
function readDependencies(path: string): string[] | undefined {
  if (modified(path) === undefined) return undefined;
  const text = readFileSync(join(ROOT, path), "utf8").replaceAll("\\\n", " ");
  const names = text.slice(text.indexOf(": ") + 2).match(/(?:\\ |\S)+/g) ?? [];
  return names.map((name) => name.replaceAll("\\ ", " ")).map((name) => name.replace(`${ROOT}/`, ""));
}

let toolchain: Toolchain | undefined;

function currentToolchain(): Toolchain {
  toolchain ??= findToolchain();
  return toolchain;
}

const waiting: (() => void)[] = [];
let idleProcessors = availableParallelism();

/** Runs a tool from the top of the repository when a processor is free. Throws `GuestBuildError` with what it said. */
async function runTool(command: readonly string[], what: string): Promise<void> {
  if (idleProcessors > 0) idleProcessors--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    const [program = "", ...args] = command;
    const environment = { ...process.env, ...currentToolchain().environment };
    const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      const child = spawn(program, args, { cwd: ROOT, env: environment, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.on("error", (error) => reject(new GuestBuildError(`cannot run ${program}: ${error.message}`)));
      child.on("close", (exitCode) => resolve({ code: exitCode, output: said }));
    });
    if (code !== 0) throw new GuestBuildError(`${what} failed:\n${output || `exit code ${code}`}`);
  } finally {
    const next = waiting.shift();
    if (next === undefined) idleProcessors++;
    else next();
  }
}

/** Has `make` write a file under another name, then puts it in place, dated as of when the work began. */
async function replaceFile(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  // Files are dated more finely than Date.now(): an input saved just before must not look younger than what is made.
  const started = new Date(Date.now() + 1);
  const temporary = `${path}.${process.pid}`;
  mkdirSync(join(ROOT, dirname(path)), { recursive: true });
  try {
    await make(temporary);
    // An input saved meanwhile must look younger than what was made from its old text.
    utimesSync(join(ROOT, temporary), started, started);
    renameSync(join(ROOT, temporary), join(ROOT, path));
  } finally {
    rmSync(join(ROOT, temporary), { force: true });
  }
}

async function compile(
  source: string,
  compiler: readonly string[],
  flags: readonly string[],
): Promise<string> {
  const { identity } = currentToolchain();
  const languageFlags = source.endsWith(".c") ? C_FLAGS : [];
  const command = [...compiler, ...COMMON_FLAGS, ...languageFlags, ...flags, "-c", source];
  const hash = createHash("sha256")
    .update(JSON.stringify([identity, command]))
    .digest("hex")
    .slice(0, 12);
  const object = `${OUTPUT}/objects/${source}.${hash}.o`;
  const dependencyFile = `${object}.d`;
  const dependencies = readDependencies(dependencyFile);
  if (dependencies === undefined || !isUpToDate(object, dependencies)) {
    await replaceFile(object, (temporaryObject) =>
      replaceFile(dependencyFile, (temporaryDependencies) =>
        runTool(
          [...command, "-MD", "-MF", temporaryDependencies, "-o", temporaryObject],
          `compiling ${source}`,
        ),
      ),
    );
  }
  return object;
}

/** Objects being made or found up to date in this process: two programs that share one must not both compile it. */
const compilations = new Map<string, Promise<string>>();

function compileOnce(source: string, compiler: readonly string[], flags: readonly string[]): Promise<string> {
  const key = JSON.stringify([source, compiler, flags]);
  const running = compilations.get(key);
  if (running !== undefined) return running;
  const compilation = compile(source, compiler, flags).finally(() => compilations.delete(key));
  compilations.set(key, compilation);
  return compilation;
}

function fileContains(path: string, text: string): boolean {
  return modified(path) !== undefined && readFileSync(join(ROOT, path), "utf8") === text;
}

function compileAll(
  sources: readonly string[],
  compiler: readonly string[],
  flags: readonly string[],
): Promise<string[]> {
  return Promise.all(sources.map((source) => compileOnce(source, compiler, flags)));
}

/** Runs `command` on the objects where NAME.elf is older than they or `scripts`, or was linked otherwise; its path. */
async function link(
  name: string,
  command: readonly string[],
  objects: readonly string[],
  scripts: readonly string[],
  onProgress: BuildProgress,
): Promise<string> {
  const elf = `${OUTPUT}/${name}.elf`;
  const linkedBy = `${elf}.command`;
  const full = [...command, ...objects];
  const commandText = [currentToolchain().identity, ...full].join("\n");
  if (!isUpToDate(elf, [...objects, ...scripts]) || !fileContains(linkedBy, commandText)) {
    onProgress(`building ${elf}`);
    await replaceFile(elf, (temporary) => runTool([...full, "-o", temporary], `linking ${elf}`));
    writeFileSync(join(ROOT, linkedBy), commandText);
  }
  return join(ROOT, elf);
}

/**
 * Compiles and links `program` where it is out of date and returns the absolute path of its ELF file. Throws
 * `GuestBuildError` with the message of the compiler or the linker.
 */
export async function buildGuest(
  program: GuestProgram,
  onProgress: BuildProgress = () => {},
): Promise<string> {
  const { name, sources, linkerScript, isa = "rv64gc", flags = [], linkFlags = [] } = program;
  const { compiler, linker } = currentToolchain();
  const objects = await compileAll(sources, compiler(isa), [...FREESTANDING_FLAGS, ...flags]);
  const command = [...linker, ...LINK_FLAGS, ...linkFlags, "-T", linkerScript];
  return link(name, command, objects, [linkerScript], onProgress);
}

/**
 * Compiles and links `program` with the C library where it is out of date and returns the absolute path of its ELF file.
 * Throws `GuestBuildError` with the message of the compiler or the linker.
 */
export async function buildProgram(
  program: LinuxProgram,
  onProgress: BuildProgress = () => {},
): Promise<string> {
  const { name, sources, flags = [] } = program;
  const { programCompiler } = currentToolchain();
  const objects = await compileAll(sources, programCompiler(), [...PROGRAM_FLAGS, ...flags]);
  // The same -O as for compiling: zig builds its C library once for each.
  const command = [...programCompiler(), "-Os", "-static", "-Wl,--gc-sections"];
  return link(name, command, objects, [], onProgress);
}
