import { describe, expect, test } from "vitest";
import { Virtqueue } from "./queue.ts";
import { DriverQueue, INDIRECT, NEXT, RAM_BASE, TestRam, WRITE } from "./test-driver.ts";
import { DriverError } from "./virtio.ts";

const BUFFER = RAM_BASE + 0x8000;
const TABLE = RAM_BASE + 0xc000;
const SIZE = 8;
const MAX_SIZE = 16;
const BUDGET = 1 << 20;

class Bench {
  readonly ram = new TestRam(1 << 16);
  readonly driver = new DriverQueue(this.ram, 0, SIZE, RAM_BASE);
  readonly queue: Virtqueue;

  constructor({ indirect = false, eventIndex = false } = {}) {
    const { size, descriptors, available, used } = this.driver;
    const layout = { size, descriptors, available, used, indirect, eventIndex };
    this.queue = new Virtqueue(this.ram, layout, MAX_SIZE);
  }

  /** Completes all that is available; true when the driver is to be interrupted. */
  drain(): boolean {
    this.queue.begin(BUDGET);
    for (let chain = this.queue.take(); chain !== undefined; chain = this.queue.take()) {
      this.queue.complete(chain, 0);
    }
    return this.queue.finish();
  }

  /** The chain at `head`, as the device takes it. */
  takeOnly(head: number) {
    this.driver.offer(head);
    this.queue.begin(BUDGET);
    const chain = this.queue.take();
    if (chain === undefined) throw new Error("nothing available");
    return chain;
  }

  poke(address: number, text: string): void {
    this.ram.bytes.set(Buffer.from(text), address - RAM_BASE);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

test("nothing available, nothing taken, no interrupt", () => {
  const { queue } = new Bench();
  queue.begin(BUDGET);
  expect(queue.take()).toBeUndefined();
  expect(queue.finish()).toBe(false);
});

test("reads across descriptors and writes across descriptors", () => {
  const bench = new Bench();
  bench.poke(BUFFER, "hello");
  bench.poke(BUFFER + 0x100, "world");
  bench.driver.chain(2, [
    { address: BUFFER, length: 5, flags: 0 },
    { address: BUFFER + 0x300, length: 0, flags: 0 },
    { address: BUFFER + 0x100, length: 5, flags: 0 },
    { address: BUFFER + 0x200, length: 3, flags: WRITE },
    { address: BUFFER + 0x280, length: 9, flags: WRITE },
  ]);
  const { head, reader, writer } = bench.takeOnly(2);
  expect(head).toBe(2);
  expect(text(reader.read(3))).toBe("hel");
  expect(text(reader.read(5))).toBe("lowor");
  reader.skip(1);
  expect(text(reader.read(1))).toBe("d");
  expect(reader.remaining).toBe(0);
  writer.write(Buffer.from("abcd"));
  writer.skip(2);
  writer.write(Buffer.from("g"));
  expect(writer.remaining).toBe(5);
  expect(text(bench.ram.read(BUFFER + 0x200, 3) ?? new Uint8Array())).toBe("abc");
  expect(text(bench.ram.read(BUFFER + 0x280, 5) ?? new Uint8Array())).toBe("d\0\0g\0");
});

test("chains may use descriptors in any order", () => {
  const bench = new Bench();
  bench.poke(BUFFER, "ab");
  bench.driver.describe(6, { address: BUFFER, length: 1, flags: NEXT, next: 1 });
  bench.driver.describe(1, { address: BUFFER + 1, length: 1, flags: 0 });
  expect(text(bench.takeOnly(6).reader.read(2))).toBe("ab");
});

test("rings wrap, and so do their 16-bit indices", () => {
  const bench = new Bench();
  bench.driver.describe(3, { address: BUFFER, length: 1, flags: 0 });
  let completed = 0;
  for (let round = 0; round < 70_000; round += 7) {
    for (let count = 0; count < 7; count++) bench.driver.offer(3);
    bench.drain();
    completed += bench.driver.completed().length;
  }
  expect(completed).toBe(70_000);
});

test("a batch ends where the available ring ended when it began", () => {
  const bench = new Bench();
  bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 });
  bench.driver.offer(0);
  bench.queue.begin(BUDGET);
  bench.driver.offer(0);
  expect(bench.queue.take()).toBeDefined();
  expect(bench.queue.take()).toBeUndefined();
});

