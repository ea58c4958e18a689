/** The virtio entropy device (virtio 1.2 section 5.4), deterministic: the seed decides every byte. */
import type { Virtqueue } from "./queue.ts";
import type { VirtioDevice } from "./virtio.ts";

const QUEUE_SIZE = 64;
/** A device may give less than is asked for (5.4.6.1); this bounds its work. */
const MAX_BYTES = 4096;

/** Gives every request up to 4096 bytes of one endless sequence. */
export class EntropyDevice implements VirtioDevice {
  readonly name = "virtio-rng";
  readonly id = 4;
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly bytesInFlight = QUEUE_SIZE * MAX_BYTES;
  readonly config = new Uint8Array(0);
  readonly #generator: Xoshiro128;

  /** The low 64 bits of `seed` count. */
  constructor(seed: bigint) {
    this.#generator = new Xoshiro128(seed);
  }

  attach(): void {}

  /** The generator goes on: a driver that starts again must not see the same bytes again. */
  reset(): void {}

  serve(queue: Virtqueue): void {
    for (let chain = queue.take(); chain !== undefined; chain = queue.take()) {
      const bytes = Math.min(MAX_BYTES, chain.writer.remaining);
      chain.writer.write(this.#generator.bytes(bytes));
      queue.complete(chain, bytes);
    }
  }
}

/** Blackman and Vigna's xoshiro128**, its state filled by splitmix64. */
class Xoshiro128 {
  readonly #state: [number, number, number, number];

  constructor(seed: bigint) {
    const [first, second] = [splitmix64(seed, 1n), splitmix64(seed, 2n)];
    this.#state = [lowWord(first), lowWord(first >> 32n), lowWord(second), lowWord(second >> 32n)];
  }

  bytes(count: number): Uint8Array {
    const words = new DataView(new ArrayBuffer((count + 3) & ~3));
    for (let offset = 0; offset < count; offset += 4) words.setUint32(offset, this.#next(), true);
    return new Uint8Array(words.buffer, 0, count);
  }

  #next(): number {
    const [a, b, c, d] = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    this.#state[0] = a ^ mixedD;
    this.#state[1] = b ^ mixedC;
    this.#state[2] = mixedC ^ (b << 9);
    this.#state[3] = rotateLeft(mixedD, 11);
    return result >>> 0;
  }
}

/** Output number `step`, counted from 1, of the splitmix64 sequence that starts at `seed`. */
function splitmix64(seed: bigint, step: bigint): bigint {
  let word = BigInt.asUintN(64, seed + step * 0x9e3779b97f4a7c15n);
  word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
  word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
  return word ^ (word >> 31n);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function lowWord(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}
