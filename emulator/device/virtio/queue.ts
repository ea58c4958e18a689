/** Split virtqueues, seen from the device (virtio 1.2 section 2.7). */
import type { DirectMemory } from "../device.ts";
import { type Chain, ChainReader, ChainWriter, type Segment, TransferBudget } from "./chain.ts";
import { DriverError } from "./virtio.ts";

const DESCRIPTOR_BYTES = 16;
const DESCRIPTOR_NEXT = 1;
const DESCRIPTOR_WRITE = 2;
const DESCRIPTOR_INDIRECT = 4;

const AVAILABLE_NO_INTERRUPT = 1;

/** The longest chain allowed (2.7.4.2), which is how the specification forbids loops. */
const MAX_CHAIN_BYTES = 2 ** 32;

/** Where the driver put a queue, and which ring features it accepted. Addresses are guest-physical. */
export interface QueueLayout {
  readonly size: number;
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  readonly indirect: boolean;
  readonly eventIndex: boolean;
}

/** A table of descriptors: the queue's own, or an indirect one. */
interface DescriptorTable {
  readonly entries: number;
  descriptor(index: number): DataView;
}

/**
 * A queue that the driver has made ready. Chains are taken and completed in batches, each between `begin` and
 * `finish`; whatever the driver did wrong surfaces as a DriverError.
 */
export class Virtqueue {
  readonly #memory: DirectMemory;
  readonly #layout: QueueLayout;
  readonly #maxChain: number;
  readonly #table: DescriptorTable;
  /** Free-running 16-bit ring positions, as `idx` in both rings. */
  #nextAvailable = 0;
  #nextUsed = 0;
  #usedAtBegin = 0;
  /** Chains of this batch not yet taken. */
  #pending = 0;
  #budget = new TransferBudget(0);

