/** Finds the reference signature of an architecture test. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

const endings = [".reference_output", ".reference", ".signature", ".sig"];
const folders = ["", "references", "reference", "ref", "signatures", "signature"];
/** How RISCOF names what a reference model left, in the folder `ref` beside the folder `dut` of the program. */
const riscofReference = /^Reference-.*\.signature$/;

/** Two references of one name that differ, and nothing says which is meant. */
export class AmbiguousReference extends Error {
  override readonly name = "AmbiguousReference";
}

export class References {
  /** Files of the folder that the user named, by the tests' names. */
  readonly #byStem = new Map<string, string[]>();

  /** `folder` is searched with all below it; undefined leaves what stands beside the programs. */
  constructor(folder: string | undefined) {
    if (folder !== undefined) this.#index(folder, new Set());
  }

  /** The path of a program's reference; undefined where there is none. Throws `AmbiguousReference`. */
  find(program: string): string | undefined {
    const stems = stemsOf(program);
    const candidates = stems.flatMap((stem) => this.#byStem.get(stem) ?? []);
    return candidates.length > 0 ? nearest(program, candidates) : beside(program, stems);
  }

  #index(folder: string, visited: Set<string>): void {
    const real = realpathSync(folder);
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of readdirSync(folder).sort()) {
      const path = join(folder, entry);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory()) this.#index(path, visited);
      else if (found?.isFile()) this.#enter(path);
    }
  }

  #enter(path: string): void {
    const stem = stemOfReference(path);
    if (stem !== undefined) this.#byStem.set(stem, [...(this.#byStem.get(stem) ?? []), path]);
  }
}

function stemOfReference(path: string): string | undefined {
  const name = basename(path);
  if (riscofReference.test(name)) return withoutEnding(basename(dirname(dirname(path))));
  const ending = endings.find((candidate) => name.endsWith(candidate));
  return ending && withoutEnding(name.slice(0, -ending.length));
}

/** Names that a program's reference may have. */
function stemsOf(program: string): string[] {
  const folder = dirname(program);
  const own = basename(program);
  const stems = [own, withoutEnding(own)];
  // RISCOF's programs are called alike (dut/my.elf); the folder above has the test's name.
  return basename(folder) === "dut" ? [withoutEnding(basename(dirname(folder)))] : [...new Set(stems)];
}

function withoutEnding(name: string): string {
  return name.replace(/\.(elf|bin|out|exe)$/i, "").replace(/\.[Ss]$/, "");
}

function beside(program: string, stems: readonly string[]): string | undefined {
  const folder = dirname(program);
  for (const place of [folder, dirname(folder)]) {
    // Beside the program, or in a folder beside the one the program is in (src/ and references/).
    const inside = place === folder ? folders : folders.slice(1);
    for (const name of inside) {
      for (const stem of stems) {
        const path = endings.map((ending) => join(place, name, stem + ending)).find(isFile);
        if (path !== undefined) return path;
      }
    }
  }
  return basename(folder) === "dut" ? riscof(join(dirname(folder), "ref")) : undefined;
}

function riscof(folder: string): string | undefined {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const name = readdirSync(folder).find((entry) => riscofReference.test(entry));
  return name && join(folder, name);
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Of several references of one name (Sv39 and Sv48 have such), the one whose path is most like the program's. */
function nearest(program: string, candidates: readonly string[]): string | undefined {
  const words = new Set(dirname(program).split(sep));
  const likeness = (path: string) =>
    new Set(
      dirname(path)
        .split(sep)
        .filter((word) => words.has(word)),
    ).size;
  const most = Math.max(...candidates.map(likeness));
  const best = candidates.filter((path) => likeness(path) === most);
  const [first, ...others] = best;
  if (first === undefined) return undefined;
  const text = readFileSync(first, "utf8");
  const other = others.find((path) => readFileSync(path, "utf8") !== text);
  if (other !== undefined) throw new AmbiguousReference(`"${first}" and "${other}" differ`);
  return first;
}
