import { expect, test } from "vitest";
import { EmptySlot, VirtioMmio } from "./mmio.ts";
import type { Virtqueue } from "./queue.ts";
import {
  NEXT,
  RAM_BASE,
  REGISTER,
  RING_EVENT_INDEX,
  RING_INDIRECT,
  STATUS,
  TestDriver,
  TestRam,
  VERSION_1,
  WRITE,
} from "./test-driver.ts";
import type { VirtioDevice, VirtioTransport } from "./virtio.ts";

const BUFFER = RAM_BASE + 0x2_0000;

/** Completes every chain with its readable length, and remembers what it was asked. */
class CountingDevice implements VirtioDevice {
  readonly name = "virtio-test";
  readonly id = 42;
  readonly features = 0b101n;
  readonly queueSizes = [8, 16];
  readonly bytesInFlight = 1 << 20;
  readonly config = Uint8Array.of(1, 2, 3, 4, 5);
  transport: VirtioTransport | undefined;
  served: number[] = [];
  resets = 0;

  attach(transport: VirtioTransport): void {
    this.transport = transport;
  }

  reset(): void {
    this.resets++;
  }

  serve(queue: Virtqueue, index: number): void {
    for (let chain = queue.take(); chain !== undefined; chain = queue.take()) {
      this.served.push(index);
      queue.complete(chain, chain.reader.remaining);
    }
  }
}

function started(features = 0n): TestDriver {
  const driver = new TestDriver(new CountingDevice());
  driver.start(features);
  return driver;
}

test("identifies itself as version 2", () => {
  const driver = new TestDriver(new CountingDevice());
  expect(driver.get(REGISTER.magic)).toBe(0x74726976);
  expect(driver.get(REGISTER.version)).toBe(2);
  expect(driver.get(REGISTER.deviceId)).toBe(42);
  expect(driver.get(REGISTER.vendor)).toBe(0x554d4551);
  expect(driver.mmio.name).toBe("virtio-test");
});

test("an empty slot has device ID 0", () => {
  const slot = new EmptySlot();
  expect([slot.read(0, 4), slot.read(4, 4), slot.read(8, 4), slot.read(0x70, 4)]).toEqual([
    0x74726976, 2, 0, 0,
  ]);
  expect(slot.read(0, 1)).toBe(0);
});

test("offers the device's features and the rings', and nothing beyond 64 bits", () => {
  const driver = new TestDriver(new CountingDevice());
  expect(driver.offered()).toBe(0b101n | RING_INDIRECT | RING_EVENT_INDEX | VERSION_1);
  driver.set(REGISTER.deviceFeaturesSelector, 2);
  expect(driver.get(REGISTER.deviceFeatures)).toBe(0);
});

test("takes a subset of the features, with or without VERSION_1, and refuses others", () => {
  const driver = new TestDriver(new CountingDevice());
  expect(driver.negotiate(VERSION_1 | 1n)).toBe(true);
  expect(driver.negotiate(0b100n)).toBe(true);
  expect(driver.negotiate(VERSION_1 | 0b10n)).toBe(false);
  expect(driver.negotiate(1n << 33n)).toBe(false);
});

