/** From the files and folders that the user names to the tests that are in them. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type ElfProgram, isElf, parseElf } from "../../emulator/board/elf.ts";
import { ImageError } from "../../emulator/board/image-error.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import { caseEnding } from "./case-source.ts";
import { conventionOf } from "./program.ts";
import { AmbiguousReference, type References } from "./references.ts";
import type { Entry } from "./result.ts";
import { loadSuite, suiteEnding, suiteName } from "./suite.ts";

const headerBytes = 64;
const machineRiscv = 243;
const typeExecutable = 2;
const typeShared = 3;

/** All tests in `paths`, each once, ordered by name. Throws `Failure` where a path is no test and no folder. */
export async function findTests(paths: readonly string[], references: References): Promise<Entry[]> {
  const search = new Search(references);
  for (const path of paths) await search.named(path);
  return search.found.sort((a, b) => compareNames(a.name, b.name));
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

class Search {
  readonly found: Entry[] = [];
  readonly #references: References;
  readonly #visited = new Set<string>();

  constructor(references: References) {
    this.#references = references;
  }

  /** Looks at what the user named. */
  async named(path: string): Promise<void> {
    const refuse = (reason: string, at = path) => new Failure(`"${at}": ${reason}`, exitStatus.badInput);
    try {
      const found = statSync(path);
      if (found.isDirectory()) return await this.#folder(path);
      if (!found.isFile()) throw refuse("it is neither a file nor a folder");
      if (this.#seen(path)) return;
      const entries = await this.#file(path);
      if (typeof entries === "string") throw refuse(entries);
      this.found.push(...entries);
    } catch (error) {
      if (error instanceof Failure || !(error instanceof Error && "code" in error)) throw error;
      // The file that cannot be read may lie anywhere below.
      const at = "path" in error && typeof error.path === "string" ? error.path : path;
      throw refuse(describeFileError(error), at);
    }
  }

  /** True for what has been looked at before, perhaps by another name. */
  #seen(path: string): boolean {
    const real = realpathSync(path);
    if (this.#visited.has(real)) return true;
    this.#visited.add(real);
    return false;
  }

  async #folder(folder: string): Promise<void> {
    if (this.#seen(folder)) return;
    const names = readdirSync(folder).sort();
    // RISCOF has the reference model's own build of a test beside ours.
    const skipped = names.includes("dut") ? ["ref"] : [];
    for (const name of names) {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory() && !skipped.includes(name)) await this.#folder(path);
      if (!found?.isFile() || this.#seen(path)) continue;
      const entries = await this.#file(path);
      if (typeof entries !== "string") this.found.push(...entries);
    }
  }

  /** The tests in a file, or why there are none. */
  async #file(path: string): Promise<Entry[] | string> {
    if (path.endsWith(caseEnding)) return [{ kind: "case file", name: path, path }];
    if (path.endsWith(suiteEnding)) return suiteEntries(path);
    const header = headerOf(path);
    if (!isElf(header)) return `it is no test: neither an ELF file, nor *${suiteEnding}, nor *${caseEnding}`;
    return this.#program(path, header);
  }

  #program(path: string, header: Uint8Array): Entry[] | string {
    if (header.length < headerBytes) return "it is an ELF file that ends within its header";
    const view = new DataView(header.buffer);
    if (view.getUint16(18, true) !== machineRiscv)
      return "it is an ELF file for another processor than RISC-V";
    const type = view.getUint16(16, true);
    if (type !== typeExecutable && type !== typeShared)
      return "it is an object file, not a program; link it first";
    const name = nameOf(path);
    if (header[4] === 1) return [{ kind: "skipped", name, path, reason: "RV32: this machine is RV64" }];
    const program = readProgram(path);
    if (program instanceof ImageError) return [{ kind: "unusable", name, path, problem: program.message }];
    return this.#classify(program, name, path);
  }

  #classify(program: ElfProgram, name: string, path: string): Entry[] | string {
    const { signature, checksItself } = conventionOf(program);
    if (!signature) {
      if (checksItself) return [{ kind: "self-checking", name, path }];
      return "it is no test: it has neither a tohost symbol nor begin_signature and end_signature";
    }
    try {
      const reference = this.#references.find(path);
      if (reference !== undefined) return [{ kind: "signature", name, path, reference }];
    } catch (error) {
      if (!(error instanceof AmbiguousReference)) throw error;
      const problem = `more than one reference signature: ${error.message}; name a narrower folder with --signatures`;
      return [{ kind: "unusable", name, path, problem }];
    }
    if (checksItself) return [{ kind: "self-checking", name, path }];
    const problem = `no reference signature: there is no ${basename(name)}.reference_output (or .signature, .sig) beside it; name its folder with --signatures`;
    return [{ kind: "unusable", name, path, problem }];
  }
}

/** The first bytes of a file, all of them where it has fewer. */
function headerOf(path: string): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const file = openSync(path, "r");
  try {
    return header.subarray(0, readSync(file, header, 0, headerBytes, 0));
  } finally {
    closeSync(file);
  }
}

function readProgram(path: string): ElfProgram | ImageError {
  try {
    return parseElf(readFileSync(path), path);
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}

/** The program's path; of one that RISCOF built, the test's folder. */
function nameOf(path: string): string {
  const folder = dirname(path);
  const name = basename(folder) === "dut" ? dirname(folder) : path;
  return relative("", name).startsWith("..") ? name : relative("", name);
}

async function suiteEntries(path: string): Promise<Entry[]> {
  const { tests } = await loadSuite(path);
  return tests.map(({ name }) => ({ kind: "suite", name: `${suiteName(path)}/${name}`, path, test: name }));
}
