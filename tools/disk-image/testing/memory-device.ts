import { BLOCK_BYTES } from "../core.ts";
import type { BlockDevice } from "../volume.ts";

/** A disk in memory, zero at first. */
export class MemoryDevice implements BlockDevice {
  readonly blocks: number;
  readonly bytes: Uint8Array;

  constructor(blocks: number, bytes: Uint8Array = new Uint8Array(blocks * BLOCK_BYTES)) {
    this.blocks = blocks;
    this.bytes = bytes;
  }

  read(block: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
  }

  write(block: number, from: Uint8Array): void {
    this.bytes.set(from, block * BLOCK_BYTES);
  }

  flush(): void {}
}
