/** What the system survives, as its user sees it: too many of everything, deadlocks, dying servers, losses of power. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlockStore } from "../../emulator/index.ts";
import { CrashingStore } from "../../tools/disk/crashing-store.ts";
import { BLOCK_BYTES } from "../../tools/disk-image/core.ts";
import { MemoryDevice } from "../../tools/disk-image/testing/memory-device.ts";
import { readWhole } from "../../tools/disk-image/testing/model.ts";
import { formatDevice, Volume } from "../../tools/disk-image/volume.ts";
import { Scratch, trapframe } from "../cli/trapframe.ts";
import { Guest, type Images, systemImages } from "./guest.ts";

const MINUTE = 60_000;
const SECTOR_BYTES = 512;
const MEBIBYTE = 1 << 20;
/** KiB that servers may keep of what they needed for a crowd: `free` counts their heaps. */
const KEPT = 2048;

let images: Images;

beforeAll(async () => {
  images = await systemImages();
}, 5 * MINUTE);

/** A disk in memory. */
class MemoryStore implements BlockStore {
  readonly sectors: number;
  readonly readOnly = false;
  readonly bytes: Uint8Array;
  writtenBytes = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.sectors = bytes.length / SECTOR_BYTES;
  }

  read(sector: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(sector * SECTOR_BYTES, sector * SECTOR_BYTES + into.length));
  }

  write(sector: number, from: Uint8Array): void {
    this.writtenBytes += from.length;
    this.bytes.set(from, sector * SECTOR_BYTES);
  }

  flush(): void {}
}

/** A formatted disk, of which so much is for swapping. */
function formatted(mebibytes: number, swapMebibytes: number): Uint8Array {
  const device = new MemoryDevice((mebibytes * MEBIBYTE) / BLOCK_BYTES);
  formatDevice(device, { swapBlocks: (swapMebibytes * MEBIBYTE) / BLOCK_BYTES, identity: 7n, now: 0 });
  return device.bytes;
}

describe.each([1, 4])("too many, on %i harts", { timeout: 5 * MINUTE }, (harts) => {
  it("memory: who asks for more than there is gets an error, and nobody else notices", async () => {
    const guest = await Guest.boot(images, { harts });
    const before = guest.usedMemory();
    expect(guest.tell("hog")).toMatch(/hog: after \d\d+ MiB: Out of memory/);
    expect(guest.usedMemory()).toBeLessThan(before + KEPT);
    expect(guest.tell("hog 20")).toContain("hog: took 20 MiB, found them as written");
  });

  it.each([
    ["in C", "bomb &", "kill -9 %1"],
    ["in the shell", "b() { b | b & }; b 2>/dev/null", "kill -9 -1"],
  ])("processes: a fork bomb %s", async (_, bomb, end) => {
    const guest = await Guest.boot(images, { harts });
    const idle = guest.tell("ps | wc -l");
    const before = guest.usedMemory();
    guest.tell(bomb);
    const during = Number(/^\d+$/m.exec(guest.tell("sleep 1; ps | wc -l"))?.[0]);
    expect(during).toBeGreaterThan(100);
    expect(guest.tell("echo still here")).toMatch(/^still here$/m);
    guest.tell(end);
    guest.tell("sleep 2");
    expect(guest.tell("ps | wc -l").replace(/^.*\n/, "")).toBe(idle.replace(/^.*\n/, ""));
    expect(guest.usedMemory()).toBeLessThan(before + 8 * KEPT);
  });

  it.each([
    ["descriptors", /exhaust: 10\d\d descriptors, then: No file descriptors available/],
    ["pipes", /exhaust: 5\d\d pipes, then: No file descriptors available/],
    ["sockets", /exhaust: 5\d\d sockets, then: No file descriptors available/],
  ])("%s: who takes all it can get is refused more", async (kind, refusal) => {
    const guest = await Guest.boot(images, { harts });
    guest.tell(`exhaust ${kind}`);
    const before = guest.usedMemory();
    expect(guest.tell(`exhaust ${kind}`)).toMatch(refusal);
    expect(guest.usedMemory()).toBeLessThanOrEqual(before + 64);
  });
});

