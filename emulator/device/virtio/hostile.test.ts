/** Whatever the guest writes into registers and rings, no device throws, hangs or works without bound. */
import { expect, test } from "vitest";
import type { BlockStore } from "../../board/options.ts";
import type { AccessBytes } from "../device.ts";
import { BlockDevice } from "./block.ts";
import { ConsoleDevice } from "./console.ts";
import { EntropyDevice } from "./entropy.ts";
import { NetworkDevice } from "./net.ts";
import {
  type DriverQueue,
  INDIRECT,
  NEXT,
  RAM_BASE,
  REGISTER,
  STATUS,
  TestDriver,
  WRITE,
} from "./test-driver.ts";
import type { VirtioDevice } from "./virtio.ts";

const RAM_BYTES = 1 << 17;
/** 256 chains of 256 descriptors, and a few ring accesses and pieces of data each. */
const MAX_ACCESSES = 256 * (256 * 2 + 16);

/** A linear congruential generator: the same faults in the same order on every run. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(choices: readonly T[], otherwise: T): T {
    return choices[this.below(choices.length)] ?? otherwise;
  }
}

/** A store whose sectors are as hostile as the rest: reading them can rewrite rings. */
function garbageStore(dice: Dice): BlockStore {
  return {
    sectors: 64,
    readOnly: false,
    read: (_, into) => {
      for (let index = 0; index < into.length; index += 7) into[index] = dice.below(256);
    },
    write: () => {
      if (dice.below(8) === 0) throw new Error("host failure");
    },
    flush: () => {},
  };
}

const devices: [string, (dice: Dice) => { device: VirtioDevice; disturb?: () => void }][] = [
  [
    "block",
    (dice) => ({
      device: new BlockDevice(garbageStore(dice), "disk", { ticks: () => 0n, scheduled: () => {} }),
    }),
  ],
  ["entropy", () => ({ device: new EntropyDevice(1n) })],
  [
    "network",
    (dice) => {
      const device = new NetworkDevice(new Uint8Array(6), () => {});
      return { device, disturb: () => device.receive(new Uint8Array(dice.below(2000))) };
    },
  ],
  [
    "console",
    (dice) => {
      const device = new ConsoleDevice(() => {}, { columns: 80, rows: 24 });
      return { device, disturb: () => device.receive(new Uint8Array(dice.below(300))) };
    },
  ],
];

/** An address that is often in RAM, often in a ring, sometimes nowhere. */
function someAddress(dice: Dice): number {
  switch (dice.below(8)) {
    case 0:
      return dice.below(2 ** 32);
    case 1:
      return RAM_BASE + RAM_BYTES - dice.below(64);
    case 2:
      return RAM_BASE + dice.below(0x8000);
    default:
      return RAM_BASE + 0x1_0000 + dice.below(0x8000);
  }
}

function someLength(dice: Dice): number {
  return dice.pick([0, 1, 12, 16, 32, 512, 513, 4096, 0xffff_ffff, dice.below(2 ** 32)], 16);
}

function scribbleDescriptor(dice: Dice, driver: TestDriver, at: number): void {
  const offset = at - RAM_BASE;
  const { view } = driver.ram;
  view.setUint32(offset, someAddress(dice), true);
  view.setUint32(offset + 4, dice.below(20) === 0 ? dice.below(2 ** 32) : 0, true);
  view.setUint32(offset + 8, someLength(dice), true);
  const flags = dice.pick([0, NEXT, NEXT, WRITE, WRITE | NEXT, INDIRECT, dice.below(2 ** 16)], 0);
  view.setUint16(offset + 12, flags, true);
  view.setUint16(offset + 14, dice.below(10) === 0 ? dice.below(2 ** 16) : dice.below(16), true);
}

/** A chain at descriptor 0 that looks like a block request, its data in the buffers or, at times, in the rings. */
function describeRequest(dice: Dice, driver: TestDriver, queue: DriverQueue): void {
  const header = RAM_BASE + 0x1_f000;
  driver.poke(header, [dice.pick([0, 0, 1, 4, 8, 11], 0), ...new Array(7).fill(0), dice.below(80)]);
  const data = {
    address: someAddress(dice),
    length: 512 * dice.below(5),
    flags: dice.pick([0, WRITE, WRITE], 0),
  };
  queue.chain(0, [
    { address: header, length: 16, flags: 0 },
    data,
    { address: header + 16, length: 1, flags: WRITE },
  ]);
}

test.each(devices)("random rings leave the %s device standing", (_, build) => {
  let served = 0;
  let broken = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const dice = new Dice(seed);
    const { device, disturb } = build(dice);
    const driver = new TestDriver(device, RAM_BYTES);
    const queues = driver.start(driver.offered(), 16);
    for (let round = 0; round < 20; round++) {
      for (const queue of queues) {
        for (let index = 0; index < 16; index++)
          scribbleDescriptor(dice, driver, queue.descriptors + index * 16);
        for (let index = 0; index < 16; index++) {
          scribbleDescriptor(dice, driver, RAM_BASE + 0x1_0000 + 16 * dice.below(0x800));
        }
        if (dice.below(2) === 0) {
          describeRequest(dice, driver, queue);
          queue.offer(0);
        }
        const offers = dice.below(20) === 0 ? 18 : dice.below(3);
        for (let count = 0; count < offers; count++) queue.offer(dice.below(40) === 0 ? 99 : dice.below(16));
        const before = driver.ram.accesses;
        driver.set(REGISTER.notify, queue.index);
        disturb?.();
        expect(driver.ram.accesses - before).toBeLessThan(MAX_ACCESSES);
        served += queue.completed().length;
      }
      if (driver.needsReset) {
        broken++;
        driver.ram.bytes.fill(0);
        queues.splice(0, queues.length, ...driver.start(driver.offered(), 16));
      }
    }
  }
  // Both ends are reached, or the garbage is not the garbage that matters.
  expect(served).toBeGreaterThan(100);
  expect(broken).toBeGreaterThan(100);
});

test.each(devices)("random register accesses leave the %s device standing", (_, build) => {
  const registers = Object.values(REGISTER);
  const values = [0, 1, 2, 3, 7, 8, 11, 15, 16, 255, 0x8000_0000, 0xffff_ffff];
  let ready = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const dice = new Dice(seed);
    const { device, disturb } = build(dice);
    const driver = new TestDriver(device, RAM_BYTES);
    for (let at = 0; at < RAM_BYTES; at += 3) driver.ram.bytes[at] = dice.below(256);
    for (let step = 0; step < 400; step++) {
      const offset = dice.below(10) === 0 ? dice.below(0x1000) : dice.pick(registers, 0);
      const bytes = dice.pick<AccessBytes>([4, 4, 4, 4, 2, 1], 4);
      const value = dice.below(3) === 0 ? someAddress(dice) & ~15 : dice.pick(values, 0);
      const before = driver.ram.accesses;
      driver.mmio.write(offset, bytes, value >>> 0);
      const read = driver.mmio.read(offset, bytes);
      expect(Number.isInteger(read) && read >= 0 && read < 2 ** (8 * bytes)).toBe(true);
      if (step % 50 === 0) {
        driver.negotiate(driver.offered());
        driver.openQueue(0, 16);
        driver.set(REGISTER.status, STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
        ready += driver.get(REGISTER.queueReady);
      }
      disturb?.();
      expect(driver.ram.accesses - before).toBeLessThan(3 * MAX_ACCESSES);
    }
  }
  expect(ready).toBeGreaterThan(100);
});
