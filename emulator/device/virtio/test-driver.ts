/** The driver's side of virtio, for the tests: guest memory, register accesses, and rings built by hand. */
import type { DirectMemory } from "../device.ts";
import { VirtioMmio } from "./mmio.ts";
import type { VirtioDevice } from "./virtio.ts";

export const RAM_BASE = 0x8000_0000;

/** Flags of a descriptor (virtio 1.2 section 2.7.5). */
export const NEXT = 1;
export const WRITE = 2;
export const INDIRECT = 4;

/** Guest memory from RAM_BASE on. */
export class TestRam implements DirectMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Accesses so far, to show that work is bounded. */
  accesses = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  read(address: number, length: number): Uint8Array | undefined {
    this.accesses++;
    if (!this.#holds(address, length)) return undefined;
    return this.bytes.slice(address - RAM_BASE, address - RAM_BASE + length);
  }

  write(address: number, bytes: Uint8Array): boolean {
    this.accesses++;
    if (!this.#holds(address, bytes.length)) return false;
    this.bytes.set(bytes, address - RAM_BASE);
    return true;
  }

  #holds(address: number, length: number): boolean {
    return address >= RAM_BASE && address + length <= RAM_BASE + this.bytes.length;
  }
}

/** One descriptor as the driver writes it. */
export interface Descriptor {
  readonly address: number;
  readonly length: number;
  readonly flags: number;
  readonly next?: number;
}

/** An entry of the used ring. */
export interface UsedElement {
  readonly id: number;
  readonly length: number;
}

/** A queue as the driver sees it, with 2 KiB areas for each of its parts. */
export class DriverQueue {
  readonly index: number;
  readonly size: number;
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  readonly #ram: TestRam;
  #made = 0;
  #seen = 0;

  constructor(ram: TestRam, index: number, size: number, base: number) {
    this.#ram = ram;
    this.index = index;
    this.size = size;
    this.descriptors = base;
    this.available = base + 0x1000;
    this.used = base + 0x2000;
  }

  /** Writes descriptor `index` of the table at `table`. */
  describe(index: number, { address, length, flags, next = 0 }: Descriptor, table = this.descriptors): void {
    const at = table + index * 16 - RAM_BASE;
    this.#ram.view.setBigUint64(at, BigInt(address), true);
    this.#ram.view.setUint32(at + 8, length, true);
    this.#ram.view.setUint16(at + 12, flags, true);
    this.#ram.view.setUint16(at + 14, next, true);
  }

  /** Writes a chain that starts at descriptor `head` and uses the following ones. */
  chain(head: number, parts: readonly Descriptor[], table = this.descriptors): void {
    for (const [offset, part] of parts.entries()) {
      const last = offset === parts.length - 1;
      const linked = last ? part : { ...part, flags: part.flags | NEXT, next: head + offset + 1 };
      this.describe(head + offset, linked, table);
    }
  }

  /** Puts `head` into the available ring, without a notification. */
  offer(head: number): void {
    this.#ram.view.setUint16(this.available + 4 + (this.#made % this.size) * 2 - RAM_BASE, head, true);
    this.#made = (this.#made + 1) & 0xffff;
    this.#ram.view.setUint16(this.available + 2 - RAM_BASE, this.#made, true);
  }

