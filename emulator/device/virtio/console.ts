/** The virtio console device (virtio 1.2 section 5.3) with a single port. */
import type { Virtqueue } from "./queue.ts";
import type { VirtioDevice, VirtioTransport } from "./virtio.ts";

const FEATURE_SIZE = 1n << 0n;

const RECEIVE = 0;
const QUEUE_SIZE = 64;
const CONFIG_COLUMNS = 0;
const CONFIG_ROWS = 2;

/** Output goes out in pieces of this size, however long the driver's buffer is. */
const PIECE_BYTES = 64 * 1024;
/** Typed bytes that wait for the guest to read them; more are lost. */
const MAX_WAITING_BYTES = 64 * 1024;

/** The size of the terminal at the other end, in characters. */
export interface ConsoleSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal's line: what the guest prints goes out at once, what is typed waits until the guest reads it. */
export class ConsoleDevice implements VirtioDevice {
  readonly name = "virtio-console";
  readonly id = 3;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly bytesInFlight = 1 << 20;
  readonly config = new Uint8Array(4);
  readonly #output: (bytes: Uint8Array) => void;
  #transport: VirtioTransport | undefined;
  #waiting = new Uint8Array(0);

  /** What the guest prints goes to `output`. Without `size` the guest is told no size, now or later. */
  constructor(output: (bytes: Uint8Array) => void, size?: ConsoleSize) {
    this.#output = output;
    this.features = size === undefined ? 0n : FEATURE_SIZE;
    if (size !== undefined) this.#setSize(size);
  }

  attach(transport: VirtioTransport): void {
    this.#transport = transport;
  }

  /** What was typed ahead stays: the person at the keyboard does not see the driver start. */
  reset(): void {}

  /** Types `bytes`; those beyond 64 KiB that the guest has not read are lost. */
  receive(bytes: Uint8Array): void {
    const accepted = bytes.subarray(0, MAX_WAITING_BYTES - this.#waiting.length);
    const waiting = new Uint8Array(this.#waiting.length + accepted.length);
    waiting.set(this.#waiting);
    waiting.set(accepted, this.#waiting.length);
    this.#waiting = waiting;
    this.#transport?.serve(RECEIVE);
  }

  /** The terminal changed its size. */
  resize(size: ConsoleSize): void {
    this.#setSize(size);
    this.#transport?.configChanged();
  }

  serve(queue: Virtqueue, index: number): void {
    if (index === RECEIVE) this.#deliver(queue);
    else this.#print(queue);
  }

  #deliver(queue: Virtqueue): void {
    while (this.#waiting.length > 0) {
      const chain = queue.take();
      if (chain === undefined) return;
      const bytes = this.#waiting.subarray(0, chain.writer.remaining);
      chain.writer.write(bytes);
      this.#waiting = this.#waiting.subarray(bytes.length);
      queue.complete(chain, bytes.length);
    }
  }

  #print(queue: Virtqueue): void {
    for (let chain = queue.take(); chain !== undefined; chain = queue.take()) {
      const { reader } = chain;
      while (reader.remaining > 0) this.#output(reader.read(Math.min(PIECE_BYTES, reader.remaining)));
      queue.complete(chain, 0);
    }
  }

  #setSize({ columns, rows }: ConsoleSize): void {
    const config = new DataView(this.config.buffer);
    config.setUint16(CONFIG_COLUMNS, columns, true);
    config.setUint16(CONFIG_ROWS, rows, true);
  }
}
