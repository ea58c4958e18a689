/** The file server in each of its builds, on the whole system: what users do, and what a loss of power leaves. */
import { beforeAll, describe, expect, it } from "vitest";
import { type BlockStore, Machine } from "../../emulator/index.ts";
import { BLOCK_BYTES } from "../../tools/disk-image/core.ts";
import { MemoryDevice } from "../../tools/disk-image/testing/memory-device.ts";
import { readWhole } from "../../tools/disk-image/testing/model.ts";
import { formatDevice, Volume } from "../../tools/disk-image/volume.ts";
import { Random } from "../../tools/fuzz/random.ts";
import { buildImages, type GuestImages } from "../../tools/guest/images.ts";
import { readInput } from "../../tools/host/read-input.ts";

const MINUTE = 60_000;
const SECTOR_BYTES = 512;
const BLOCKS = 4096;
const PROMPT = "trapframe> ";

type Event = { sector: number; bytes: Uint8Array } | "flush";

/** A disk in memory that remembers what was done to it. */
class RecordingStore implements BlockStore {
  readonly sectors = (BLOCKS * BLOCK_BYTES) / SECTOR_BYTES;
  readonly readOnly = false;
  readonly events: Event[] = [];
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(sector: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(sector * SECTOR_BYTES, sector * SECTOR_BYTES + into.length));
  }

  write(sector: number, from: Uint8Array): void {
    this.events.push({ sector, bytes: from.slice() });
    this.bytes.set(from, sector * SECTOR_BYTES);
  }

  flush(): void {
    this.events.push("flush");
  }
}

let images: GuestImages;
let firmware: Uint8Array;
let kernel: Uint8Array;
let initrd: Uint8Array;

beforeAll(async () => {
  images = await buildImages();
  firmware = await readInput("firmware", images.firmware);
  kernel = await readInput("kernel", images.kernel);
  initrd = await readInput("initrd", images.initrd);
}, 5 * MINUTE);

/** The guest with a shell that can be told what to do. */
class Guest {
  readonly #machine: Machine;
  readonly #said: () => string;

  constructor(machine: Machine, said: () => string) {
    this.#machine = machine;
    this.#said = said;
  }

  static async boot(build: string, store: BlockStore, harts: number): Promise<Guest> {
    let said = "";
    const machine = await Machine.create({
      firmware,
      kernel,
      initrd,
      harts,
      append: `files=${build}`,
      disks: [store],
      onConsole: (bytes) => {
        said += Buffer.from(bytes).toString("latin1");
      },
    });
    const guest = new Guest(machine, () => said);
    guest.#await(0);
    return guest;
  }

  /** Types a line; answers what is said until the next prompt. */
  tell(line: string): string {
    const start = this.#said().length;
    this.#machine.typeConsole(new TextEncoder().encode(`${line}\r`));
    return this.#await(start);
  }

  #await(start: number): string {
    for (let slices = 0; slices < 3000; slices++) {
      const stop = this.#machine.run(1_000_000);
      const end = this.#said().indexOf(PROMPT, start);
      if (end >= 0) return this.#said().slice(start, end);
      if (stop.reason === "idle") this.#machine.advance(stop.ticks ?? 10_000n);
      else if (stop.reason !== "limit") break;
    }
    throw new Error(`no prompt after:\n${this.#said().slice(-2000)}`);
  }
}

function freshDisk(): Uint8Array {
  const device = new MemoryDevice(BLOCKS);
  formatDevice(device, { swapBlocks: 0, identity: 3n, now: 0 });
  return device.bytes;
}

