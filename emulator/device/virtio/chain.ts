/** A descriptor chain's buffers as two byte streams: what the device may read, then what it may write. */
import type { DirectMemory } from "../device.ts";
import { DriverError } from "./virtio.ts";

/** One buffer in guest memory. Address is guest-physical, length is in bytes and not 0. */
export interface Segment {
  readonly address: number;
  readonly length: number;
}

/** How many bytes may still be moved before the driver is taken to be hostile; shared by the chains of one batch. */
export class TransferBudget {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Throws DriverError when `bytes` more is too much. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw new DriverError("more bytes in flight than the device moves at once");
  }
}

/** A position in a list of segments. */
class SegmentCursor {
  readonly #segments: readonly Segment[];
  #segment = 0;
  #offset = 0;
  #remaining = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
    for (const { length } of segments) this.#remaining += length;
  }

  /** Bytes from here to the end of the last segment. */
  get remaining(): number {
    return this.#remaining;
  }

  /** The longest contiguous piece from here on, at most `limit` bytes, and steps over it. */
  next(limit: number): Segment {
    const segment = this.#segments[this.#segment];
    if (segment === undefined) throw new DriverError("buffer too short for the request");
    const address = segment.address + this.#offset;
    const length = Math.min(limit, segment.length - this.#offset);
    this.#offset += length;
    this.#remaining -= length;
    if (this.#offset === segment.length) {
      this.#segment++;
      this.#offset = 0;
    }
    return { address, length };
  }

  /** Steps over `bytes`. */
  skip(bytes: number): void {
    for (let skipped = 0; skipped < bytes; ) skipped += this.next(bytes - skipped).length;
  }
}

/** The device-readable part of a chain, read in order. How it is cut into descriptors does not show (2.7.4). */
export class ChainReader {
  readonly #memory: DirectMemory;
  readonly #cursor: SegmentCursor;
  readonly #budget: TransferBudget;

  constructor(memory: DirectMemory, segments: readonly Segment[], budget: TransferBudget) {
    this.#memory = memory;
    this.#cursor = new SegmentCursor(segments);
    this.#budget = budget;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#cursor.remaining;
  }

  /** The next `length` bytes. Throws DriverError when there are fewer, or one lies outside RAM. */
  read(length: number): Uint8Array {
    if (length > this.remaining) throw new DriverError(`${length} bytes wanted, ${this.remaining} given`);
    if (length === 0) return new Uint8Array(0);
    this.#budget.spend(length);
    const first = this.#fetch(length);
    if (first.length === length) return first;
    const bytes = new Uint8Array(length);
    bytes.set(first);
    for (let filled = first.length; filled < length; ) {
      const piece = this.#fetch(length - filled);
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  /** Passes over the next `bytes` without looking at them. */
  skip(bytes: number): void {
    this.#cursor.skip(bytes);
  }

  #fetch(limit: number): Uint8Array {
    const { address, length } = this.#cursor.next(limit);
    const bytes = this.#memory.read(address, length);
    if (bytes === undefined) throw outsideRam(address, length);
    return bytes;
  }
}

/** The device-writable part of a chain, filled in order. */
export class ChainWriter {
  readonly #memory: DirectMemory;
  readonly #cursor: SegmentCursor;
  readonly #budget: TransferBudget;

  constructor(memory: DirectMemory, segments: readonly Segment[], budget: TransferBudget) {
    this.#memory = memory;
    this.#cursor = new SegmentCursor(segments);
    this.#budget = budget;
  }

  /** Bytes of room left. */
  get remaining(): number {
    return this.#cursor.remaining;
  }

  /** Stores `bytes`. Throws DriverError when they do not fit, or one would land outside RAM. */
  write(bytes: Uint8Array): void {
    if (bytes.length > this.remaining) {
      throw new DriverError(`${bytes.length} bytes to deliver, room for ${this.remaining}`);
    }
    this.#budget.spend(bytes.length);
    for (let stored = 0; stored < bytes.length; ) {
      const { address, length } = this.#cursor.next(bytes.length - stored);
      if (!this.#memory.write(address, bytes.subarray(stored, stored + length)))
        throw outsideRam(address, length);
      stored += length;
    }
  }

  /** Leaves the next `bytes` of room as they are. */
  skip(bytes: number): void {
    this.#cursor.skip(bytes);
  }
}

/** One request of the driver's: a chain of descriptors, taken from the available ring. */
export interface Chain {
  /** Index of the first descriptor, by which the driver recognizes the chain in the used ring. */
  readonly head: number;
  readonly reader: ChainReader;
  readonly writer: ChainWriter;
}

function outsideRam(address: number, length: number): DriverError {
  return new DriverError(`${length} bytes at 0x${address.toString(16)} are not in RAM`);
}