describe("interrupts", () => {
  test("follow the available ring's flag", () => {
    const bench = new Bench();
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 });
    bench.driver.offer(0);
    expect(bench.drain()).toBe(true);
    bench.ram.view.setUint16(bench.driver.available - RAM_BASE, 1, true);
    bench.driver.offer(0);
    expect(bench.drain()).toBe(false);
  });

  test("with event indices come when used_event is passed, and only then", () => {
    const bench = new Bench({ eventIndex: true });
    const usedEvent = bench.driver.available + 4 + SIZE * 2 - RAM_BASE;
    bench.ram.view.setUint16(bench.driver.available - RAM_BASE, 1, true);
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 });
    const drained = (chains: number, event: number): boolean => {
      bench.ram.view.setUint16(usedEvent, event, true);
      for (let count = 0; count < chains; count++) bench.driver.offer(0);
      return bench.drain();
    };
    expect(drained(1, 0)).toBe(true);
    expect(drained(1, 3)).toBe(false);
    expect(drained(2, 3)).toBe(true);
    expect(drained(3, 3)).toBe(false);
    expect(drained(0, 7)).toBe(false);
    expect(drained(1, 7)).toBe(true);
  });

  test("with event indices avail_event asks for the next notification", () => {
    const bench = new Bench({ eventIndex: true });
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 });
    for (let count = 0; count < 5; count++) bench.driver.offer(0);
    bench.drain();
    expect(bench.ram.view.getUint16(bench.driver.used + 4 + SIZE * 8 - RAM_BASE, true)).toBe(5);
  });
});

describe("indirect tables", () => {
  test("stand for a chain, alone or at the end of one", () => {
    const bench = new Bench({ indirect: true });
    bench.poke(BUFFER, "abcdef");
    bench.driver.describe(0, { address: BUFFER + 2, length: 2, flags: NEXT, next: 2 }, TABLE);
    bench.driver.describe(2, { address: BUFFER + 4, length: 2, flags: NEXT, next: 1 }, TABLE);
    bench.driver.describe(1, { address: BUFFER + 8, length: 9, flags: WRITE }, TABLE);
    // The write flag of the descriptor that refers to the table means nothing (2.7.5.3.2).
    bench.driver.describe(5, { address: TABLE, length: 48, flags: INDIRECT | WRITE });
    bench.driver.describe(4, { address: BUFFER, length: 2, flags: NEXT, next: 5 });
    const alone = bench.takeOnly(5);
    expect(text(alone.reader.read(4))).toBe("cdef");
    expect(alone.writer.remaining).toBe(9);
    expect(text(bench.takeOnly(4).reader.read(6))).toBe("abcdef");
  });

  test("hold up to the device's queue size, more than the driver's", () => {
    const bench = new Bench({ indirect: true });
    const parts = Array.from({ length: MAX_SIZE }, () => ({ address: BUFFER, length: 1, flags: 0 }));
    bench.driver.chain(0, parts, TABLE);
    bench.driver.describe(0, { address: TABLE, length: MAX_SIZE * 16, flags: INDIRECT });
    expect(bench.takeOnly(0).reader.remaining).toBe(MAX_SIZE);
    bench.driver.chain(0, [...parts, { address: BUFFER, length: 1, flags: 0 }], TABLE);
    bench.driver.describe(0, { address: TABLE, length: (MAX_SIZE + 1) * 16, flags: INDIRECT });
    expect(() => bench.takeOnly(0)).toThrow(DriverError);
  });

  test.each([
    ["with a next one", { address: TABLE, length: 16, flags: INDIRECT | NEXT, next: 1 }],
    ["of no entries", { address: TABLE, length: 0, flags: INDIRECT }],
    ["of half an entry", { address: TABLE, length: 24, flags: INDIRECT }],
    ["of 4 GiB", { address: TABLE, length: 0xffff_fff0, flags: INDIRECT }],
    ["outside RAM", { address: 0x1000, length: 16, flags: INDIRECT }],
  ])("%s are refused", (_, descriptor) => {
    const bench = new Bench({ indirect: true });
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 }, TABLE);
    bench.driver.describe(0, descriptor);
    expect(() => bench.takeOnly(0)).toThrow(DriverError);
  });

  test("in indirect tables are refused", () => {
    const bench = new Bench({ indirect: true });
    bench.driver.describe(0, { address: TABLE, length: 16, flags: INDIRECT }, TABLE);
    bench.driver.describe(0, { address: TABLE, length: 16, flags: INDIRECT });
    expect(() => bench.takeOnly(0)).toThrow("in an indirect table");
  });

  test("are refused without the feature", () => {
    const bench = new Bench();
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 }, TABLE);
    bench.driver.describe(0, { address: TABLE, length: 16, flags: INDIRECT });
    expect(() => bench.takeOnly(0)).toThrow("without the feature");
  });

  test("that loop are refused", () => {
    const bench = new Bench({ indirect: true });
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: NEXT, next: 0 }, TABLE);
    bench.driver.describe(0, { address: TABLE, length: 16, flags: INDIRECT });
    expect(() => bench.takeOnly(0)).toThrow("longer than");
  });
});