  /**
   * `maxSize` is the largest size the device offered, and bounds a chain (2.7.5.3.1). Throws DriverError when the
   * layout is not one that the specification allows.
   */
  constructor(memory: DirectMemory, layout: QueueLayout, maxSize: number) {
    const { size, descriptors, available, used } = layout;
    if (size === 0 || size > maxSize || (size & (size - 1)) !== 0) {
      throw new DriverError(`queue size ${size} is not a power of two up to ${maxSize}`);
    }
    if (descriptors % 16 !== 0 || available % 2 !== 0 || used % 4 !== 0) {
      throw new DriverError("queue area misaligned");
    }
    this.#memory = memory;
    this.#layout = layout;
    this.#maxChain = maxSize;
    this.#table = {
      entries: size,
      descriptor: (index) => this.#view(descriptors + index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES),
    };
  }

  /** Opens a batch of what the driver has made available up to now, moving at most `budget` bytes of data. */
  begin(budget: number): void {
    // Read once: a device that writes into its own available ring must not lengthen the batch it is in.
    const available = this.#view(this.#layout.available + 2, 2).getUint16(0, true);
    this.#pending = (available - this.#nextAvailable) & 0xffff;
    if (this.#pending > this.#layout.size) {
      throw new DriverError(`${this.#pending} chains available in a queue of ${this.#layout.size}`);
    }
    this.#usedAtBegin = this.#nextUsed;
    this.#budget = new TransferBudget(budget);
  }

  /** The next chain of the batch, or undefined at its end. */
  take(): Chain | undefined {
    if (this.#pending === 0) return undefined;
    const slot = this.#nextAvailable & (this.#layout.size - 1);
    const head = this.#view(this.#layout.available + 4 + slot * 2, 2).getUint16(0, true);
    const { readable, writable } = this.#walk(head);
    this.#pending--;
    this.#nextAvailable = (this.#nextAvailable + 1) & 0xffff;
    return {
      head,
      reader: new ChainReader(this.#memory, readable, this.#budget),
      writer: new ChainWriter(this.#memory, writable, this.#budget),
    };
  }

  /** Gives a chain back; `written` bytes from the start of its writable part hold data. */
  complete(chain: Chain, written: number): void {
    const slot = this.#nextUsed & (this.#layout.size - 1);
    const element = new DataView(new ArrayBuffer(8));
    element.setUint32(0, chain.head, true);
    element.setUint32(4, written, true);
    this.#store(this.#layout.used + 4 + slot * 8, element);
    this.#nextUsed = (this.#nextUsed + 1) & 0xffff;
    this.#storeIndex(this.#layout.used + 2, this.#nextUsed);
  }

  /** Closes the batch. True when the driver wants an interrupt for what was completed in it (2.7.7). */
  finish(): boolean {
    const { size, available, used, eventIndex } = this.#layout;
    if (eventIndex) this.#storeIndex(used + 4 + size * 8, this.#nextAvailable);
    const completed = (this.#nextUsed - this.#usedAtBegin) & 0xffff;
    if (completed === 0) return false;
    if (!eventIndex) return (this.#view(available, 2).getUint16(0, true) & AVAILABLE_NO_INTERRUPT) === 0;
    const usedEvent = this.#view(available + 4 + size * 2, 2).getUint16(0, true);
    return ((this.#nextUsed - usedEvent - 1) & 0xffff) < completed;
  }

  #walk(head: number): { readable: Segment[]; writable: Segment[] } {
    const readable: Segment[] = [];
    const writable: Segment[] = [];
    let table = this.#table;
    let index = head;
    let bytes = 0;
    for (let count = 0; ; ) {
      if (index >= table.entries) throw new DriverError(`descriptor ${index} in a table of ${table.entries}`);
      const descriptor = table.descriptor(index);
      const address = descriptor.getUint32(0, true) + descriptor.getUint32(4, true) * 2 ** 32;
      const length = descriptor.getUint32(8, true);
      const flags = descriptor.getUint16(12, true);
      if (flags & DESCRIPTOR_INDIRECT) {
        if (table !== this.#table) throw new DriverError("indirect descriptor in an indirect table");
        if (flags & DESCRIPTOR_NEXT) throw new DriverError("indirect descriptor with a next one");
        table = this.#indirectTable(address, length);
        index = 0;
        continue;
      }
      if (++count > this.#maxChain) throw new DriverError(`chain longer than ${this.#maxChain} descriptors`);
      bytes += length;
      if (bytes > MAX_CHAIN_BYTES) throw new DriverError("chain of more than 4 GiB");
      if (flags & DESCRIPTOR_WRITE) {
        if (length > 0) writable.push({ address, length });
      } else {
        if (writable.length > 0) throw new DriverError("readable descriptor after a writable one");
        if (length > 0) readable.push({ address, length });
      }
      if ((flags & DESCRIPTOR_NEXT) === 0) return { readable, writable };
      index = descriptor.getUint16(14, true);
    }
  }

  #indirectTable(address: number, length: number): DescriptorTable {
    if (!this.#layout.indirect) throw new DriverError("indirect descriptor without the feature");
    const entries = length / DESCRIPTOR_BYTES;
    if (entries === 0 || !Number.isInteger(entries) || entries > this.#maxChain) {
      throw new DriverError(`indirect table of ${length} bytes`);
    }
    const table = this.#view(address, length);
    return {
      entries,
      descriptor: (index) =>
        new DataView(table.buffer, table.byteOffset + index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES),
    };
  }

  #view(address: number, length: number): DataView {
    const bytes = this.#memory.read(address, length);
    if (bytes === undefined) throw new DriverError(`ring at 0x${address.toString(16)} is not in RAM`);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #storeIndex(address: number, index: number): void {
    const view = new DataView(new ArrayBuffer(2));
    view.setUint16(0, index, true);
    this.#store(address, view);
  }

  #store(address: number, view: DataView): void {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    if (!this.#memory.write(address, bytes)) {
      throw new DriverError(`ring at 0x${address.toString(16)} is not in RAM`);
    }
  }
}
