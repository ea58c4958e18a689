/** Disks that lie: whatever they hold, an operation ends, with a result or with an error. */
import { expect, it } from "vitest";
import { Random } from "../fuzz/random.ts";
import { BLOCK_BYTES } from "./core.ts";
import { MemoryDevice } from "./testing/memory-device.ts";
import { applyStep, describeVolume } from "./testing/model.ts";
import { randomSteps } from "./testing/workload.ts";
import { FilesError, formatDevice, Volume } from "./volume.ts";

const BLOCKS = 512;

/** A disk with some files on it, written to its place. */
function usedDisk(): { bytes: Uint8Array; metadata: number[] } {
  const device = new MemoryDevice(BLOCKS);
  formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0 });
  const volume = new Volume(device);
  for (const step of randomSteps(21n, 120)) tolerate(() => applyStep(volume, step));
  volume.settle();
  const { core } = volume;
  // The state, the bitmaps, inodes that are used, and some data: directories and blocks of pointers are among them.
  const first = core.inode_table() - 2;
  const metadata = [1, ...Array.from({ length: 6 }, (_, index) => first + index)];
  const data = Array.from({ length: 60 }, (_, index) => core.first_data_block() + index);
  return { bytes: device.bytes, metadata: [...metadata, ...metadata, ...data] };
}

/** Runs something that may be refused; answers whether it was. */
function tolerate(operation: () => void): boolean {
  try {
    operation();
    return false;
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    return true;
  }
}

/** Without the journal, which would repair most damage. */
function unrepaired(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const { core } = new Volume(new MemoryDevice(BLOCKS, bytes.slice()));
  for (const area of [0, 1])
    copy.fill(0, core.journal_area(area) * BLOCK_BYTES, (core.journal_area(area) + 1) * BLOCK_BYTES);
  return copy;
}

const { bytes: good, metadata } = usedDisk();
const values = [0, 1, 2, 11, 127, 255, 256, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff];

it.each([1n, 2n, 3n])("damaged at random places (seed %s)", (seed) => {
  const random = new Random(seed);
  const start = unrepaired(good);
  let refused = 0;
  let noticed = 0;
  for (let round = 0; round < 120; round++) {
    const device = new MemoryDevice(BLOCKS, start.slice());
    const words = new DataView(device.bytes.buffer);
    for (let count = 1 + random.below(6); count > 0; count--) {
      const block = random.pick(metadata);
      // Most of what matters lies at the beginning of a block.
      const at = block * BLOCK_BYTES + 4 * random.below(random.chance(0.5) ? 64 : BLOCK_BYTES / 4);
      const value = random.chance(0.7) ? random.pick(values) : random.word();
      words.setUint32(at, random.chance(0.3) ? random.below(BLOCKS) : value, true);
    }
    tolerate(() => {
      const volume = new Volume(device, { cacheBlocks: 160 });
      refused += Number(tolerate(() => describeWithin(volume)));
      for (const step of randomSteps(seed + BigInt(round), 40)) tolerate(() => applyStep(volume, step));
      tolerate(() => {
        noticed += Number(volume.check().length > 0);
      });
    });
  }
  expect(noticed).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(5);
});

/** A damaged directory may lie in itself: whoever walks has to mind the depth. */
function describeWithin(volume: Volume): void {
  try {
    describeVolume(volume);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

it("with superblocks of any kind", () => {
  const random = new Random(9n);
  for (let round = 0; round < 300; round++) {
    const device = new MemoryDevice(BLOCKS, good.slice());
    device.bytes[random.below(48)] = random.below(256);
    if (device.bytes.subarray(0, 48).every((byte, index) => byte === good[index])) continue;
    expect(tolerate(() => new Volume(device))).toBe(true);
  }
});

it("with journals of any kind", () => {
  const random = new Random(10n);
  const { core } = new Volume(new MemoryDevice(BLOCKS, good.slice()));
  for (let round = 0; round < 200; round++) {
    const device = new MemoryDevice(BLOCKS, good.slice());
    const start = core.journal_area(random.below(2)) * BLOCK_BYTES;
    for (let count = 0; count < 4; count++) device.bytes[start + random.below(200)] = random.below(256);
    // A record that is damaged is none; what it held was at home already.
    const volume = new Volume(device);
    expect(volume.check()).toEqual([]);
  }
});
