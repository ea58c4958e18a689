import { expect, test } from "vitest";
import type { BlockStore } from "../../board/options.ts";
import { BlockDevice } from "./block.ts";
import {
  type Descriptor,
  type DriverQueue,
  INDIRECT,
  RAM_BASE,
  REGISTER,
  RING_INDIRECT,
  TestDriver,
  WRITE,
} from "./test-driver.ts";

const HEADER = RAM_BASE + 0x1_0000;
const STATUS = RAM_BASE + 0x1_0020;
const DATA = RAM_BASE + 0x2_0000;

/** Time that only the test moves. */
class TestTime {
  now = 1000n;
  schedules = 0;

  ticks(): bigint {
    return this.now;
  }

  scheduled(): void {
    this.schedules++;
  }
}

class MemoryStore implements BlockStore {
  latency = 0n;
  readonly sectors: number;
  readonly readOnly: boolean;
  readonly bytes: Uint8Array;
  flushes = 0;
  broken = false;

  constructor(sectors: number, readOnly = false) {
    this.sectors = sectors;
    this.readOnly = readOnly;
    this.bytes = Uint8Array.from({ length: sectors * 512 }, (_, index) => (index * 31 + (index >> 9)) & 0xff);
  }

  read(sector: number, into: Uint8Array): void {
    this.#mayFail();
    into.set(this.bytes.subarray(sector * 512, sector * 512 + into.length));
  }

  write(sector: number, from: Uint8Array): void {
    this.#mayFail();
    this.bytes.set(from, sector * 512);
  }

  flush(): void {
    this.#mayFail();
    this.flushes++;
  }

  #mayFail(): void {
    if (this.broken) throw new Error("host disk on fire");
  }
}

class Disk {
  readonly store: MemoryStore;
  readonly driver: TestDriver;
  readonly queue: DriverQueue;
  readonly time = new TestTime();
  readonly device: BlockDevice;

  constructor(sectors = 1024, readOnly = false, latency = 0n) {
    this.store = new MemoryStore(sectors, readOnly);
    this.store.latency = latency;
    this.device = new BlockDevice(this.store, "trapframe-disk-0-and-more", this.time);
    this.driver = new TestDriver(this.device, 1 << 21);
    const [queue] = this.driver.start(RING_INDIRECT, 16);
    if (queue === undefined) throw new Error("no queue");
    this.queue = queue;
  }

  /** Asks for sector `index`, to DATA + 512 * `index`, with descriptors and memory of its own; notifies. */
  ask(index: number): void {
    const header = new DataView(new ArrayBuffer(16));
    header.setBigUint64(8, BigInt(index), true);
    this.driver.poke(HEADER + 64 * index, new Uint8Array(header.buffer));
    this.queue.chain(3 * index, [
      { address: HEADER + 64 * index, length: 16, flags: 0 },
      { address: DATA + 512 * index, length: 512, flags: WRITE },
      { address: HEADER + 64 * index + 32, length: 1, flags: WRITE },
    ]);
    this.driver.send(this.queue, 3 * index);
  }

  /** Lets time pass up to `now`; the heads of the chains that complete. */
  passTo(now: bigint): number[] {
    this.time.now = now;
    this.device.poll();
    return this.queue.completed().map(({ id }) => id);
  }

  /** Sends one request; returns its status byte and used length, or undefined when nothing came back. */
  request(
    type: number,
    sector: bigint,
    data: readonly Descriptor[],
  ): { status: number; length: number } | undefined {
    const header = new DataView(new ArrayBuffer(16));
    header.setUint32(0, type, true);
    header.setBigUint64(8, sector, true);
    this.driver.poke(HEADER, new Uint8Array(header.buffer));
    this.driver.poke(STATUS, [0xee]);
    this.queue.chain(0, [
      { address: HEADER, length: 16, flags: 0 },
      ...data,
      { address: STATUS, length: 1, flags: WRITE },
    ]);
    this.driver.send(this.queue, 0);
    const [used] = this.queue.completed();
    return used && { status: this.driver.peek(STATUS, 1)[0] ?? -1, length: used.length };
  }
}

