import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../host/failure.ts";
import { type Disk, type DiskMode, openDisk, parseDisk } from "./disk.ts";

let folder = "";
let image = "";
let opened: Disk[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trapframe-disk-"));
  image = join(folder, "disk.img");
});

afterEach(() => {
  for (const disk of opened) disk.close();
  opened = [];
  rmSync(folder, { recursive: true });
});

function open(mode: DiskMode, path = image): Disk {
  const disk = openDisk({ path, mode });
  opened.push(disk);
  return disk;
}

function pattern(bytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 13 + (index >> 9) * 7 + seed) & 0xff);
}

function read(disk: Disk, sector: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(sectors * 512, 0xee);
  disk.read(sector, bytes);
  return bytes;
}

function failure(path: string, mode: DiskMode): string {
  try {
    open(mode, path);
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  throw new Error(`${path} opened`);
}

test("reads and writes the file", () => {
  const bytes = pattern(64 * 512);
  writeFileSync(image, bytes);
  const disk = open("read-write");
  expect([disk.sectors, disk.readOnly, disk.notice]).toEqual([64, false, undefined]);
  expect(read(disk, 10, 3)).toEqual(Buffer.from(bytes.subarray(5120, 6656)));
  disk.write(20, pattern(1024, 99));
  disk.flush();
  bytes.set(pattern(1024, 99), 20 * 512);
  expect(readFileSync(image)).toEqual(Buffer.from(bytes));
  expect(read(disk, 19, 4)).toEqual(Buffer.from(bytes.subarray(19 * 512, 23 * 512)));
});

test("read-only refuses writes and leaves the file alone", () => {
  const bytes = pattern(1024);
  writeFileSync(image, bytes);
  const disk = open("read-only");
  expect(disk.readOnly).toBe(true);
  expect(() => disk.write(0, pattern(512, 50))).toThrow();
  expect(readFileSync(image)).toEqual(Buffer.from(bytes));
});

test("a snapshot shows what was written and leaves the file alone", () => {
  // 21 sectors: the last block of 8 is not whole.
  const bytes = pattern(21 * 512);
  writeFileSync(image, bytes);
  const disk = open("snapshot");
  expect([disk.sectors, disk.readOnly]).toEqual([21, false]);
  const model = Buffer.from(bytes);
  for (const [sector, sectors] of [
    [0, 8],
    [3, 1],
    [6, 9],
    [20, 1],
    [16, 5],
    [7, 2],
  ] as const) {
    const written = pattern(sectors * 512, sector + 100);
    disk.write(sector, written);
    model.set(written, sector * 512);
    for (let from = 0; from < 21; from += 4) {
      const count = Math.min(9, 21 - from);
      expect(read(disk, from, count)).toEqual(model.subarray(from * 512, (from + count) * 512));
    }
  }
  disk.flush();
  expect(readFileSync(image)).toEqual(Buffer.from(bytes));
});

test("two snapshots of a file do not see each other", () => {
  writeFileSync(image, new Uint8Array(512));
  const [first, second] = [open("snapshot"), open("snapshot")];
  first.write(0, pattern(512));
  expect(read(second, 0, 1)).toEqual(Buffer.alloc(512));
});

test.each(["read-write", "read-only", "snapshot"] as const)(
  "%s fills up a last sector that is cut short",
  (mode) => {
    const bytes = pattern(1000);
    writeFileSync(image, bytes);
    const disk = open(mode);
    expect(disk.sectors).toBe(2);
    expect(disk.notice).toContain("1000 bytes, not a multiple of 512");
    expect(disk.notice).toContain("24 zero bytes");
    expect(disk.notice?.includes("grows")).toBe(mode === "read-write");
    expect(read(disk, 0, 2)).toEqual(Buffer.concat([bytes, Buffer.alloc(24)]));
    expect(statSync(image).size).toBe(1000);
  },
);

test("a write to a last sector cut short makes it whole", () => {
  writeFileSync(image, pattern(1000));
  const disk = open("read-write");
  disk.write(1, pattern(512, 77));
  expect(read(disk, 1, 1)).toEqual(Buffer.from(pattern(512, 77)));
  expect(statSync(image).size).toBe(1024);
});

test("a file cut short while in use is an error, not zeros", () => {
  writeFileSync(image, pattern(2048));
  const disk = open("read-only");
  truncateSync(image, 512);
  expect(() => read(disk, 0, 4)).toThrow("cut short");
});

test("says what is wrong with a path that is no disk", () => {
  expect(failure(image, "read-write")).toBe(`cannot open disk "${image}": there is no such file`);
  for (const mode of ["read-write", "read-only", "snapshot"] as const) {
    expect(failure(folder, mode)).toContain("it is a directory");
  }
  writeFileSync(image, "");
  expect(failure(image, "snapshot")).toContain("it is empty");
  expect(failure(join(image, "below"), "read-only")).toContain("a part of its path is not a directory");
});

test.skipIf(process.platform === "win32")("a pipe is refused without waiting for its other end", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(failure(pipe, "read-only")).toContain("not a regular file");
});

