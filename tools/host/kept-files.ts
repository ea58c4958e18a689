/** Files that the program keeps for its next run, in a folder of one version of it. */
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Files there may be of one version; those that nobody has asked for longest go. */
const MOST_FILES = 64;
const DIGEST_BYTES = 32;

/** The SHA-256 digest of a text or of bytes. */
export const digestOf = (content: string | Uint8Array): Buffer =>
  createHash("sha256").update(content).digest();

/** Where files cannot be read or written, nothing is kept. */
export class KeptFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What was kept under a name of any length. */
  read(name: string): Uint8Array<ArrayBuffer> | undefined {
    try {
      const file = this.#fileOf(name);
      const whole = new Uint8Array(readFileSync(file));
      const bytes = whole.subarray(0, -DIGEST_BYTES);
      // A host that crashed may have left half of it.
      if (!digestOf(bytes).equals(whole.subarray(-DIGEST_BYTES))) return undefined;
      touch(file);
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** Keeps bytes under a name. The folders beside this one, of other versions, go when it begins. */
  keep(name: string, bytes: Uint8Array): void {
    const draft = `${this.#fileOf(name)}.${process.pid}`;
    try {
      if (mkdirSync(this.#folder, { recursive: true }) !== undefined) this.#removeOthers();
      for (const old of this.#oldest(name)) remove(old);
      // Others that start now find all of it or nothing.
      writeFileSync(draft, Buffer.concat([bytes, digestOf(bytes)]));
      renameSync(draft, this.#fileOf(name));
    } catch {
      remove(draft);
    }
  }

  /** The files that must go to make room for the one of a name. */
  #oldest(name: string): string[] {
    const files = readdirSync(this.#folder).map((file) => join(this.#folder, file));
    const surplus = files.length + (files.includes(this.#fileOf(name)) ? 0 : 1) - MOST_FILES;
    if (surplus <= 0) return [];
    const time = new Map(
      files.map((file) => [file, statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0]),
    );
    return files.sort((a, b) => (time.get(a) ?? 0) - (time.get(b) ?? 0)).slice(0, surplus);
  }

  #fileOf(name: string): string {
    return join(this.#folder, digestOf(name).toString("hex"));
  }

  #removeOthers(): void {
    for (const name of readdirSync(dirname(this.#folder))) {
      const other = join(dirname(this.#folder), name);
      if (other !== this.#folder) rmSync(other, { recursive: true, force: true });
    }
  }
}

/** Notes that a file was asked for. */
function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // It may be read but not written.
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder could not be made, either.
  }
}
