import { describe, expect, it } from "vitest";
import { BLOCK_BYTES } from "./core.ts";
import { MemoryDevice } from "./testing/memory-device.ts";
import { DIRECTORY, LINK, pattern, REGULAR, readWhole } from "./testing/model.ts";
import { errorNumber, FilesError, formatDevice, type Handle, Volume } from "./volume.ts";

function fresh(blocks = 1024): { device: MemoryDevice; volume: Volume } {
  const device = new MemoryDevice(blocks);
  formatDevice(device, { swapBlocks: 0, identity: 1n, now: 5000 });
  return { device, volume: new Volume(device) };
}

/** The number of the error that an operation is refused with; 0 if it is not. */
function refusal(operation: () => unknown): number {
  try {
    operation();
    return 0;
  } catch (error) {
    if (error instanceof FilesError) return error.number;
    throw error;
  }
}

const text = (words: string) => new TextEncoder().encode(words);
const MAX_BYTES = (11 + 1024 + 1024 ** 2 + 1024 ** 3) * BLOCK_BYTES;

describe("files", () => {
  it("have what was written, with holes that read as zeros, at any distance", () => {
    const { device, volume } = fresh();
    const { handle } = volume.create(volume.root, "far", REGULAR);
    // Behind direct pointers, and one, two and three blocks of pointers.
    const places = [
      100,
      30 * BLOCK_BYTES + 7,
      2000 * BLOCK_BYTES,
      (2 + 1024 ** 2) * BLOCK_BYTES + 4000,
      MAX_BYTES - 10,
    ];
    for (const [index, place] of places.entries()) {
      expect(volume.write(handle, place, pattern(10, index, 0))).toBe(10);
    }
    const check = (from: Volume) => {
      for (const [index, place] of places.entries()) {
        expect(from.read(handle, place, 10)).toEqual(pattern(10, index, 0));
        expect(from.read(handle, place - 50, 50)).toEqual(new Uint8Array(50));
      }
    };
    check(volume);
    expect(volume.stat(handle).size).toBe(MAX_BYTES);
    expect(refusal(() => volume.write(handle, MAX_BYTES - 1, pattern(2, 0, 0)))).toBe(errorNumber.tooLarge);
    expect(refusal(() => volume.setSize(handle, MAX_BYTES + 1))).toBe(errorNumber.tooLarge);
    expect(volume.check()).toEqual([]);
    check(new Volume(device));

    const { freeBlocks } = volume.statistics();
    volume.setSize(handle, 105);
    // Four blocks of data, and those of pointers on the way: one, two, one more, three.
    expect(volume.statistics().freeBlocks).toBe(freeBlocks + 4 + 7);
    volume.setSize(handle, 5000);
    expect(volume.read(handle, 0, 5000).subarray(100)).toEqual(
      Uint8Array.of(...pattern(5, 0, 0), ...new Uint8Array(4895)),
    );
    expect(volume.check()).toEqual([]);
  });

  it("larger than a transaction are written, read and freed in steps", () => {
    const { volume } = fresh(8192);
    volume.create(volume.root, "small", REGULAR);
    const before = volume.statistics();
    const { handle } = volume.create(volume.root, "large", REGULAR);
    const size = 20_000_000;
    for (let offset = 0; offset < size; offset += 65536) {
      expect(volume.write(handle, offset, pattern(65536, 3, offset))).toBe(65536);
    }
    expect(Buffer.compare(readWhole(volume, handle, 300_000), pattern(300_000, 3, 0))).toBe(0);
    expect(volume.check()).toEqual([]);
    const orphan = volume.unlink(volume.root, "large");
    expect(orphan).toEqual(handle);
    expect(volume.read(handle, 65536, 1000)).toEqual(pattern(1000, 3, 65536)); // somebody still has it open
    expect(volume.check()).toEqual([]);
    volume.reclaim(handle);
    expect(refusal(() => volume.stat(handle))).toBe(errorNumber.stale);
    expect(volume.check()).toEqual([]);
    expect(volume.statistics()).toEqual(before);
  });

  it("without a name are gone after the next mount", () => {
    const { device, volume } = fresh();
    volume.create(volume.root, "named", REGULAR);
    const before = volume.statistics();
    const { handle } = volume.create(volume.root, "open", REGULAR);
    volume.write(handle, 0, pattern(60_000, 1, 0));
    volume.create(volume.root, "also", REGULAR);
    volume.unlink(volume.root, "open");
    volume.unlink(volume.root, "also");
    volume.sync();
    const again = new Volume(device);
    expect(again.statistics()).toEqual(before);
    expect(again.check()).toEqual([]);
  });

  it("know when they were changed", () => {
    const { volume } = fresh();
    expect(volume.stat(volume.root).modified).toBe(5000);
    volume.now = 6000;
    const { handle } = volume.create(volume.root, "f", REGULAR);
    volume.now = 7000;
    volume.write(handle, 0, text("x"));
    expect([volume.stat(volume.root).modified, volume.stat(handle).modified]).toEqual([6000, 7000]);
    volume.set(handle, 0o4711, 1234);
    expect(volume.stat(handle)).toMatchObject({ mode: 0o104711, modified: 1234 });
  });
});

