import { expect, test } from "vitest";
import { EntropyDevice } from "./entropy.ts";
import { type DriverQueue, RAM_BASE, REGISTER, TestDriver, WRITE } from "./test-driver.ts";

const BUFFER = RAM_BASE + 0x2_0000;

class Source {
  readonly driver: TestDriver;
  #queue: DriverQueue;

  constructor(seed: bigint) {
    this.driver = new TestDriver(new EntropyDevice(seed));
    this.#queue = this.#open();
  }

  restart(): void {
    this.driver.ram.bytes.fill(0);
    this.#queue = this.#open();
  }

  ask(length: number): Uint8Array {
    this.#queue.describe(0, { address: BUFFER, length, flags: WRITE });
    this.driver.send(this.#queue, 0);
    const [used] = this.#queue.completed();
    return this.driver.peek(BUFFER, used?.length ?? 0);
  }

  #open(): DriverQueue {
    const [queue] = this.driver.start(0n);
    if (queue === undefined) throw new Error("no queue");
    return queue;
  }
}

test("fills the buffer", () => {
  const source = new Source(1n);
  expect(source.driver.get(REGISTER.deviceId)).toBe(4);
  expect(source.ask(64)).toHaveLength(64);
  expect(source.ask(7)).toHaveLength(7);
});

test("the same seed gives the same bytes, another seed others", () => {
  const bytes = new Source(7n).ask(256);
  expect(new Source(7n).ask(256)).toEqual(bytes);
  expect(new Source(7n + (1n << 64n)).ask(256)).toEqual(bytes);
  expect(new Source(8n).ask(256)).not.toEqual(bytes);
  expect(new Source(7n | (1n << 63n)).ask(256)).not.toEqual(bytes);
});

test("seed 0 gives the sequence of the generators' reference implementations", () => {
  const bytes = new Source(0n).ask(24);
  const words = Array.from({ length: 6 }, (_, index) => Buffer.from(bytes).readUInt32LE(index * 4));
  expect(words).toEqual([0xdec9045d, 0x9a089d75, 0xab77d362, 0xc3e16405, 0x5c95a8da, 0x60dea056]);
});

test("bits are evenly set", () => {
  const bytes = new Source(3n).ask(4096);
  let ones = 0;
  for (const byte of bytes) for (let bit = 0; bit < 8; bit++) ones += (byte >> bit) & 1;
  // 16384 expected; 5 standard deviations are 453.
  expect(Math.abs(ones - 16384)).toBeLessThan(453);
});

test("gives at most 4096 bytes per request", () => {
  expect(new Source(1n).ask(0x1_0000)).toHaveLength(4096);
});

test("goes on after a reset instead of repeating itself", () => {
  const source = new Source(1n);
  const before = source.ask(32);
  source.restart();
  expect(source.ask(32)).not.toEqual(before);
});

test("a request without room comes back empty", () => {
  const source = new Source(1n);
  expect(source.ask(0)).toHaveLength(0);
  expect(source.driver.needsReset).toBe(false);
});
