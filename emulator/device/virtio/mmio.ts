/** The virtio-over-MMIO transport, version 2 (virtio 1.2 section 4.2): the registers in front of one device type. */
import type { AccessBytes, Device, DirectMemory, InterruptLine } from "../device.ts";
import { Virtqueue } from "./queue.ts";
import {
  DriverError,
  RING_EVENT_IDX,
  RING_INDIRECT_DESC,
  VERSION_1,
  type VirtioDevice,
  type VirtioTransport,
} from "./virtio.ts";

/** Register offsets (4.2.2). */
const MAGIC_VALUE = 0x000;
const VERSION = 0x004;
const DEVICE_ID = 0x008;
const VENDOR_ID = 0x00c;
const DEVICE_FEATURES = 0x010;
const DEVICE_FEATURES_SEL = 0x014;
const DRIVER_FEATURES = 0x020;
const DRIVER_FEATURES_SEL = 0x024;
const QUEUE_SEL = 0x030;
const QUEUE_NUM_MAX = 0x034;
const QUEUE_NUM = 0x038;
const QUEUE_READY = 0x044;
const QUEUE_NOTIFY = 0x050;
const INTERRUPT_STATUS = 0x060;
const INTERRUPT_ACK = 0x064;
const STATUS = 0x070;
const QUEUE_DESC_LOW = 0x080;
const QUEUE_DESC_HIGH = 0x084;
const QUEUE_DRIVER_LOW = 0x090;
const QUEUE_DRIVER_HIGH = 0x094;
const QUEUE_DEVICE_LOW = 0x0a0;
const QUEUE_DEVICE_HIGH = 0x0a4;
const SHM_LEN_LOW = 0x0b0;
const SHM_LEN_HIGH = 0x0b4;
const CONFIG_GENERATION = 0x0fc;
const CONFIG = 0x100;

/** "virt", little-endian. */
const MAGIC = 0x74726976;
const MMIO_VERSION = 2;
/** "QEMU", little-endian: kernels made for its `virt` (xv6) take no other. */
const VENDOR = 0x554d4551;
/** A shared memory region of this length does not exist (4.2.2). */
const NO_SHARED_MEMORY = 0xffff_ffff;

/** Device status bits (2.1). */
const ACKNOWLEDGE = 1;
const DRIVER = 2;
const DRIVER_OK = 4;
const FEATURES_OK = 8;
const DEVICE_NEEDS_RESET = 64;
const FAILED = 128;

/** Interrupt status bits. */
const USED_BUFFER = 1;
const CONFIGURATION_CHANGE = 2;

const RING_FEATURES = RING_INDIRECT_DESC | RING_EVENT_IDX | VERSION_1;

/** What the driver programs for one queue. Areas are guest-physical addresses, written as two 32-bit halves. */
class QueueRegisters {
  readonly maxSize: number;
  size = 0;
  readonly descriptors = new AddressRegister();
  readonly available = new AddressRegister();
  readonly used = new AddressRegister();
  /** Present while QueueReady is 1. */
  queue: Virtqueue | undefined;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }
}

class AddressRegister {
  low = 0;
  high = 0;

  get address(): number {
    return this.high * 2 ** 32 + this.low;
  }
}

/** A virtio device in its slot on the bus. */
export class VirtioMmio implements Device, VirtioTransport {
  readonly #device: VirtioDevice;
  readonly #memory: DirectMemory;
  readonly #line: InterruptLine;
  readonly #offered: bigint;
  #status = 0;
  #interruptStatus = 0;
  #configGeneration = 0;
  #deviceFeaturesSelector = 0;
  #driverFeaturesSelector = 0;
  #accepted = 0n;
  #queueSelector = 0;
  #queues: QueueRegisters[];
  #fault: string | undefined;

