/** Disk images: files on the host as the guest's disks. */
import { accessSync, closeSync, constants, openSync, type Stats, statSync } from "node:fs";
import { ticksPerSecond } from "../../emulator/board/memory-map.ts";
import type { BlockStore } from "../../emulator/board/options.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import { CrashingStore } from "./crashing-store.ts";
import { FileStore } from "./file-store.ts";
import { SnapshotStore } from "./snapshot-store.ts";

const SECTOR_BYTES = 512;

const MODES = new Map<string, DiskMode>([
  ["readonly", "read-only"],
  ["snapshot", "snapshot"],
]);

const UNITS_PER_SECOND = new Map([
  ["us", 1_000_000n],
  ["ms", 1000n],
  ["s", 1n],
]);

/** Whether the guest's writes reach the file, are refused, or stay in memory until the machine ends. */
export type DiskMode = "read-write" | "read-only" | "snapshot";

export interface DiskSpec {
  readonly path: string;
  readonly mode: DiskMode;
  /** The machine loses its power after so many writes to this disk. */
  readonly crashAfter?: number;
  /** What each request takes, in ticks of guest time. */
  readonly latency?: bigint;
}

/** An open disk image. */
export interface Disk extends BlockStore {
  /** What the user should know about the image, if anything. */
  readonly notice: string | undefined;
  /** Lets go of the file. What the guest wrote in snapshot mode is gone. */
  close(): void;
}

/**
 * Reads `FILE[,readonly|,snapshot|,crash-after=WRITES][,latency=TIME]`. A comma elsewhere in the name is part of it, as
 * long as a dot or a slash follows.
 * Throws `Failure` when the file is missing or the mode unknown.
 */
export function parseDisk(spec: string): DiskSpec {
  const latency = /,latency=([1-9]\d{0,5})(us|ms|s)$/.exec(spec);
  if (latency !== null) {
    const [words, amount = "", unit = ""] = latency;
    const ticks = (BigInt(amount) * BigInt(ticksPerSecond)) / (UNITS_PER_SECOND.get(unit) ?? 1n);
    return { ...parseModes(spec.slice(0, -words.length), spec), latency: ticks };
  }
  return parseModes(spec, spec);
}

/** Reads what is left of `spec` without its latency. */
function parseModes(text: string, spec: string): DiskSpec {
  const comma = text.lastIndexOf(",");
  const word = text.slice(comma + 1);
  const crash = /^crash-after=([1-9]\d{0,14})$/.exec(word);
  const mode = comma < 0 ? undefined : crash === null ? MODES.get(word) : "read-write";
  const path = mode === undefined ? text : text.slice(0, comma);
  if (mode === undefined && comma >= 0 && !/[./]/.test(word)) {
    throw usage(`--disk ${spec}: unknown mode "${word}"`);
  }
  if (path === "") throw usage(`--disk ${spec}: the file is missing`);
  return { path, mode: mode ?? "read-write", ...(crash !== null && { crashAfter: Number(crash[1]) }) };
}

/**
 * Opens an image file. Throws `Failure` when it cannot serve as a disk: missing, not a regular file, empty,
 * or not writable although `mode` needs it. `onCrash` is called when the power fails as the user wishes.
 */
export function openDisk(
  { path, mode, crashAfter, latency }: DiskSpec,
  onCrash: () => void = () => {},
): Disk {
  const bytes = imageBytes(path);
  const file = openFile(path, mode === "read-write");
  const store = new FileStore(file, bytes, mode !== "read-write");
  const stable = mode === "snapshot" ? new SnapshotStore(store) : store;
  return Object.assign(crashAfter === undefined ? stable : new CrashingStore(stable, crashAfter, onCrash), {
    ...(latency !== undefined && { latency }),
    notice: describeRemainder(path, bytes, mode),
    close: () => closeSync(file),
  });
}

/** Asked before the file is opened: to open a pipe would wait for its other end. */
function imageBytes(path: string): number {
  let status: Stats;
  try {
    status = statSync(path);
  } catch (error) {
    throw refusal(path, describeFileError(error));
  }
  if (status.isDirectory()) throw refusal(path, "it is a directory");
  if (!status.isFile()) throw refusal(path, "it is not a regular file");
  if (status.size === 0) throw refusal(path, "it is empty; a disk has at least one sector of 512 bytes");
  return status.size;
}

function openFile(path: string, writable: boolean): number {
  try {
    return openSync(path, writable ? "r+" : "r");
  } catch (error) {
    const advice = `; to leave the file as it is, write "${path},readonly" or "${path},snapshot"`;
    throw refusal(path, describeFileError(error) + (writable && isReadable(path) ? advice : ""));
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function usage(problem: string): Failure {
  return new Failure(
    `${problem}; write FILE, FILE,readonly, FILE,snapshot or FILE,crash-after=WRITES, and ,latency=TIME behind it as in latency=100us`,
    exitStatus.badUsage,
  );
}

function refusal(path: string, reason: string): Failure {
  return new Failure(`cannot open disk "${path}": ${reason}`, exitStatus.badInput);
}

function describeRemainder(path: string, bytes: number, mode: DiskMode): string | undefined {
  const missing = (SECTOR_BYTES - (bytes % SECTOR_BYTES)) % SECTOR_BYTES;
  if (missing === 0) return undefined;
  const growth = mode === "read-write" ? "; the file grows by them if the guest writes there" : "";
  return (
    `disk "${path}" has ${bytes} bytes, not a multiple of 512: ` +
    `its last sector is filled up with ${missing} zero bytes${growth}`
  );
}