const IN = 0;
const OUT = 1;
const FLUSH = 4;
const GET_ID = 8;

test("configuration tells capacity, segments and block size", () => {
  const disk = new Disk(1024);
  expect(disk.driver.get(REGISTER.deviceId)).toBe(2);
  expect(disk.driver.get(REGISTER.config)).toBe(1024);
  expect(disk.driver.get(REGISTER.config + 4)).toBe(0);
  expect(disk.driver.get(REGISTER.config + 12)).toBe(254);
  expect(disk.driver.get(REGISTER.config + 20)).toBe(512);
});

test("reads sectors", () => {
  const disk = new Disk();
  expect(disk.request(IN, 3n, [{ address: DATA, length: 1024, flags: WRITE }])).toEqual({
    status: 0,
    length: 1025,
  });
  expect(disk.driver.peek(DATA, 1024)).toEqual(disk.store.bytes.slice(1536, 2560));
  expect(disk.driver.line).toBe(true);
});

test("writes sectors", () => {
  const disk = new Disk();
  const bytes = Uint8Array.from({ length: 512 }, (_, index) => index ^ 0x5a);
  disk.driver.poke(DATA, bytes);
  expect(disk.request(OUT, 7n, [{ address: DATA, length: 512, flags: 0 }])).toEqual({ status: 0, length: 1 });
  expect(disk.store.bytes.slice(7 * 512, 8 * 512)).toEqual(bytes);
});

test("moves requests longer than one piece, scattered over odd-sized buffers", () => {
  const disk = new Disk(2048);
  const total = 900 * 512;
  const parts = [1, 511, 300_000, total - 300_512];
  const layout: Descriptor[] = [];
  let address = DATA;
  for (const length of parts) {
    layout.push({ address, length, flags: WRITE });
    address += length + 13;
  }
  expect(disk.request(IN, 100n, layout)).toEqual({ status: 0, length: total + 1 });
  const gathered = layout.flatMap((part) => [...disk.driver.peek(part.address, part.length)]);
  expect(Buffer.compare(Uint8Array.from(gathered), disk.store.bytes.slice(51_200, 51_200 + total))).toBe(0);
  const source = layout.map((part) => ({ ...part, flags: 0 }));
  expect(disk.request(OUT, 1000n, source)).toEqual({ status: 0, length: 1 });
  expect(Buffer.compare(disk.store.bytes.slice(512_000, 512_000 + total), Uint8Array.from(gathered))).toBe(0);
});

test("accepts any framing: header split, status after the data in one buffer", () => {
  const disk = new Disk();
  disk.driver.poke(HEADER, new Uint8Array(16));
  disk.driver.poke(HEADER + 8, [2]);
  disk.queue.chain(3, [
    { address: HEADER, length: 5, flags: 0 },
    { address: HEADER + 5, length: 11, flags: 0 },
    { address: DATA, length: 513, flags: WRITE },
  ]);
  disk.driver.poke(DATA + 512, [0xee]);
  disk.driver.send(disk.queue, 3);
  expect(disk.queue.completed()).toEqual([{ id: 3, length: 513 }]);
  expect(disk.driver.peek(DATA, 513)).toEqual(Uint8Array.of(...disk.store.bytes.slice(1024, 1536), 0));
});

test("takes requests through an indirect table", () => {
  const disk = new Disk();
  const table = RAM_BASE + 0x1_8000;
  disk.driver.poke(HEADER, new Uint8Array(16));
  disk.queue.chain(
    0,
    [
      { address: HEADER, length: 16, flags: 0 },
      { address: DATA, length: 512, flags: WRITE },
      { address: STATUS, length: 1, flags: WRITE },
    ],
    table,
  );
  disk.queue.describe(4, { address: table, length: 48, flags: INDIRECT });
  disk.driver.send(disk.queue, 4);
  expect(disk.queue.completed()).toEqual([{ id: 4, length: 513 }]);
  expect(disk.driver.peek(DATA, 512)).toEqual(disk.store.bytes.slice(0, 512));
});

