/** Copy on write: a disk that can be written while what lies under it stays as it is. */
import type { BlockStore } from "../../emulator/board/options.ts";

const SECTOR_BYTES = 512;
/** Sectors are kept in blocks of 4 KiB, the block size of most file systems. */
const BLOCK_SECTORS = 8;
const BLOCK_BYTES = BLOCK_SECTORS * SECTOR_BYTES;

/** Keeps in memory what is written; the rest is read from the store below, which is never written. */
export class SnapshotStore implements BlockStore {
  readonly sectors: number;
  readonly readOnly = false;
  readonly #base: BlockStore;
  /** Written blocks by number. The last one may reach beyond the end of the disk. */
  readonly #written = new Map<number, Uint8Array>();

  constructor(base: BlockStore) {
    this.#base = base;
    this.sectors = base.sectors;
  }

  read(sector: number, into: Uint8Array): void {
    this.#base.read(sector, into);
    for (const part of blocksOf(sector, into.length)) {
      const block = this.#written.get(part.block);
      if (block === undefined) continue;
      into.set(block.subarray(part.offset, part.offset + part.length), part.position);
    }
  }

  write(sector: number, from: Uint8Array): void {
    for (const part of blocksOf(sector, from.length)) {
      const block = this.#written.get(part.block) ?? this.#copyUp(part.block, part.length);
      block.set(from.subarray(part.position, part.position + part.length), part.offset);
    }
  }

  flush(): void {}

  #copyUp(number: number, about: number): Uint8Array {
    const block = new Uint8Array(BLOCK_BYTES);
    const first = number * BLOCK_SECTORS;
    const sectors = Math.min(BLOCK_SECTORS, this.sectors - first);
    // A block that is overwritten whole need not be read.
    if (about < sectors * SECTOR_BYTES) this.#base.read(first, block.subarray(0, sectors * SECTOR_BYTES));
    this.#written.set(number, block);
    return block;
  }
}

/** One block's share of a transfer: bytes from `offset` in the block are those from `position` in the transfer. */
interface BlockPart {
  readonly block: number;
  readonly offset: number;
  readonly position: number;
  readonly length: number;
}

function* blocksOf(sector: number, bytes: number): Generator<BlockPart> {
  const start = sector * SECTOR_BYTES;
  for (let position = 0; position < bytes; ) {
    const offset = (start + position) % BLOCK_BYTES;
    const length = Math.min(BLOCK_BYTES - offset, bytes - position);
    yield { block: Math.floor((start + position) / BLOCK_BYTES), offset, position, length };
    position += length;
  }
}
