/** Many requests at once, with transfers that end in any order: as a server with workers or a state machine has them. */
import { expect, it } from "vitest";
import { Random } from "../fuzz/random.ts";
import { SLOTS } from "./core.ts";
import { MemoryDevice } from "./testing/memory-device.ts";
import { DIRECTORY, pattern, REGULAR, readWhole } from "./testing/model.ts";
import { carryOut, formatDevice, type Handle, Volume } from "./volume.ts";

const FIRST_SLOT = 1; // slot 0 is the volume's own

/** Has a folder for itself, and makes, writes, reads and removes files there. Each `yield` is a request begun. */
function* client(
  volume: Volume,
  slot: number,
  folder: Handle,
  random: Random,
  files: Map<string, Uint8Array>,
) {
  const { core } = volume;
  const putName = (name: string): number => {
    const bytes = new TextEncoder().encode(name);
    new Uint8Array(core.memory.buffer, core.slot_name(slot), bytes.length).set(bytes);
    return bytes.length;
  };
  const data = (length: number) => new Uint8Array(core.memory.buffer, core.slot_data(slot), length);
  const found = (): Handle => {
    const address = core.slot_data(slot);
    core.results(slot, address);
    const [inode = 0, generation = 0] = new Float64Array(core.memory.buffer, address, 2);
    return { inode, generation };
  };
  for (let round = 0; round < 60; round++) {
    const name = `file ${random.below(12)} of ${slot}`;
    const content = files.get(name);
    core.begin_lookup(slot, folder.inode, folder.generation, putName(name));
    yield;
    expect(core.result(slot)).toBe(content === undefined ? -2 : 0);
    if (content === undefined) {
      core.begin_create(slot, folder.inode, folder.generation, putName(name), REGULAR, 0, 0);
      yield;
      expect(core.result(slot)).toBe(0);
      files.set(name, new Uint8Array());
      continue;
    }
    const file = found();
    const choice = random.below(5);
    if (choice === 0) {
      core.begin_unlink(slot, folder.inode, folder.generation, putName(name));
      yield;
      expect(core.result(slot)).toBe(0);
      files.delete(name);
      core.begin_reclaim(slot, file.inode, file.generation);
      yield;
      expect(core.result(slot)).toBe(0);
    } else if (choice === 1) {
      core.begin_sync(slot);
      yield;
      expect(core.result(slot)).toBe(0);
    } else if (choice === 2) {
      core.begin_read(slot, file.inode, file.generation, 0, 65536);
      yield;
      expect(core.result(slot)).toBe(content.length);
      expect(Buffer.compare(data(content.length), content)).toBe(0);
    } else {
      // Longer than one step now and then.
      const length = Math.min(random.below(random.chance(0.2) ? 65536 : 9000), 65536 - content.length);
      const bytes = pattern(length, random.below(256), 0);
      data(length).set(bytes);
      core.begin_write(slot, file.inode, file.generation, -1, length);
      yield;
      expect(core.result(slot)).toBe(length);
      files.set(name, Buffer.concat([content, bytes]));
    }
  }
}

it.each([
  [1n, true],
  [2n, true],
  [3n, false],
])("every client finds what it wrote (seed %s, journal %s)", (seed, journal) => {
  const random = new Random(seed);
  const device = new MemoryDevice(4096);
  formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0, journal });
  // The smallest cache there can be: everything waits for everything.
  const volume = new Volume(device, { cacheBlocks: 128, commitBlocks: 32 });
  const { core } = volume;
  const clients = Array.from({ length: SLOTS - FIRST_SLOT }, (_, index) => {
    const slot = FIRST_SLOT + index;
    const folder = volume.create(volume.root, `folder ${slot}`, DIRECTORY).handle;
    const files = new Map<string, Uint8Array>();
    const work = client(volume, slot, folder, new Random(seed, slot), files);
    return { slot, folder, files, work, finished: work.next().done === true };
  });
  const transfers: number[] = [];
  let waits = 0;
  for (let idle = 0; clients.some(({ finished }) => !finished); ) {
    expect(idle).toBeLessThan(10_000); // somebody always gets on
    idle++;
    const next = clients[random.below(clients.length)];
    if (next && !next.finished && core.can_run(next.slot)) {
      if (core.run(next.slot)) {
        next.finished = next.work.next().done === true;
        idle = 0;
      } else waits++;
    }
    for (let transfer = core.next_transfer(); transfer !== 0; transfer = core.next_transfer())
      transfers.push(transfer);
    if (transfers.length > 0 && random.chance(0.5)) {
      const [transfer = 0] = transfers.splice(random.below(transfers.length), 1);
      carryOut(core, transfer, device);
      core.transfer_done(transfer, 0);
    }
  }
  for (const transfer of transfers) {
    carryOut(core, transfer, device);
    core.transfer_done(transfer, 0);
  }
  expect(waits).toBeGreaterThan(100);
  expect(volume.check()).toEqual([]);
  const again = new Volume(device);
  for (const { folder, files } of clients) {
    expect(again.list(folder).sort()).toEqual([...files.keys()].sort());
    for (const [name, content] of files) {
      const { handle, size } = again.lookup(folder, name);
      expect(Buffer.compare(readWhole(again, handle, size), content)).toBe(0);
    }
  }
});
