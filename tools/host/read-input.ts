/** Files the user names: read whole, with a message that says which one and why when that fails. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { exitStatus } from "./exit-status.ts";
import { Failure } from "./failure.ts";

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
    // Some devices have no end, and all of the host's memory would go before that is noticed.
    if ((await stat(path)).isCharacterDevice()) throw refuse("it is a device, not a file");
    bytes = await readFile(path);
  } catch (error) {
    throw error instanceof Failure ? error : refuse(describeFileError(error));
  }
  if (bytes.length === 0) throw new Failure(`${role} "${path}" is empty`, exitStatus.badInput);
  return bytes;
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