describe("too many threads", { timeout: 5 * MINUTE }, () => {
  it("in one process: it is refused more, the shell goes on", async () => {
    const guest = await Guest.boot(images, {});
    const refusal = /exhaust: 1\d{4} threads, then: Resource temporarily unavailable/;
    expect(guest.tell("exhaust threads", 20_000)).toMatch(refusal);
    const before = guest.usedMemory();
    expect(guest.tell("exhaust threads", 20_000)).toMatch(refusal);
    expect(guest.usedMemory()).toBeLessThanOrEqual(before + 64);
    guest.await("exhaust: 1", guest.type("exhaust threads hold &"), 20_000);
    guest.tell("");
    expect(guest.tell("ps | grep -c exhaust")).toMatch(/^1$/m);
    guest.tell("kill -9 %1");
    expect(guest.tell("wait; ps | grep -c exhaust")).toMatch(/^0$/m);
    expect(guest.tell("crowd 10 100 & sleep 1; kill %1; wait")).toContain("crowd: 10 processes, 100 threads");
  });
});

describe("a crowd", { timeout: 5 * MINUTE }, () => {
  it("of 1,000 processes with 10,000 threads lives in 256 MiB, can be looked at, and leaves nothing behind", async () => {
    const guest = await Guest.boot(images, {});
    const populate = (): void => {
      const start = guest.type("crowd 1000 10000 &");
      guest.await("crowd: 1000 processes, 10000 threads", start, 10_000);
      guest.tell("");
    };
    const disperse = (): void => {
      guest.await("crowd: gone", guest.type("kill %1"));
      guest.tell("wait");
    };
    populate();
    expect(guest.tell("ps | grep -c crowd")).toMatch(/^1000$/m);
    expect(guest.tell("top -n 1 | head -n 3")).toMatch(/^10\d\d tasks, /m);
    disperse();
    expect(guest.tell("ps | grep -c crowd")).toMatch(/^0$/m);
    // The servers' heaps stay as large as they had to be once.
    const before = guest.usedMemory();
    populate();
    disperse();
    expect(guest.usedMemory()).toBeLessThanOrEqual(before + 64);
  });
});

describe("swapping", { timeout: 5 * MINUTE }, () => {
  it("a process uses more memory than there is, and finds in it what it wrote", async () => {
    const store = new MemoryStore(formatted(224, 160));
    const guest = await Guest.boot(images, { disk: store });
    const before = guest.usedMemory();
    expect(guest.tell("hog 200", 6000)).toContain("hog: took 200 MiB, found them as written");
    // Twice what the pager may have of memory, so more than half of it has been on the disk.
    expect(store.writtenBytes).toBeGreaterThan(100 * MEBIBYTE);
    expect(guest.usedMemory()).toBeLessThan(before + KEPT);
  });

  it("where even that is running out, who asks for more is ended or refused", async () => {
    const guest = await Guest.boot(images, { disk: new MemoryStore(formatted(48, 16)) });
    const before = guest.usedMemory();
    expect(guest.tell("hog", 6000)).toMatch(/Out of memory|Killed/);
    expect(guest.tell("hog 20")).toContain("hog: took 20 MiB, found them as written");
    expect(guest.usedMemory()).toBeLessThan(before + KEPT);
  });
});

describe("deadlocks", { timeout: MINUTE }, () => {
  it("ps says who waits for whom", async () => {
    const guest = await Guest.boot(images, {});
    guest.tell("embrace checked &");
    const cycle = /^! deadlock: (\d+) \(embrace\) -> (\d+) \(embrace\) -> \1 \(embrace\)$/m;
    expect(guest.tell("ps")).toMatch(cycle);
    guest.tell("kill %1");
    expect(guest.tell("wait; ps")).not.toContain("deadlock");
  });

  it("ps says whose threads all wait for one another, though plain mutexes do not tell their owner", async () => {
    const guest = await Guest.boot(images, {});
    guest.tell("embrace plain &");
    expect(guest.tell("ps")).toMatch(/^! deadlock: all threads of \d+ \(embrace\)$/m);
    guest.tell("kill %1");
    expect(guest.tell("wait; ps")).not.toContain("deadlock");
  });
});