describe("directories", () => {
  it("take some thousands of names, and few blocks are looked at for one", () => {
    const { device, volume } = fresh(4096);
    const { handle } = volume.create(volume.root, "many", DIRECTORY);
    const { handle: file } = volume.create(volume.root, "file", REGULAR);
    const names = Array.from({ length: 5000 }, (_, index) => `name number ${index}`);
    for (const name of names) volume.link(handle, name, file);
    expect(volume.list(handle).sort()).toEqual([...names].sort());
    expect(volume.check()).toEqual([]);
    // One block per level: a fresh mount reads few blocks to find a name.
    let reads = 0;
    const counting = new MemoryDevice(device.blocks, device.bytes);
    const read = counting.read.bind(counting);
    counting.read = (block, into) => {
      reads++;
      read(block, into);
    };
    const again = new Volume(counting);
    reads = 0;
    expect(again.lookup(handle, "name number 4999").handle).toEqual(file);
    expect(reads).toBeLessThan(12);
    for (const name of names.slice(1)) expect(volume.unlink(handle, name)).toBeUndefined();
    expect(volume.list(handle)).toEqual(["name number 0"]);
    expect(volume.stat(file).links).toBe(2);
    expect(volume.check()).toEqual([]);
  });

  it("keep their other names in place while one goes or comes", () => {
    const { volume } = fresh(4096);
    const all = Array.from({ length: 400 }, (_, index) => `n${index}`);
    for (const name of all) volume.create(volume.root, name, REGULAR);
    // Read piecewise, with changes between the pieces.
    const seen: string[] = [];
    for (let position = 0, round = 0; ; round++) {
      volume.core.begin_list(1, 1, 1, position, 200);
      expect(volume.core.run(1)).toBe(1);
      const bytes = volume.core.result(1);
      if (bytes === 0) break;
      for (let at = 0; at < bytes; at += volume.core.listed_bytes(1, at)) {
        const [address, length] = [volume.core.listed_name(1, at), volume.core.listed_name_bytes(1, at)];
        seen.push(new TextDecoder().decode(new Uint8Array(volume.core.memory.buffer, address, length)));
        position = volume.core.listed_next(1, at);
      }
      volume.create(volume.root, `new${round}`, REGULAR);
      const gone = `n${round}`;
      if (all.includes(gone)) volume.unlink(volume.root, gone);
    }
    expect(seen.slice(0, 2)).toEqual([".", ".."]);
    expect(new Set(seen).size).toBe(seen.length);
    const left = volume.list(volume.root).filter((name) => all.includes(name));
    expect(seen).toEqual(expect.arrayContaining(left));
  });

  it("know themselves and their parent", () => {
    const { volume } = fresh();
    const a = volume.create(volume.root, "a", DIRECTORY).handle;
    const b = volume.create(a, "b", DIRECTORY).handle;
    expect(volume.lookup(b, ".").handle).toEqual(b);
    expect(volume.lookup(b, "..").handle).toEqual(a);
    volume.rename(a, "b", volume.root, "c");
    expect(volume.lookup(b, "..").handle).toEqual(volume.root);
    expect(volume.lookup(volume.root, "..").handle).toEqual(volume.root);
    expect([volume.root, a, b].map((handle) => volume.stat(handle).links)).toEqual([4, 2, 2]);
  });
});