  /** What the device has completed since the last call. */
  completed(): UsedElement[] {
    const elements: UsedElement[] = [];
    const end = this.#ram.view.getUint16(this.used + 2 - RAM_BASE, true);
    for (; this.#seen !== end; this.#seen = (this.#seen + 1) & 0xffff) {
      const at = this.used + 4 + (this.#seen % this.size) * 8 - RAM_BASE;
      elements.push({
        id: this.#ram.view.getUint32(at, true),
        length: this.#ram.view.getUint32(at + 4, true),
      });
    }
    return elements;
  }
}

export const REGISTER = {
  magic: 0x00,
  version: 0x04,
  deviceId: 0x08,
  vendor: 0x0c,
  deviceFeatures: 0x10,
  deviceFeaturesSelector: 0x14,
  driverFeatures: 0x20,
  driverFeaturesSelector: 0x24,
  queueSelector: 0x30,
  queueMaxSize: 0x34,
  queueSize: 0x38,
  queueReady: 0x44,
  notify: 0x50,
  interruptStatus: 0x60,
  interruptAck: 0x64,
  status: 0x70,
  descriptorsLow: 0x80,
  availableLow: 0x90,
  usedLow: 0xa0,
  sharedMemoryLength: 0xb0,
  configGeneration: 0xfc,
  config: 0x100,
} as const;

/** ACKNOWLEDGE | DRIVER, then FEATURES_OK, DRIVER_OK, and what the device sets. */
export const STATUS = { driver: 3, featuresOk: 8, driverOk: 4, needsReset: 64 } as const;

export const RING_INDIRECT = 1n << 28n;
export const RING_EVENT_INDEX = 1n << 29n;
export const VERSION_1 = 1n << 32n;

/** A device behind its transport, with guest memory around it and a driver's hands on its registers. */
export class TestDriver {
  readonly ram: TestRam;
  readonly mmio: VirtioMmio;
  /** The interrupt line as it is, and how often it rose. */
  line = false;
  interrupts = 0;
  readonly queues: DriverQueue[] = [];

  constructor(device: VirtioDevice, ramBytes = 1 << 20) {
    this.ram = new TestRam(ramBytes);
    this.mmio = new VirtioMmio(device, this.ram, (level) => {
      if (level && !this.line) this.interrupts++;
      this.line = level;
    });
  }

  get(register: number): number {
    return this.mmio.read(register, 4);
  }

  set(register: number, value: number): void {
    this.mmio.write(register, 4, value);
  }

  get needsReset(): boolean {
    return (this.get(REGISTER.status) & STATUS.needsReset) !== 0;
  }

  /** Features the device offers. */
  offered(): bigint {
    let features = 0n;
    for (const selector of [1, 0]) {
      this.set(REGISTER.deviceFeaturesSelector, selector);
      features = (features << 32n) | BigInt(this.get(REGISTER.deviceFeatures));
    }
    return features;
  }

  /** Resets and negotiates as Linux does; true when the device takes the features. */
  negotiate(features: bigint): boolean {
    this.set(REGISTER.status, 0);
    this.set(REGISTER.status, 1);
    this.set(REGISTER.status, STATUS.driver);
    this.set(REGISTER.driverFeaturesSelector, 1);
    this.set(REGISTER.driverFeatures, Number(features >> 32n));
    this.set(REGISTER.driverFeaturesSelector, 0);
    this.set(REGISTER.driverFeatures, Number(features & 0xffff_ffffn));
    this.set(REGISTER.status, STATUS.driver | STATUS.featuresOk);
    return (this.get(REGISTER.status) & STATUS.featuresOk) !== 0;
  }

  /** Brings queue `index` up at its place in RAM. */
  openQueue(index: number, size: number): DriverQueue {
    const queue = new DriverQueue(this.ram, index, size, RAM_BASE + index * 0x4000);
    this.set(REGISTER.queueSelector, index);
    this.set(REGISTER.queueSize, size);
    this.set(REGISTER.descriptorsLow, queue.descriptors);
    this.set(REGISTER.availableLow, queue.available);
    this.set(REGISTER.usedLow, queue.used);
    this.set(REGISTER.queueReady, 1);
    this.queues[index] = queue;
    return queue;
  }

  /** Negotiates `features`, opens every queue with `size` entries and sets DRIVER_OK. */
  start(features: bigint, size = 8): DriverQueue[] {
    this.negotiate(features | VERSION_1);
    this.queues.length = 0;
    for (let index = 0; ; index++) {
      this.set(REGISTER.queueSelector, index);
      if (this.get(REGISTER.queueMaxSize) === 0) break;
      this.openQueue(index, size);
    }
    this.set(REGISTER.status, STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
    return this.queues;
  }

  /** Offers the chain at `head` and notifies the device. */
  send(queue: DriverQueue, head: number): void {
    queue.offer(head);
    this.set(REGISTER.notify, queue.index);
  }

  /** Stores bytes in guest memory at `address`. */
  poke(address: number, bytes: ArrayLike<number>): void {
    this.ram.bytes.set(bytes, address - RAM_BASE);
  }

  peek(address: number, length: number): Uint8Array {
    return this.ram.bytes.slice(address - RAM_BASE, address - RAM_BASE + length);
  }
}