describe("a driver's mischief is a DriverError", () => {
  test("a head outside the table", () => {
    expect(() => new Bench().takeOnly(SIZE)).toThrow(`descriptor ${SIZE}`);
    expect(() => new Bench().takeOnly(0xffff)).toThrow(DriverError);
  });

  test("a next descriptor outside the table", () => {
    const bench = new Bench();
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: NEXT, next: 8 });
    expect(() => bench.takeOnly(0)).toThrow(DriverError);
  });

  test("a loop, of one descriptor or two, even of length 0", () => {
    for (const length of [0, 1]) {
      const bench = new Bench();
      bench.driver.describe(0, { address: BUFFER, length, flags: NEXT, next: 0 });
      expect(() => bench.takeOnly(0)).toThrow("longer than");
      const other = new Bench();
      other.driver.describe(0, { address: BUFFER, length, flags: NEXT, next: 1 });
      other.driver.describe(1, { address: BUFFER, length, flags: NEXT, next: 0 });
      expect(() => other.takeOnly(0)).toThrow("longer than");
    }
  });

  test("a readable buffer after a writable one", () => {
    const bench = new Bench();
    bench.driver.chain(0, [
      { address: BUFFER, length: 1, flags: WRITE },
      { address: BUFFER, length: 1, flags: 0 },
    ]);
    expect(() => bench.takeOnly(0)).toThrow("after a writable one");
  });

  test("a chain of more than 4 GiB", () => {
    const bench = new Bench();
    bench.driver.chain(0, [
      { address: BUFFER, length: 0xffff_ffff, flags: 0 },
      { address: BUFFER, length: 2, flags: 0 },
    ]);
    expect(() => bench.takeOnly(0)).toThrow("4 GiB");
  });

  test.each([
    ["before RAM", RAM_BASE - 1, 2],
    ["across the end of RAM", RAM_BASE + 0xffff, 2],
    ["at the top of the address space", 0xffff_ffff_ffff_f000, 16],
    ["longer than RAM", RAM_BASE, 0xffff_ffff],
  ])("a buffer %s, when it is touched", (_, address, length) => {
    for (const flags of [0, WRITE]) {
      const bench = new Bench();
      const at = bench.driver.descriptors - RAM_BASE;
      bench.driver.describe(0, { address: 0, length, flags });
      bench.ram.view.setBigUint64(at, BigInt.asUintN(64, BigInt(address)), true);
      const { reader, writer } = bench.takeOnly(0);
      const most = Math.min(length, BUDGET);
      if (flags === 0) expect(() => reader.read(most)).toThrow("not in RAM");
      else expect(() => writer.write(new Uint8Array(most))).toThrow("not in RAM");
    }
  });

  test("more available chains than entries", () => {
    const bench = new Bench();
    bench.ram.view.setUint16(bench.driver.available + 2 - RAM_BASE, SIZE + 1, true);
    expect(() => bench.queue.begin(BUDGET)).toThrow("9 chains available in a queue of 8");
  });

  test("an available index that goes back", () => {
    const bench = new Bench();
    bench.driver.describe(0, { address: BUFFER, length: 1, flags: 0 });
    bench.driver.offer(0);
    bench.drain();
    bench.ram.view.setUint16(bench.driver.available + 2 - RAM_BASE, 0, true);
    expect(() => bench.queue.begin(BUDGET)).toThrow(DriverError);
  });

  test("rings outside RAM", () => {
    const ram = new TestRam(1 << 16);
    const good = new DriverQueue(ram, 0, SIZE, RAM_BASE);
    good.describe(0, { address: BUFFER, length: 1, flags: 0 });
    good.offer(0);
    const layout = {
      size: SIZE,
      descriptors: good.descriptors,
      available: good.available,
      used: good.used,
      indirect: false,
      eventIndex: false,
    };
    for (const lost of ["descriptors", "available", "used"]) {
      const queue = new Virtqueue(ram, { ...layout, [lost]: 0x1000 }, MAX_SIZE);
      expect(() => {
        queue.begin(BUDGET);
        const chain = queue.take();
        if (chain) queue.complete(chain, 0);
      }).toThrow("not in RAM");
    }
  });

  test("more data than the batch may move", () => {
    const bench = new Bench();
    bench.driver.describe(0, { address: BUFFER, length: 101, flags: 0 });
    bench.driver.offer(0);
    bench.queue.begin(100);
    const chain = bench.queue.take();
    expect(() => chain?.reader.read(101)).toThrow("in flight");
  });

  test("a buffer shorter than the device needs", () => {
    const bench = new Bench();
    bench.driver.chain(0, [
      { address: BUFFER, length: 3, flags: 0 },
      { address: BUFFER, length: 3, flags: WRITE },
    ]);
    const { reader, writer } = bench.takeOnly(0);
    expect(() => reader.read(4)).toThrow(DriverError);
    expect(() => writer.write(new Uint8Array(4))).toThrow(DriverError);
    expect(() => writer.skip(4)).toThrow(DriverError);
  });
});

test.each([0, 3, 12, 32, 2 ** 31])("a queue size of %i is refused", (size) => {
  const layout = { size, descriptors: 0, available: 0, used: 0, indirect: false, eventIndex: false };
  expect(() => new Virtqueue(new TestRam(0), layout, MAX_SIZE)).toThrow(DriverError);
});

test.each([
  ["descriptors", 8],
  ["available", 1],
  ["used", 2],
])("misaligned %s are refused", (area, misalignment) => {
  const layout = { size: 8, descriptors: 0, available: 0, used: 0, indirect: false, eventIndex: false };
  expect(() => new Virtqueue(new TestRam(0), { ...layout, [area]: misalignment }, MAX_SIZE)).toThrow(
    "misaligned",
  );
});