describe("what cannot be done is refused, and changes nothing", () => {
  const { volume } = fresh();
  const directory = volume.create(volume.root, "directory", DIRECTORY).handle;
  const below = volume.create(directory, "below", DIRECTORY).handle;
  const file = volume.create(volume.root, "file", REGULAR).handle;
  const link = volume.create(volume.root, "link", LINK, { target: "file" }).handle;
  const gone = volume.create(volume.root, "gone", DIRECTORY).handle;
  volume.removeDirectory(volume.root, "gone");
  const { root } = volume;
  const cases: [what: string, operation: () => unknown, number: number][] = [
    ["a name that is not there", () => volume.lookup(root, "nothing"), errorNumber.notFound],
    ["a name in a file", () => volume.lookup(file, "x"), errorNumber.notADirectory],
    ["no name", () => volume.create(root, "", REGULAR), errorNumber.notFound],
    ["a name with a slash", () => volume.create(root, "a/b", REGULAR), errorNumber.invalid],
    ["a name with a zero", () => volume.create(root, "a\0", REGULAR), errorNumber.invalid],
    ["a name too long", () => volume.create(root, "x".repeat(256), REGULAR), errorNumber.nameTooLong],
    ["a name that is there", () => volume.create(root, "file", DIRECTORY), errorNumber.exists],
    ["a name of its own", () => volume.create(root, "..", DIRECTORY), errorNumber.exists],
    ["an unknown type", () => volume.create(root, "x", 0o070644), errorNumber.invalid],
    ["a link without a target", () => volume.create(root, "x", LINK), errorNumber.notFound],
    [
      "a link with a long target",
      () => volume.create(root, "x", LINK, { target: "x".repeat(4096) }),
      errorNumber.nameTooLong,
    ],
    ["a name in a removed directory", () => volume.create(gone, "x", REGULAR), errorNumber.notFound],
    ["to read a directory", () => volume.read(root, 0, 1), errorNumber.isADirectory],
    ["to write a directory", () => volume.write(root, 0, text("x")), errorNumber.isADirectory],
    ["to cut a directory", () => volume.setSize(root, 0), errorNumber.isADirectory],
    ["to read a link as a file", () => volume.read(link, 0, 1), errorNumber.invalid],
    ["to read a file as a link", () => volume.readLink(file), errorNumber.invalid],
    ["to list a file", () => volume.list(file), errorNumber.notADirectory],
    ["to unlink a directory", () => volume.unlink(root, "directory"), errorNumber.isADirectory],
    ["to unlink .", () => volume.unlink(root, "."), errorNumber.invalid],
    [
      "to remove a file as a directory",
      () => volume.removeDirectory(root, "file"),
      errorNumber.notADirectory,
    ],
    [
      "to remove a directory with names",
      () => volume.removeDirectory(root, "directory"),
      errorNumber.notEmpty,
    ],
    ["a second name for a directory", () => volume.link(root, "x", directory), errorNumber.notPermitted],
    [
      "to move a directory below itself",
      () => volume.rename(root, "directory", below, "x"),
      errorNumber.invalid,
    ],
    [
      "to move a directory into itself",
      () => volume.rename(root, "directory", directory, "x"),
      errorNumber.invalid,
    ],
    [
      "a file over a directory",
      () => volume.rename(root, "file", root, "directory"),
      errorNumber.isADirectory,
    ],
    [
      "a directory over a file",
      () => volume.rename(root, "directory", root, "file"),
      errorNumber.notADirectory,
    ],
    [
      "a directory over one with names",
      () => volume.rename(directory, "below", root, "directory"),
      errorNumber.notEmpty,
    ],
    ["a handle of another time", () => volume.stat({ inode: 1, generation: 9 }), errorNumber.stale],
    ["a handle of nothing", () => volume.stat({ inode: 1_000_000, generation: 1 }), errorNumber.stale],
    ["a handle of inode 0", () => volume.stat({ inode: 0, generation: 0 }), errorNumber.stale],
  ];
  it.each(cases)("%s", (_, operation, number) => {
    const before = volume.statistics();
    expect(refusal(operation)).toBe(number);
    expect(volume.statistics()).toEqual(before);
  });

  it("and the file system is sound after all that", () => {
    expect(volume.check()).toEqual([]);
  });
});

