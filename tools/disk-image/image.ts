/** Image files: made, opened, and closed again. */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, renameSync, rmSync } from "node:fs";
import type { BlockStore } from "../../emulator/board/options.ts";
import { type DiskMode, openDisk } from "../disk/disk.ts";
import { FileStore } from "../disk/file-store.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import { BLOCK_BYTES } from "./core.ts";
import { type BlockDevice, errorNumber, FilesError, formatDevice, Volume } from "./volume.ts";

const BLOCK_SECTORS = BLOCK_BYTES / 512;

/** A disk of sectors as one of blocks. What is left over at its end is not used. */
class StoreDevice implements BlockDevice {
  readonly blocks: number;
  readonly #store: BlockStore;

  constructor(store: BlockStore) {
    this.#store = store;
    this.blocks = Math.floor(store.sectors / BLOCK_SECTORS);
  }

  read(block: number, into: Uint8Array): void {
    this.#store.read(block * BLOCK_SECTORS, into);
  }

  write(block: number, from: Uint8Array): void {
    this.#store.write(block * BLOCK_SECTORS, from);
  }

  flush(): void {
    this.#store.flush();
  }
}

/** Sizes in bytes; `now` is the time of the root directory in milliseconds since 1970. */
export interface ImageOptions {
  readonly bytes: number;
  readonly swapBytes: number;
  readonly now: number;
}

/**
 * Makes an image file, which `fill` may put files into; it appears under its name when it is finished. Throws `Failure`
 * when there is such a file already, or the size is too small.
 */
export function createImage(path: string, options: ImageOptions, fill: (volume: Volume) => void): void {
  const { bytes, swapBytes, now } = options;
  const unfinished = `${path}.${process.pid}`;
  refuseExisting(path);
  let file: number | undefined;
  try {
    file = openSync(unfinished, "wx+");
    ftruncateSync(file, bytes);
    const device = new StoreDevice(new FileStore(file, bytes, false));
    const text = `${bytes} ${swapBytes} ${now}`;
    const identity = createHash("sha256").update(text).digest().readBigUInt64LE();
    formatDevice(device, { swapBlocks: swapBytes / BLOCK_BYTES, identity, now });
    const volume = new Volume(device);
    volume.now = now;
    fill(volume);
    volume.settle();
    refuseExisting(path);
    renameSync(unfinished, path);
  } catch (error) {
    if (file !== undefined) rmSync(unfinished, { force: true });
    if (error instanceof Failure || error instanceof FilesError) throw error;
    throw refusal("make", path, describeFileError(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refuseExisting(path: string): void {
  try {
    closeSync(openSync(path, "r"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw refusal("make", path, describeFileError(error));
  }
  throw refusal("make", path, "it exists already; remove it first");
}

/**
 * Mounts an image file, has it `used`, and writes everything to its place. In mode "snapshot" the file stays as it is.
 * Throws `Failure` when the file is missing or holds no file system.
 */
export function withImage<Result>(path: string, mode: DiskMode, use: (volume: Volume) => Result): Result {
  const disk = openDisk({ path, mode });
  try {
    const volume = mount(path, new StoreDevice(disk));
    try {
      return use(volume);
    } finally {
      volume.settle(); // what was done before something was refused stays done
    }
  } finally {
    disk.close();
  }
}

function mount(path: string, device: BlockDevice): Volume {
  try {
    return new Volume(device);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    const reason =
      error.number === errorNumber.invalid
        ? "it holds no file system of Trapframe, or was cut short; trapframe image create makes one"
        : error.message;
    throw refusal("use", path, reason);
  }
}

function refusal(what: string, path: string, reason: string): Failure {
  return new Failure(`cannot ${what} image "${path}": ${reason}`, exitStatus.badInput);
}