test("flushes", () => {
  const disk = new Disk();
  expect(disk.request(FLUSH, 0n, [])).toEqual({ status: 0, length: 1 });
  expect(disk.store.flushes).toBe(1);
});

test("tells its name, cut to 20 characters or to the room there is", () => {
  const disk = new Disk();
  expect(disk.request(GET_ID, 0n, [{ address: DATA, length: 20, flags: WRITE }])).toEqual({
    status: 0,
    length: 21,
  });
  expect(Buffer.from(disk.driver.peek(DATA, 20)).toString()).toBe("trapframe-disk-0-and");
  expect(disk.request(GET_ID, 0n, [{ address: DATA, length: 4, flags: WRITE }])).toEqual({
    status: 0,
    length: 5,
  });
});

test("requests it does not know are unsupported", () => {
  const disk = new Disk();
  expect(disk.request(11, 0n, [])).toEqual({ status: 2, length: 1 });
  expect(disk.request(0xffff_ffff, 0n, [])).toEqual({ status: 2, length: 1 });
});

test.each([
  ["past the end", 1024n, 512],
  ["across the end", 1023n, 1024],
  ["at an absurd sector", 0xffff_ffff_ffff_ffffn, 512],
  ["of half a sector", 0n, 256],
])("a transfer %s is an I/O error", (_, sector, length) => {
  const disk = new Disk(1024);
  const before = disk.store.bytes.slice();
  expect(disk.request(IN, sector, [{ address: DATA, length, flags: WRITE }])).toEqual({
    status: 1,
    length: 0,
  });
  expect(disk.request(OUT, sector, [{ address: DATA, length, flags: 0 }])).toEqual({ status: 1, length: 1 });
  expect(Buffer.compare(disk.store.bytes, before)).toBe(0);
  expect(disk.driver.needsReset).toBe(false);
});

test("a read-only disk says so and refuses writes", () => {
  const disk = new Disk(8, true);
  expect(disk.driver.offered() & (1n << 5n)).not.toBe(0n);
  expect(new Disk(8).driver.offered() & (1n << 5n)).toBe(0n);
  const before = disk.store.bytes.slice();
  expect(disk.request(OUT, 0n, [{ address: DATA, length: 512, flags: 0 }])).toEqual({ status: 1, length: 1 });
  expect(disk.store.bytes).toEqual(before);
  expect(disk.request(IN, 0n, [{ address: DATA, length: 512, flags: WRITE }])).toEqual({
    status: 0,
    length: 513,
  });
});

test("the host's failures are I/O errors", () => {
  const disk = new Disk();
  disk.store.broken = true;
  expect(disk.request(IN, 0n, [{ address: DATA, length: 512, flags: WRITE }])).toEqual({
    status: 1,
    length: 0,
  });
  expect(disk.request(OUT, 0n, [{ address: DATA, length: 512, flags: 0 }])).toEqual({ status: 1, length: 1 });
  expect(disk.request(FLUSH, 0n, [])).toEqual({ status: 1, length: 1 });
  disk.store.broken = false;
  expect(disk.request(FLUSH, 0n, [])).toEqual({ status: 0, length: 1 });
});

test("a request without header or status breaks the device", () => {
  for (const parts of [
    [{ address: HEADER, length: 16, flags: 0 }],
    [
      { address: HEADER, length: 15, flags: 0 },
      { address: STATUS, length: 1, flags: WRITE },
    ],
  ]) {
    const disk = new Disk();
    disk.queue.chain(0, parts);
    disk.driver.send(disk.queue, 0);
    expect(disk.driver.needsReset).toBe(true);
  }
});