test("features stand still after FEATURES_OK", () => {
  const driver = new TestDriver(new CountingDevice());
  driver.negotiate(VERSION_1);
  driver.set(REGISTER.driverFeatures, 0b10);
  driver.set(REGISTER.status, STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
  expect(driver.get(REGISTER.status)).toBe(15);
});

test("status bits accumulate in order until a reset", () => {
  const driver = new TestDriver(new CountingDevice());
  driver.set(REGISTER.status, STATUS.featuresOk | STATUS.driverOk);
  expect(driver.get(REGISTER.status)).toBe(0);
  driver.set(REGISTER.status, STATUS.driver);
  driver.set(REGISTER.status, STATUS.driverOk);
  expect(driver.get(REGISTER.status)).toBe(STATUS.driver);
  driver.set(REGISTER.status, STATUS.featuresOk | STATUS.needsReset);
  expect(driver.get(REGISTER.status)).toBe(STATUS.driver | STATUS.featuresOk);
  driver.set(REGISTER.status, 128);
  expect(driver.get(REGISTER.status)).toBe(128 | STATUS.driver | STATUS.featuresOk);
  driver.set(REGISTER.status, 0);
  expect(driver.get(REGISTER.status)).toBe(0);
});

test("a reset forgets queues, interrupts and features, and tells the device", () => {
  const device = new CountingDevice();
  const driver = new TestDriver(device);
  const [queue] = driver.start(0n);
  queue?.describe(0, { address: BUFFER, length: 4, flags: 0 });
  if (queue) driver.send(queue, 0);
  expect(driver.line).toBe(true);
  const before = device.resets;
  driver.set(REGISTER.status, 0);
  expect(device.resets).toBe(before + 1);
  expect(driver.line).toBe(false);
  expect(driver.get(REGISTER.interruptStatus)).toBe(0);
  expect(driver.get(REGISTER.queueReady)).toBe(0);
});

test("queue registers: maximum size, absent queues, ready", () => {
  const driver = new TestDriver(new CountingDevice());
  driver.negotiate(VERSION_1);
  driver.set(REGISTER.queueSelector, 1);
  expect(driver.get(REGISTER.queueMaxSize)).toBe(16);
  driver.set(REGISTER.queueSelector, 2);
  expect(driver.get(REGISTER.queueMaxSize)).toBe(0);
  driver.set(REGISTER.queueReady, 1);
  expect(driver.get(REGISTER.queueReady)).toBe(0);
  driver.set(REGISTER.queueSelector, 0xffff_ffff);
  expect(driver.get(REGISTER.queueMaxSize)).toBe(0);
  driver.openQueue(0, 8);
  expect(driver.get(REGISTER.queueReady)).toBe(1);
  driver.set(REGISTER.queueReady, 0);
  expect(driver.get(REGISTER.queueReady)).toBe(0);
  expect(driver.needsReset).toBe(false);
});

test.each([0, 3, 16, 0x8000_0000])("a queue of size %i is refused", (size) => {
  const driver = new TestDriver(new CountingDevice());
  driver.negotiate(VERSION_1);
  driver.openQueue(0, size);
  expect(driver.get(REGISTER.queueReady)).toBe(0);
  expect(driver.needsReset).toBe(true);
  expect(driver.line).toBe(false);
  expect(driver.mmio.fault).toContain(`${size}`);
});

test("a misaligned queue area is refused", () => {
  const driver = new TestDriver(new CountingDevice());
  driver.negotiate(VERSION_1);
  driver.set(REGISTER.queueSize, 8);
  driver.set(REGISTER.descriptorsLow, RAM_BASE + 8);
  driver.set(REGISTER.queueReady, 1);
  expect(driver.needsReset).toBe(true);
});

test("a queue in use keeps its place", () => {
  const driver = started();
  const queue = driver.queues[0];
  if (!queue) throw new Error("no queue");
  driver.set(REGISTER.queueSelector, 0);
  driver.set(REGISTER.usedLow, 0);
  driver.set(REGISTER.queueSize, 3);
  queue.describe(0, { address: BUFFER, length: 4, flags: 0 });
  driver.send(queue, 0);
  expect(queue.completed()).toEqual([{ id: 0, length: 4 }]);
});

test("notifications count only after DRIVER_OK, which serves what is already there", () => {
  const device = new CountingDevice();
  const driver = new TestDriver(device);
  driver.negotiate(VERSION_1);
  const queue = driver.openQueue(1, 16);
  queue.describe(5, { address: BUFFER, length: 4, flags: 0 });
  driver.send(queue, 5);
  expect(queue.completed()).toEqual([]);
  driver.set(REGISTER.status, STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
  expect(queue.completed()).toEqual([{ id: 5, length: 4 }]);
  expect(device.served).toEqual([1]);
});

test("notifying a queue that is absent or not ready does nothing", () => {
  const driver = started();
  driver.set(REGISTER.notify, 77);
  driver.set(REGISTER.queueSelector, 0);
  driver.set(REGISTER.queueReady, 0);
  driver.set(REGISTER.notify, 0);
  expect(driver.needsReset).toBe(false);
  expect(driver.line).toBe(false);
});

test("an interrupt stays until it is acknowledged", () => {
  const driver = started();
  const queue = driver.queues[0];
  if (!queue) throw new Error("no queue");
  queue.describe(0, { address: BUFFER, length: 4, flags: 0 });
  driver.send(queue, 0);
  expect(driver.get(REGISTER.interruptStatus)).toBe(1);
  driver.set(REGISTER.interruptAck, 2);
  expect(driver.line).toBe(true);
  driver.set(REGISTER.interruptAck, 1);
  expect(driver.line).toBe(false);
});

test("configuration space reads at every width, and as 0 beyond its end", () => {
  const driver = started();
  expect(driver.get(REGISTER.config)).toBe(0x04030201);
  expect(driver.mmio.read(REGISTER.config + 2, 2)).toBe(0x0403);
  expect(driver.mmio.read(REGISTER.config + 4, 1)).toBe(5);
  expect(driver.get(REGISTER.config + 4)).toBe(5);
  expect(driver.get(0xffc)).toBe(0);
});

test("a configuration change raises its own interrupt and the generation", () => {
  const device = new CountingDevice();
  const driver = new TestDriver(device);
  device.transport?.configChanged();
  expect(driver.line).toBe(false);
  driver.start(0n);
  const generation = driver.get(REGISTER.configGeneration);
  device.transport?.configChanged();
  expect(driver.get(REGISTER.interruptStatus)).toBe(2);
  expect(driver.get(REGISTER.configGeneration)).not.toBe(generation);
});

test("registers answer 32-bit aligned accesses only", () => {
  const driver = started();
  expect(driver.mmio.read(REGISTER.magic, 1)).toBe(0);
  expect(driver.mmio.read(REGISTER.magic, 2)).toBe(0);
  driver.mmio.write(REGISTER.status, 1, 0);
  expect(driver.get(REGISTER.status)).toBe(15);
});

test("there is no shared memory", () => {
  const driver = started();
  expect(driver.get(REGISTER.sharedMemoryLength)).toBe(0xffff_ffff);
  expect(driver.get(REGISTER.sharedMemoryLength + 4)).toBe(0xffff_ffff);
});

test("a broken device interrupts, serves nothing, and works again after a reset", () => {
  const driver = started();
  const queue = driver.queues[0];
  if (!queue) throw new Error("no queue");
  queue.describe(0, { address: BUFFER, length: 4, flags: NEXT, next: 9 });
  driver.send(queue, 0);
  expect(driver.needsReset).toBe(true);
  expect(driver.get(REGISTER.interruptStatus)).toBe(2);
  expect(driver.mmio.fault).toContain("descriptor 9");
  queue.describe(1, { address: BUFFER, length: 4, flags: 0 });
  driver.send(queue, 1);
  expect(queue.completed()).toEqual([]);
  driver.ram.bytes.fill(0);
  const [again] = driver.start(0n);
  if (!again) throw new Error("no queue");
  again.describe(0, { address: BUFFER, length: 4, flags: 0 });
  driver.send(again, 0);
  expect(again.completed()).toEqual([{ id: 0, length: 4 }]);
  expect(driver.mmio.fault).toBeUndefined();
});

test("a device's own mistakes are not blamed on the driver", () => {
  class Careless extends CountingDevice {
    override serve(): void {
      throw new TypeError("a bug");
    }
  }
  const mmio = new VirtioMmio(new Careless(), new TestRam(1 << 16), () => {});
  for (const status of [3, 11]) mmio.write(REGISTER.status, 4, status);
  for (const [register, value] of [
    [REGISTER.queueSize, 8],
    [REGISTER.descriptorsLow, RAM_BASE],
    [REGISTER.availableLow, RAM_BASE + 0x1000],
    [REGISTER.usedLow, RAM_BASE + 0x2000],
    [REGISTER.queueReady, 1],
  ] as const) {
    mmio.write(register, 4, value);
  }
  expect(() => mmio.write(REGISTER.status, 4, 15)).toThrow("a bug");
});

test("writable room of a chain is not readable", () => {
  const driver = started();
  const queue = driver.queues[1];
  if (!queue) throw new Error("no queue");
  queue.chain(0, [
    { address: BUFFER, length: 3, flags: 0 },
    { address: BUFFER, length: 100, flags: WRITE },
  ]);
  driver.send(queue, 0);
  expect(queue.completed()).toEqual([{ id: 0, length: 3 }]);
});
