/** The virtio network device (virtio 1.2 section 5.1): one receive and one transmit queue, no offloads. */
import type { FrameSink } from "../../board/options.ts";
import type { Virtqueue } from "./queue.ts";
import { DriverError, type VirtioDevice, type VirtioTransport } from "./virtio.ts";

const FEATURE_MAC = 1n << 5n;
const FEATURE_STATUS = 1n << 16n;

const STATUS_LINK_UP = 1;

const RECEIVE = 0;
const QUEUE_SIZE = 256;

const MAC_BYTES = 6;
/** struct virtio_net_hdr with num_buffers, which a non-legacy device always has (5.1.6). */
const HEADER_BYTES = 12;
const HEADER_NUM_BUFFERS = 10;
/** From an empty Ethernet payload to a full one behind an 802.1Q tag, without frame check sequence. */
const MIN_FRAME_BYTES = 14;
const MAX_FRAME_BYTES = 1518;

/** Frames that wait for the driver to offer buffers; more are lost, as on any wire. */
const MAX_WAITING_FRAMES = 256;

/** A network card with its cable plugged in. */
export class NetworkDevice implements VirtioDevice {
  readonly name = "virtio-net";
  readonly id = 1;
  readonly features = FEATURE_MAC | FEATURE_STATUS;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly bytesInFlight = QUEUE_SIZE * 2048;
  readonly config: Uint8Array;
  readonly #sink: FrameSink;
  readonly #waiting: Uint8Array[] = [];
  #transport: VirtioTransport | undefined;
  #dropped = 0;

  /** `mac` is the card's 6-byte address. Frames that the guest sends go to `sink`. */
  constructor(mac: Uint8Array, sink: FrameSink) {
    if (mac.length !== MAC_BYTES) throw new RangeError(`a MAC address has 6 bytes, not ${mac.length}`);
    this.config = Uint8Array.of(...mac, STATUS_LINK_UP, 0);
    this.#sink = sink;
  }

  /** Frames lost in either direction: too short, too long, no buffer for them. */
  get dropped(): number {
    return this.#dropped;
  }

  attach(transport: VirtioTransport): void {
    this.#transport = transport;
  }

  reset(): void {
    this.#waiting.length = 0;
  }

  /** A frame arrives on the cable. It is copied, and lost when the guest does not keep up. */
  receive(frame: Uint8Array): void {
    if (!isFrame(frame.length) || this.#waiting.length === MAX_WAITING_FRAMES) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(frame.slice());
    this.#transport?.serve(RECEIVE);
  }

  serve(queue: Virtqueue, index: number): void {
    if (index === RECEIVE) this.#deliver(queue);
    else this.#send(queue);
  }

  #deliver(queue: Virtqueue): void {
    while (this.#waiting.length > 0) {
      const chain = queue.take();
      if (chain === undefined) return;
      const frame = this.#waiting.shift();
      const bytes = HEADER_BYTES + (frame?.length ?? 0);
      if (frame === undefined || chain.writer.remaining < bytes) {
        this.#dropped++;
        queue.complete(chain, 0);
        continue;
      }
      const header = new Uint8Array(HEADER_BYTES);
      header[HEADER_NUM_BUFFERS] = 1;
      chain.writer.write(header);
      chain.writer.write(frame);
      queue.complete(chain, bytes);
    }
  }

  #send(queue: Virtqueue): void {
    for (let chain = queue.take(); chain !== undefined; chain = queue.take()) {
      const { reader } = chain;
      if (reader.remaining < HEADER_BYTES) throw new DriverError("frame to send without its header");
      // Without offloads the header asks for nothing (5.1.6.2).
      reader.skip(HEADER_BYTES);
      if (isFrame(reader.remaining)) this.#sink(reader.read(reader.remaining));
      else this.#dropped++;
      queue.complete(chain, 0);
    }
  }
}

function isFrame(bytes: number): boolean {
  return bytes >= MIN_FRAME_BYTES && bytes <= MAX_FRAME_BYTES;
}