test("data outside RAM breaks the device", () => {
  const disk = new Disk();
  expect(disk.request(IN, 0n, [{ address: RAM_BASE - 512, length: 1024, flags: WRITE }])).toBeUndefined();
  expect(disk.driver.needsReset).toBe(true);
});

test("requests to a slow disk overlap, and each completes when its time has come", () => {
  const disk = new Disk(1024, false, 50n);
  expect(disk.device.nextDue()).toBeUndefined();
  disk.ask(0);
  disk.time.now = 1010n;
  disk.ask(1);
  disk.ask(2);
  expect(disk.queue.completed()).toEqual([]);
  expect([disk.driver.line, disk.time.schedules, disk.device.nextDue()]).toEqual([false, 3, 1050n]);
  expect(disk.passTo(1049n)).toEqual([]);
  // What is read is what is there when the request completes.
  disk.store.bytes.fill(0x77, 0, 512);
  expect(disk.passTo(1050n)).toEqual([0]);
  expect(disk.driver.peek(DATA, 512)).toEqual(new Uint8Array(512).fill(0x77));
  expect([disk.driver.line, disk.device.nextDue()]).toEqual([true, 1060n]);
  expect(disk.passTo(1060n)).toEqual([3, 6]);
  expect(disk.driver.peek(DATA + 512, 1024)).toEqual(disk.store.bytes.slice(512, 1536));
  expect(disk.device.nextDue()).toBeUndefined();
});

test("a reset drops what is under way", () => {
  const disk = new Disk(1024, false, 50n);
  disk.ask(0);
  disk.driver.set(REGISTER.status, 0);
  expect(disk.device.nextDue()).toBeUndefined();
  expect(disk.passTo(2000n)).toEqual([]);
  expect(disk.driver.peek(DATA, 512)).toEqual(new Uint8Array(512));
});

test("requests of a queue that was taken away come to nothing", () => {
  const disk = new Disk(1024, false, 50n);
  disk.ask(0);
  disk.driver.set(REGISTER.queueSelector, 0);
  disk.driver.set(REGISTER.queueReady, 0);
  expect(disk.passTo(1050n)).toEqual([]);
  expect(disk.device.nextDue()).toBeUndefined();
  expect(disk.driver.needsReset).toBe(false);
});

test("a driver that offers the same descriptors again and again breaks a slow disk", () => {
  const disk = new Disk(1024, false, 50n);
  for (let count = 0; count < 256; count++) disk.ask(0);
  expect(disk.driver.needsReset).toBe(false);
  disk.ask(0);
  expect(disk.driver.needsReset).toBe(true);
  expect(disk.passTo(1050n)).toEqual([]);
  expect(disk.device.nextDue()).toBeUndefined();
});

test("one notification moves at most what an honest driver has in flight", () => {
  const table = RAM_BASE + 0x1_8000;
  class Endless extends MemoryStore {
    override readonly sectors = 2 ** 40;
    moved = 0;
    override read(_: number, into: Uint8Array): void {
      this.moved += into.length;
    }
  }
  const store = new Endless(0);
  const driver = new TestDriver(new BlockDevice(store, "", new TestTime()), 1 << 21);
  const [queue] = driver.start(RING_INDIRECT, 16);
  if (queue === undefined) throw new Error("no queue");
  driver.poke(HEADER, new Uint8Array(16));
  const data = Array.from({ length: 253 }, () => ({ address: DATA, length: 1 << 20, flags: WRITE }));
  queue.chain(
    0,
    [{ address: HEADER, length: 16, flags: 0 }, ...data, { address: STATUS, length: 1, flags: WRITE }],
    table,
  );
  queue.describe(0, { address: table, length: 255 * 16, flags: INDIRECT });
  for (let count = 0; count < 16; count++) queue.offer(0);
  driver.set(REGISTER.notify, 0);
  expect(driver.needsReset).toBe(true);
  expect(driver.mmio.fault).toContain("in flight");
  expect(store.moved).toBeLessThanOrEqual(2 ** 30 + 2 ** 18);
});