/** The disk when the power fails after so many events, with chance deciding what of the unflushed sectors arrived. */
function afterLoss(start: Uint8Array, events: readonly Event[], count: number, random: Random): Uint8Array {
  const bytes = start.slice();
  const lastFlush = events.slice(0, count).lastIndexOf("flush");
  for (const [index, event] of events.slice(0, count).entries()) {
    if (event === "flush") continue;
    for (let at = 0; at < event.bytes.length; at += SECTOR_BYTES) {
      if (index > lastFlush && random.chance(0.5)) continue;
      bytes.set(event.bytes.subarray(at, at + SECTOR_BYTES), event.sector * SECTOR_BYTES + at);
    }
  }
  return bytes;
}

describe.each([
  ["single", 1],
  ["workers", 1],
  ["workers", 4],
  ["fsm", 1],
])("the file server, %s, on %i harts", { timeout: 3 * MINUTE }, (build, harts) => {
  it("does what several programs at once want of it, and keeps it", async () => {
    const store = new RecordingStore(freshDisk());
    const guest = await Guest.boot(build, store, harts);
    guest.tell("cp -r /bin /disk/a & cp -r /servers /disk/b & cp -r /bin /disk/c & wait");
    guest.tell("rm -r /disk/c & mv /disk/b /disk/moved & ln -s a/cat /disk/link & wait");
    guest.tell("cat /disk/moved/files /disk/moved/disk > /disk/both");
    expect(guest.tell("echo text > /disk/file; echo more >> /disk/file; cat /disk/file")).toMatch(
      /text\r?\nmore/,
    );
    expect(guest.tell("umount /disk && ls /disk && mount /dev/vda /disk && ls /disk")).toMatch(/both/);
    guest.tell("sync");

    const volume = new Volume(new MemoryDevice(BLOCKS, store.bytes.slice()));
    expect(volume.check()).toEqual([]);
    expect(volume.list(volume.root).sort()).toEqual(["a", "both", "file", "link", "moved"]);
    const folder = volume.lookup(volume.root, "moved").handle;
    const parts = ["files", "disk"].map((name) => {
      const { handle, size } = volume.lookup(folder, name);
      return readWhole(volume, handle, size);
    });
    const both = volume.lookup(volume.root, "both");
    expect(Buffer.concat(parts).equals(readWhole(volume, both.handle, both.size))).toBe(true);
  });

  it("has on the disk what was synced, whenever the power fails", async () => {
    const start = freshDisk();
    const store = new RecordingStore(start.slice());
    const guest = await Guest.boot(build, store, harts);
    const synced: number[] = [];
    for (let round = 0; round < 6; round++) {
      guest.tell(
        `mkdir /disk/d${round}; cp /bin/cat /disk/new; mv /disk/new /disk/d${round}/cat; rm -f /disk/old`,
      );
      guest.tell(`echo ${round} > /disk/old; sync`);
      synced.push(store.events.length);
      // What is under way while the power fails, and may be lost.
      guest.tell(`cp /bin/ls /disk/junk${round}; rm /disk/junk${round}`);
    }
    expect(store.events.length).toBeGreaterThan(20);
    expect(store.events.filter((event) => event === "flush").length).toBeGreaterThanOrEqual(synced.length);
    const whole = new Volume(new MemoryDevice(BLOCKS, store.bytes.slice()));
    const original = whole.lookup(whole.lookup(whole.root, "d0").handle, "cat");
    const content = readWhole(whole, original.handle, original.size);

    const random = new Random(17n);
    for (let trial = 0; trial < 4 * store.events.length; trial++) {
      const count = Math.floor(trial / 4) + 1;
      const bytes = afterLoss(start, store.events, count, random);
      const volume = new Volume(new MemoryDevice(BLOCKS, bytes), { cacheBlocks: 160 });
      expect(volume.check()).toEqual([]);
      const rounds = synced.filter((events) => events <= count).length;
      for (let round = 0; round < rounds; round++) {
        const folder = volume.lookup(volume.root, `d${round}`).handle;
        const { handle, size } = volume.lookup(folder, "cat");
        expect(Buffer.compare(readWhole(volume, handle, size), content)).toBe(0);
      }
    }
  });
});
