/** A file as a disk. */
import { fsyncSync, readSync, writeSync } from "node:fs";
import type { BlockStore } from "../../emulator/board/options.ts";

const SECTOR_BYTES = 512;

/** An open file. What its last sector lacks of 512 bytes reads as zeros. */
export class FileStore implements BlockStore {
  readonly sectors: number;
  readonly readOnly: boolean;
  readonly #file: number;
  /** Bytes that the file is known to have. */
  #bytes: number;

  /** `file` is an open descriptor, the caller's to close; `bytes` is the file's size, not 0. */
  constructor(file: number, bytes: number, readOnly: boolean) {
    this.sectors = Math.ceil(bytes / SECTOR_BYTES);
    this.readOnly = readOnly;
    this.#file = file;
    this.#bytes = bytes;
  }

  read(sector: number, into: Uint8Array): void {
    const start = sector * SECTOR_BYTES;
    const stored = Math.min(into.length, this.#bytes - start);
    for (let done = 0; done < stored; ) {
      const count = readSync(this.#file, into, done, stored - done, start + done);
      if (count === 0) throw new Error("the disk image was cut short while in use");
      done += count;
    }
    into.fill(0, stored);
  }

  write(sector: number, from: Uint8Array): void {
    const start = sector * SECTOR_BYTES;
    for (let done = 0; done < from.length; ) {
      done += writeSync(this.#file, from, done, from.length - done, start + done);
    }
    this.#bytes = Math.max(this.#bytes, start + from.length);
  }

  flush(): void {
    fsyncSync(this.#file);
  }
}