describe("a full disk", () => {
  it("takes what fits, stays sound, and has all its room again afterwards", () => {
    const { volume } = fresh(300);
    const { handle } = volume.create(volume.root, "fills", REGULAR);
    const empty = volume.statistics();
    let written = 0;
    for (;;) {
      const bytes = pattern(65536, 9, written);
      let count = 0;
      const number = refusal(() => {
        count = volume.write(handle, -1, bytes);
      });
      if (number !== 0) {
        expect(number).toBe(errorNumber.noSpace);
        break;
      }
      written += count;
    }
    expect(volume.statistics().freeBlocks).toBe(0);
    expect(Buffer.compare(readWhole(volume, handle, written), pattern(written, 9, 0))).toBe(0);
    expect(refusal(() => volume.create(volume.root, "link", LINK, { target: "x" }))).toBe(
      errorNumber.noSpace,
    );
    expect(volume.check()).toEqual([]);
    // What needs no block still can be done.
    volume.rename(volume.root, "fills", volume.root, "full");
    volume.setSize(handle, 0);
    expect(volume.statistics()).toEqual(empty);
    expect(volume.check()).toEqual([]);
  });

  it("has no inode left at some time", () => {
    const { volume } = fresh(300);
    let made = 0;
    while (refusal(() => volume.create(volume.root, `f${made}`, REGULAR)) === 0) made++;
    expect(volume.statistics().freeInodes).toBe(0);
    expect(made).toBeGreaterThan(60);
    expect(volume.check()).toEqual([]);
    const orphan = volume.unlink(volume.root, "f3");
    volume.reclaim(orphan ?? volume.root);
    const again = volume.create(volume.root, "again", REGULAR).handle;
    expect(again.inode).toBe(orphan?.inode);
    expect(again.generation).not.toBe(orphan?.generation);
    expect(refusal(() => volume.stat(orphan ?? volume.root))).toBe(errorNumber.stale);
  });
});

describe("a disk that fails", () => {
  class FailingDevice extends MemoryDevice {
    failing: "read" | "write" | "flush" | undefined;
    override read(block: number, into: Uint8Array): void {
      if (this.failing === "read") throw new Error("on fire");
      super.read(block, into);
    }
    override write(block: number, from: Uint8Array): void {
      if (this.failing === "write") throw new Error("on fire");
      super.write(block, from);
    }
    override flush(): void {
      if (this.failing === "flush") throw new Error("on fire");
    }
  }

  it.each(["write", "flush"] as const)("to %s loses no sync silently, and is still read", (failing) => {
    const device = new FailingDevice(1024);
    formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0 });
    const volume = new Volume(device);
    const { handle } = volume.create(volume.root, "f", REGULAR);
    volume.write(handle, 0, text("here"));
    device.failing = failing;
    expect(refusal(() => volume.sync())).toBe(errorNumber.ioError);
    expect(refusal(() => volume.create(volume.root, "g", REGULAR))).toBe(errorNumber.ioError);
    expect(refusal(() => volume.sync())).toBe(errorNumber.ioError);
    expect(volume.read(handle, 0, 4)).toEqual(text("here"));
  });

  it("to read fails what needs the block, and does not mount", () => {
    const device = new FailingDevice(1024);
    formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0 });
    const volume = new Volume(device);
    device.failing = "read";
    expect(refusal(() => volume.lookup(volume.root, "x"))).toBe(errorNumber.ioError);
    expect(refusal(() => new Volume(device))).toBe(errorNumber.ioError);
  });
});

it("makes file systems of any size that is enough, and refuses others", () => {
  const options = { swapBlocks: 0, identity: 1n, now: 0 };
  expect(refusal(() => formatDevice(new MemoryDevice(64), options))).toBe(errorNumber.noSpace);
  expect(refusal(() => formatDevice(new MemoryDevice(256), { ...options, swapBlocks: 256 }))).toBe(
    errorNumber.noSpace,
  );
  for (const [blocks, swapBlocks, journal] of [
    [120, 0, true],
    [300, 100, true],
    [40_000, 1000, true],
    [40, 0, false],
  ] as const) {
    const device = new MemoryDevice(blocks);
    formatDevice(device, { ...options, swapBlocks, journal });
    const volume = new Volume(device);
    expect([volume.core.swap_start(), volume.core.swap_blocks()]).toEqual(
      swapBlocks > 0 ? [blocks - swapBlocks, swapBlocks] : [0, 0],
    );
    const { handle } = volume.create(volume.root, "f", REGULAR);
    volume.write(handle, 0, pattern(10_000, 1, 0));
    expect(volume.check()).toEqual([]);
    expect(Buffer.compare(new Volume(device).read(handle, 0, 10_000), pattern(10_000, 1, 0))).toBe(0);
    // A disk that was cut short is not ours.
    expect(refusal(() => new Volume(new MemoryDevice(blocks - 1, device.bytes)))).toBe(errorNumber.invalid);
  }
});

it("keeps handles apart from one another", () => {
  const { volume } = fresh();
  const handles = new Set<string>();
  for (let round = 0; round < 20; round++) {
    const made: Handle = volume.create(volume.root, "f", REGULAR).handle;
    handles.add(`${made.inode} ${made.generation}`);
    volume.unlink(volume.root, "f");
    volume.reclaim(made);
  }
  expect(handles.size).toBe(20);
});