describe.each([1, 4])("a server that is killed under load, on %i harts", { timeout: 3 * MINUTE }, (harts) => {
  it.each(["names", "disk", "terminal", "files"])("%s: comes back, and nobody hangs", async (server) => {
    const guest = await Guest.boot(images, { harts, disk: new MemoryStore(formatted(16, 0)) });
    const folder = server === "disk" ? "/disk" : "/";
    guest.tell(`load ${folder} 300 &`);
    const old = guest.processId(server);
    expect(guest.said).not.toContain("load: 300");
    guest.tell(`kill ${old}`);
    expect(guest.said).toContain(`supervisor: ${server} has ended with status -9`);
    const ended = guest.tell("wait; echo");
    expect(ended + guest.said).toMatch(/load: 300 rounds, \d+ refused/);
    expect(guest.processId(server)).toBeGreaterThan(old);
    expect(guest.tell(`load ${folder} 10`)).toContain("load: 10 rounds, 0 refused");
  });

  it.each(["process", "pager"])("%s: with it all processes go, and a new shell comes", async (server) => {
    const guest = await Guest.boot(images, { harts });
    guest.tell("load / 1000 &");
    const start = guest.type(`kill ${guest.processId(server)}`);
    guest.await(`supervisor: ${server} has ended with status -9`, start);
    guest.await("trapframe> ", guest.said.length);
    expect(guest.tell("ps")).not.toMatch(/ load$/m);
    expect(guest.tell("load / 10")).toContain("load: 10 rounds, 0 refused");
  });
});

describe("a loss of power", { timeout: 5 * MINUTE }, () => {
  const fresh = formatted(16, 0);
  const scratch = new Scratch();
  afterAll(() => scratch.remove());

  /** Lets programs write until the power fails; answers the disk and how many files they were told are on it. */
  async function crash(writes: number): Promise<{ bytes: Uint8Array; synced: number }> {
    const memory = new MemoryStore(fresh.slice());
    let isPowered = true;
    const disk = new CrashingStore(memory, writes, () => {
      isPowered = false;
    });
    const guest = await Guest.boot(images, { disk, powered: () => isPowered });
    if (isPowered) guest.tell("cp -r /bin /disk & journal /disk", 10_000);
    expect(isPowered).toBe(false);
    return { bytes: memory.bytes, synced: guest.said.match(/^synced \d+\r?$/gm)?.length ?? 0 };
  }

  function content(number: number): string {
    return Array.from({ length: 200 * (number + 1) }, (_, word) => `${number} ${word}\n`).join("");
  }

  it.each([1, 2, 3, 7, 20, 61, 150, 333])("after disk write %i: what was synced is there", async (writes) => {
    const { bytes, synced } = await crash(writes);
    if (writes > 300) expect(synced).toBeGreaterThan(1);
    // The next boot mounts it, and everybody can read and write.
    const store = new MemoryStore(bytes.slice());
    const guest = await Guest.boot(images, { disk: store });
    expect(guest.tell("echo mounted > /disk/after && sync && cat /disk/after")).toMatch(/^mounted$/m);
    for (const disk of [bytes, store.bytes]) {
      const volume = new Volume(new MemoryDevice(disk.length / BLOCK_BYTES, disk.slice()));
      expect(volume.check()).toEqual([]);
      for (let number = 0; number < synced; number++) {
        const { handle, size } = volume.lookup(volume.root, `file${number}`);
        expect(Buffer.from(readWhole(volume, handle, size)).toString()).toBe(content(number));
      }
    }
  });

  it("from the command line", async () => {
    const image = scratch.file("disk.img", fresh);
    const initrd = scratch.file("initrd.cpio", images.initrd);
    const conversation = ["--expect", "trapframe> $", "--send", "journal /disk\\n", "--expect", "never"];
    const crashed = await trapframe(
      ["run", "--initrd", initrd, "--disk", `${image},crash-after=40`, ...conversation],
      "",
    );
    expect(crashed.errors).toContain("the power failed");
    expect(crashed.status).toBe(123);
    expect(readFileSync(image).equals(fresh)).toBe(false);
    expect(await trapframe(["image", "check", image], "")).toMatchObject({ status: 0 });
  });
});