  /** Puts `device` behind the registers. It copies from and to `memory`, and interrupts on `line`. */
  constructor(device: VirtioDevice, memory: DirectMemory, line: InterruptLine) {
    this.#device = device;
    this.#memory = memory;
    this.#line = line;
    this.#offered = device.features | RING_FEATURES;
    this.#queues = device.queueSizes.map((size) => new QueueRegisters(size));
    device.attach(this);
  }

  get name(): string {
    return this.#device.name;
  }

  /** What the driver did wrong when the device needs a reset, for people who look into the machine. */
  get fault(): string | undefined {
    return this.#fault;
  }

  read(offset: number, bytes: AccessBytes): number {
    if (offset >= CONFIG) return this.#readConfig(offset - CONFIG, bytes);
    // Registers allow 32-bit aligned accesses only (4.2.2.2).
    if (bytes !== 4 || offset % 4 !== 0) return 0;
    switch (offset) {
      case MAGIC_VALUE:
        return MAGIC;
      case VERSION:
        return MMIO_VERSION;
      case DEVICE_ID:
        return this.#device.id;
      case VENDOR_ID:
        return VENDOR;
      case DEVICE_FEATURES:
        return featureWord(this.#offered, this.#deviceFeaturesSelector);
      case QUEUE_NUM_MAX:
        return this.#selected?.maxSize ?? 0;
      case QUEUE_READY:
        return this.#selected?.queue === undefined ? 0 : 1;
      case INTERRUPT_STATUS:
        return this.#interruptStatus;
      case STATUS:
        return this.#status;
      case SHM_LEN_LOW:
      case SHM_LEN_HIGH:
        return NO_SHARED_MEMORY;
      case CONFIG_GENERATION:
        return this.#configGeneration;
      default:
        return 0;
    }
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    if (bytes !== 4 || offset % 4 !== 0) return;
    switch (offset) {
      case DEVICE_FEATURES_SEL:
        this.#deviceFeaturesSelector = value;
        return;
      case DRIVER_FEATURES:
        this.#acceptFeatures(value);
        return;
      case DRIVER_FEATURES_SEL:
        this.#driverFeaturesSelector = value;
        return;
      case QUEUE_SEL:
        this.#queueSelector = value;
        return;
      case QUEUE_NOTIFY:
        this.serve(value);
        return;
      case INTERRUPT_ACK:
        this.#setInterrupts(this.#interruptStatus & ~value);
        return;
      case STATUS:
        this.#writeStatus(value);
        return;
      default:
        if (this.#selected !== undefined) this.#writeQueue(this.#selected, offset, value);
    }
  }

  serve(index: number): void {
    const queue = this.#queues[index]?.queue;
    if (queue === undefined || (this.#status & (DRIVER_OK | DEVICE_NEEDS_RESET)) !== DRIVER_OK) return;
    this.#blamingDriver(() => {
      queue.begin(this.#device.bytesInFlight);
      this.#device.serve(queue, index);
      if (queue.finish()) this.#setInterrupts(this.#interruptStatus | USED_BUFFER);
    });
  }

  configChanged(): void {
    this.#configGeneration = (this.#configGeneration + 1) >>> 0;
    if (this.#status & DRIVER_OK) this.#setInterrupts(this.#interruptStatus | CONFIGURATION_CHANGE);
  }

  get #selected(): QueueRegisters | undefined {
    return this.#queues[this.#queueSelector];
  }

  #readConfig(offset: number, bytes: AccessBytes): number {
    let value = 0;
    for (let index = 0; index < bytes; index++) {
      value |= (this.#device.config[offset + index] ?? 0) << (8 * index);
    }
    return value >>> 0;
  }

  #acceptFeatures(word: number): void {
    if (this.#driverFeaturesSelector > 1 || this.#status & FEATURES_OK) return;
    const shift = BigInt(this.#driverFeaturesSelector * 32);
    this.#accepted = (this.#accepted & ~(0xffff_ffffn << shift)) | (BigInt(word) << shift);
  }

  #writeStatus(value: number): void {
    if (value === 0) {
      this.#reset();
      return;
    }
    // Bits only accumulate until the reset (2.1.1), and each step needs the one before it (3.1.1).
    const wanted = this.#status | (value & (ACKNOWLEDGE | DRIVER | FAILED));
    this.#status = wanted;
    const negotiating = (wanted & (ACKNOWLEDGE | DRIVER)) === (ACKNOWLEDGE | DRIVER);
    // VERSION_1 may be left out: teaching kernels do, and nothing here depends on it (6.2: "MAY fail").
    if (value & FEATURES_OK && negotiating && (this.#accepted & ~this.#offered) === 0n) {
      this.#status |= FEATURES_OK;
    }
    if (value & DRIVER_OK && this.#status & FEATURES_OK && !(this.#status & DRIVER_OK)) {
      this.#status |= DRIVER_OK;
      // The driver may have filled queues before, and had no right to notify (3.1.1).
      for (const index of this.#queues.keys()) this.serve(index);
    }
  }

  #writeQueue(selected: QueueRegisters, offset: number, value: number): void {
    if (offset === QUEUE_READY) {
      if ((value & 1) === 0) selected.queue = undefined;
      else if (selected.queue === undefined) this.#blamingDriver(() => this.#makeReady(selected));
      return;
    }
    // A queue in use keeps its place (4.2.2.2).
    if (selected.queue !== undefined) return;
    switch (offset) {
      case QUEUE_NUM:
        selected.size = value;
        return;
      case QUEUE_DESC_LOW:
        selected.descriptors.low = value;
        return;
      case QUEUE_DESC_HIGH:
        selected.descriptors.high = value;
        return;
      case QUEUE_DRIVER_LOW:
        selected.available.low = value;
        return;
      case QUEUE_DRIVER_HIGH:
        selected.available.high = value;
        return;
      case QUEUE_DEVICE_LOW:
        selected.used.low = value;
        return;
      case QUEUE_DEVICE_HIGH:
        selected.used.high = value;
        return;
    }
  }

  #makeReady(selected: QueueRegisters): void {
    const layout = {
      size: selected.size,
      descriptors: selected.descriptors.address,
      available: selected.available.address,
      used: selected.used.address,
      indirect: (this.#accepted & RING_INDIRECT_DESC) !== 0n,
      eventIndex: (this.#accepted & RING_EVENT_IDX) !== 0n,
    };
    selected.queue = new Virtqueue(this.#memory, layout, selected.maxSize);
  }

  #reset(): void {
    this.#status = 0;
    this.#accepted = 0n;
    this.#deviceFeaturesSelector = 0;
    this.#driverFeaturesSelector = 0;
    this.#queueSelector = 0;
    this.#queues = this.#device.queueSizes.map((size) => new QueueRegisters(size));
    this.#fault = undefined;
    this.#setInterrupts(0);
    this.#device.reset();
  }

  #blamingDriver(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      this.#fault = error.message;
      this.#status |= DEVICE_NEEDS_RESET;
      this.configChanged();
    }
  }

  #setInterrupts(status: number): void {
    this.#interruptStatus = status;
    this.#line(status !== 0);
  }
}

/** A slot with nothing in it: device ID 0, which tells a driver to look no further (4.2.2). */
export class EmptySlot implements Device {
  readonly name = "virtio-empty";

  read(offset: number, bytes: AccessBytes): number {
    if (bytes !== 4) return 0;
    switch (offset) {
      case MAGIC_VALUE:
        return MAGIC;
      case VERSION:
        return MMIO_VERSION;
      case VENDOR_ID:
        return VENDOR;
      default:
        return 0;
    }
  }

  write(): void {}
}

function featureWord(features: bigint, selector: number): number {
  return selector > 1 ? 0 : Number((features >> BigInt(selector * 32)) & 0xffff_ffffn);
}
