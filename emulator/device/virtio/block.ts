/** The virtio block device (virtio 1.2 section 5.2) on a BlockStore. */
import type { BlockStore } from "../../board/options.ts";
import type { DeviceTime } from "../device.ts";
import type { Chain, ChainReader, ChainWriter } from "./chain.ts";
import type { Virtqueue } from "./queue.ts";
import { DriverError, type VirtioDevice, type VirtioTransport } from "./virtio.ts";

const FEATURE_SEG_MAX = 1n << 2n;
const FEATURE_RO = 1n << 5n;
const FEATURE_BLK_SIZE = 1n << 6n;
const FEATURE_FLUSH = 1n << 9n;

const REQUEST_IN = 0;
const REQUEST_OUT = 1;
const REQUEST_FLUSH = 4;
const REQUEST_GET_ID = 8;

const STATUS_OK = 0;
const STATUS_IO_ERROR = 1;
const STATUS_UNSUPPORTED = 2;

const HEADER_BYTES = 16;
const STATUS_BYTES = 1;
const ID_BYTES = 20;
const SECTOR_BYTES = 512;
const QUEUE_SIZE = 256;
/** Data moves in pieces of this size, however long the request is. */
const PIECE_BYTES = 256 * 1024;

/** A request on its way through a disk that takes its time. */
interface Request {
  readonly queue: Virtqueue;
  readonly chain: Chain;
  /** When it is carried out and completes, in ticks. */
  readonly due: bigint;
}

/**
 * A disk with one request queue. Requests complete in order: before the notification returns or, on a store with a
 * latency, each that long after it was notified, many at a time.
 */
export class BlockDevice implements VirtioDevice {
  readonly name = "virtio-blk";
  readonly id = 2;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE];
  /** U-Boot reads a whole kernel or initrd in one request, so this is not small. */
  readonly bytesInFlight = 2 ** 30;
  readonly config = new Uint8Array(24);
  readonly #store: BlockStore;
  readonly #serial: Uint8Array;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  readonly #time: DeviceTime;
  readonly #latency: bigint;
  /** In the order in which they are due. */
  #underWay: Request[] = [];
  #transport: VirtioTransport | undefined;

  /** A disk holding `store`; `serial` is its name to the guest, of which 20 ASCII characters count. */
  constructor(store: BlockStore, serial: string, time: DeviceTime) {
    this.#store = store;
    this.#time = time;
    this.#latency = store.latency ?? 0n;
    this.#serial = Uint8Array.from(serial.slice(0, ID_BYTES), (character) => character.charCodeAt(0) & 0x7f);
    this.features = FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH | (store.readOnly ? FEATURE_RO : 0n);
    const config = new DataView(this.config.buffer);
    config.setBigUint64(0, BigInt(store.sectors), true);
    // Header and status take a descriptor each.
    config.setUint32(12, QUEUE_SIZE - 2, true);
    config.setUint32(20, SECTOR_BYTES, true);
  }

  attach(transport: VirtioTransport): void {
    this.#transport = transport;
  }

  reset(): void {
    this.#underWay = [];
  }

  serve(queue: Virtqueue): void {
    for (let chain = queue.take(); chain !== undefined; chain = queue.take()) {
      if (chain.reader.remaining < HEADER_BYTES || chain.writer.remaining < STATUS_BYTES) {
        throw new DriverError("block request without header or status");
      }
      if (this.#latency === 0n) queue.complete(chain, this.#execute(chain));
      else this.#begin({ queue, chain, due: this.#time.ticks() + this.#latency });
    }
    this.#completeDue(queue);
  }

  /** When `poll` has something to do, in ticks; undefined when nothing is under way. */
  nextDue(): bigint | undefined {
    return this.#underWay[0]?.due;
  }

  /** Completes the requests whose time has come. */
  poll(): void {
    const due = this.nextDue();
    if (due === undefined) return;
    const now = this.#time.ticks();
    if (due > now) return;
    this.#transport?.serve(0);
    // Where the driver took the queue away or broke the protocol, nobody waits for them.
    this.#underWay = this.#underWay.filter((request) => request.due > now);
  }

  #begin(request: Request): void {
    // Each has a descriptor of its own, so there cannot be more (2.7.5).
    if (this.#underWay.length === QUEUE_SIZE) {
      throw new DriverError(`more than ${QUEUE_SIZE} block requests under way`);
    }
    this.#underWay.push(request);
    this.#time.scheduled();
  }

  #completeDue(queue: Virtqueue): void {
    const now = this.#time.ticks();
    for (let first = this.#underWay[0]; first !== undefined && first.due <= now; first = this.#underWay[0]) {
      this.#underWay.shift();
      // A queue that was set up anew knows nothing of requests in the one before.
      if (first.queue === queue) queue.complete(first.chain, this.#execute(first.chain));
    }
  }

  /** Carries out one request; returns the bytes written from the start of the chain's writable part. */
  #execute(chain: Chain): number {
    const room = chain.writer.remaining - STATUS_BYTES;
    const status = this.#perform(chain);
    const written = room + STATUS_BYTES - chain.writer.remaining;
    // The status byte is the last of the writable part; a gap before it is not data (2.7.8.2).
    chain.writer.skip(room - written);
    chain.writer.write(Uint8Array.of(status));
    return written === room ? room + STATUS_BYTES : written;
  }

  #perform({ reader, writer }: Chain): number {
    const header = reader.read(HEADER_BYTES);
    const fields = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
    const sector = fields.getUint32(8, true) + fields.getUint32(12, true) * 2 ** 32;
    switch (fields.getUint32(0, true)) {
      case REQUEST_IN:
        return this.#read(sector, writer);
      case REQUEST_OUT:
        return this.#write(sector, reader);
      case REQUEST_FLUSH:
        return this.#attempt(() => this.#store.flush());
      case REQUEST_GET_ID: {
        const id = new Uint8Array(Math.min(ID_BYTES, writer.remaining - STATUS_BYTES));
        id.set(this.#serial.subarray(0, id.length));
        writer.write(id);
        return STATUS_OK;
      }
      default:
        return STATUS_UNSUPPORTED;
    }
  }

  #read(sector: number, writer: ChainWriter): number {
    const bytes = writer.remaining - STATUS_BYTES;
    if (!this.#holds(sector, bytes)) return STATUS_IO_ERROR;
    for (let done = 0; done < bytes; done += PIECE_BYTES) {
      const piece = this.#piece.subarray(0, Math.min(PIECE_BYTES, bytes - done));
      const status = this.#attempt(() => this.#store.read(sector + done / SECTOR_BYTES, piece));
      if (status !== STATUS_OK) return status;
      writer.write(piece);
    }
    return STATUS_OK;
  }

  #write(sector: number, reader: ChainReader): number {
    const bytes = reader.remaining;
    if (this.#store.readOnly || !this.#holds(sector, bytes)) return STATUS_IO_ERROR;
    for (let done = 0; done < bytes; done += PIECE_BYTES) {
      const piece = reader.read(Math.min(PIECE_BYTES, bytes - done));
      const status = this.#attempt(() => this.#store.write(sector + done / SECTOR_BYTES, piece));
      if (status !== STATUS_OK) return status;
    }
    return STATUS_OK;
  }

  #holds(sector: number, bytes: number): boolean {
    return bytes % SECTOR_BYTES === 0 && sector + bytes / SECTOR_BYTES <= this.#store.sectors;
  }

  /** The host's failures are the guest's I/O errors. */
  #attempt(action: () => void): number {
    try {
      action();
      return STATUS_OK;
    } catch {
      return STATUS_IO_ERROR;
    }
  }
}
