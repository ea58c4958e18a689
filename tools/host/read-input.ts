/** Files the user names: read whole, with a message that says which one and why when that fails. */
import type { Stats } from "node:fs";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { exitStatus } from "./exit-status.ts";
import { Failure } from "./failure.ts";

/** Every host reads so many bytes in one go, if it has them. */
const mostAtOnce = 2 ** 30;

const reasons = new Map([
  ["ENOENT", "there is no such file"],
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a directory"],
  ["ENOTDIR", "a part of its path is not a directory"],
  ["ERR_FS_FILE_TOO_LARGE", "it is larger than 2 GiB"],
  ["ENOSPC", "the disk is full"],
  ["EROFS", "the file system is read-only"],
]);

/** Why a file operation failed, in words. */
export function describeFileError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return reasons.get(code) ?? error.message;
}

/** The bytes of the file at `path`; `role` is what it is for, such as "kernel". Throws `Failure`, also when it is empty. */
export async function readInput(role: string, path: string): Promise<Uint8Array> {
  const refuse = (reason: string) =>
    new Failure(`cannot read ${role} "${path}": ${reason}`, exitStatus.badInput);
  let bytes: Uint8Array;
  try {
    const status = await stat(path);
    // Some devices have no end, and all of the host's memory would go before that is noticed.
    if (status.isCharacterDevice()) throw refuse("it is a device, not a file");
    bytes = (await readAtOnce(path, status)) ?? (await readFile(path));
  } catch (error) {
    throw error instanceof Failure ? error : refuse(describeFileError(error));
  }
  if (bytes.length === 0) throw new Failure(`${role} "${path}" is empty`, exitStatus.badInput);
  return bytes;
}

/**
 * What a file holds, while this thread does something else: `readFile` comes back to it for every half a megabyte.
 * Undefined where one read does not give all, or the size is not known before, as with a pipe.
 */
async function readAtOnce(path: string, status: Stats): Promise<Uint8Array | undefined> {
  if (!status.isFile() || status.size === 0 || status.size > mostAtOnce) return undefined;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(status.size));
    return bytesRead === status.size ? buffer : undefined;
  } finally {
    await file.close();
  }
}

/** Writes a file the user asked for. Throws `Failure`. */
export async function writeOutput(role: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = missing ? "there is no such folder" : describeFileError(error);
    throw new Failure(`cannot write ${role} "${path}": ${reason}`, exitStatus.badInput);
  }
}