// The superuser may write anything.
test.skipIf(process.getuid?.() === 0)("a file that cannot be written names the modes that need not", () => {
  writeFileSync(image, pattern(512));
  chmodSync(image, 0o444);
  expect(failure(image, "read-write")).toMatch(
    /permission denied; .*disk\.img,readonly" or .*disk\.img,snapshot"/,
  );
  expect(read(open("snapshot"), 0, 1)).toEqual(Buffer.from(pattern(512)));
  chmodSync(image, 0);
  expect(failure(image, "read-write")).not.toContain("snapshot");
});

test.each([
  ["disk.img", "disk.img", "read-write"],
  ["disk.img,readonly", "disk.img", "read-only"],
  ["/images/root.ext4,snapshot", "/images/root.ext4", "snapshot"],
  ["a,b/disk.img", "a,b/disk.img", "read-write"],
  ["root,old.img", "root,old.img", "read-write"],
  ["root,old,snapshot", "root,old", "snapshot"],
  ["readonly", "readonly", "read-write"],
] as const)("%s names %s, %s", (spec, path, mode) => {
  expect(parseDisk(spec)).toEqual({ path, mode });
});

test("nothing is written after a crash", () => {
  expect(parseDisk("a.img,crash-after=2")).toEqual({ path: "a.img", mode: "read-write", crashAfter: 2 });
  writeFileSync(image, new Uint8Array(2048));
  let crashes = 0;
  const disk = openDisk({ path: image, mode: "read-write", crashAfter: 2 }, () => crashes++);
  opened.push(disk);
  disk.write(3, pattern(512, 3));
  expect(crashes).toBe(0);
  disk.write(1, pattern(512, 1));
  expect(crashes).toBe(1);
  disk.write(0, pattern(512, 9));
  disk.flush();
  expect(crashes).toBe(1);
  const written = [new Uint8Array(512), pattern(512, 1), new Uint8Array(512), pattern(512, 3)];
  expect(readFileSync(image)).toEqual(Buffer.concat(written));
});

test.each([
  ["a.img,latency=100us", { path: "a.img", mode: "read-write", latency: 1000n }],
  ["a.img,snapshot,latency=2ms", { path: "a.img", mode: "snapshot", latency: 20_000n }],
  [
    "a.img,crash-after=3,latency=1s",
    { path: "a.img", mode: "read-write", crashAfter: 3, latency: 10_000_000n },
  ],
])("%s says how slow the disk is", (spec, expected) => {
  expect(parseDisk(spec)).toEqual(expected);
  writeFileSync(image, new Uint8Array(512));
  const disk = openDisk({ ...parseDisk(spec), path: image });
  opened.push(disk);
  expect(disk.latency).toBe(expected.latency);
});

test.each([
  "disk.img,latency=100",
  "disk.img,latency=0us",
  "disk.img,ro",
  "disk.img,",
  "disk.img,snapshot,readonly2",
  "disk.img,crash-after=0",
  "disk.img,crash-after=",
])("%s has an unknown mode", (spec) => {
  expect(() => parseDisk(spec)).toThrow(Failure);
  expect(() => parseDisk(spec)).toThrow(/unknown mode .*; write FILE, FILE,readonly, FILE,snapshot or/);
});

test.each(["", ",readonly", ",snapshot"])("%j lacks the file", (spec) => {
  expect(() => parseDisk(spec)).toThrow("the file is missing");
});
