/** Programs worth running again: those that went where none had been, and those that diverged. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import type { Report } from "./workshop.ts";

/** A file of the corpus: the seed makes the program, as long as this folder's code is the same. */
interface Kept {
  readonly seed: string;
  readonly purpose: Report["purpose"];
  readonly why: "divergence" | "new events";
  readonly events: readonly string[];
}

const ending = ".program.json";

export class Corpus {
  readonly #folder: string;
  readonly #seen = new Set<string>();
  readonly #seeds: bigint[] = [];

  /** Opens a folder, made where there is none. Throws `Failure` where it cannot be used. */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      for (const file of readdirSync(folder).sort()) if (file.endsWith(ending)) this.#load(file);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(`--corpus: ${describeFileError(error)}`, exitStatus.badInput);
    }
  }

  /** The seeds of programs that are kept. */
  get seeds(): readonly bigint[] {
    return this.#seeds;
  }

  /** Keeps a program that diverged, or in which something happened that had not happened yet. */
  consider({ seed, purpose, events, finding }: Report): void {
    const fresh = events.filter((event) => !this.#seen.has(event));
    for (const event of fresh) this.#seen.add(event);
    if ((fresh.length === 0 && finding === undefined) || this.#seeds.includes(BigInt(seed))) return;
    const why = finding === undefined ? "new events" : "divergence";
    const kept: Kept = { seed, purpose, why, events: fresh };
    this.#write(`seed-${seed}-${purpose}${ending}`, `${JSON.stringify(kept, undefined, 2)}\n`);
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text);
  }

  #load(file: string): void {
    const path = join(this.#folder, file);
    let kept: Partial<Kept>;
    try {
      kept = JSON.parse(readFileSync(path, "utf8"));
    } catch {
      throw new Failure(`${path} is no program of a corpus: remove it`, exitStatus.badInput);
    }
    if (typeof kept.seed !== "string" || !/^\d+$/.test(kept.seed) || !Array.isArray(kept.events)) {
      throw new Failure(`${path} is no program of a corpus: remove it`, exitStatus.badInput);
    }
    this.#seeds.push(BigInt(kept.seed));
    for (const event of kept.events) this.#seen.add(event);
  }
}
