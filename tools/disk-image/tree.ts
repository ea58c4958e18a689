/** Files and folders, from the host into a file system and back. */
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { describeFileError } from "../host/read-input.ts";
import { DATA_BYTES } from "./core.ts";
import { type Attributes, errorNumber, FilesError, type Handle, type Volume } from "./volume.ts";

const TYPE_MASK = 0o170000;
const types = { regular: 0o100000, directory: 0o040000, link: 0o120000 } as const;

/** Something in a file system, by its path from the root. */
export interface Item {
  readonly path: string;
  readonly attributes: Attributes;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

export function isDirectory({ mode }: Attributes): boolean {
  return (mode & TYPE_MASK) === types.directory;
}

function components(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** What the path names. Throws `Failure`. */
export function find(volume: Volume, path: string): Attributes {
  return explain(`"${path}"`, () => {
    let found = volume.stat(volume.root);
    for (const name of components(path)) found = volume.lookup(found.handle, name);
    return found;
  });
}

/** Runs something that the file system may refuse, and says what it was about. */
function explain<Result>(subject: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    throw new Failure(`${subject}: ${error.message}`, exitStatus.badInput);
  }
}

/** The same for something on the host. */
function explainHost<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof Failure || error instanceof FilesError) throw error;
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    const reason = exists ? "it exists already" : describeFileError(error);
    throw new Failure(`"${path}": ${reason}`, exitStatus.badInput);
  }
}

/** Everything at and below a path, a folder before what is in it, in the order of names. Throws `Failure`. */
export function* walk(volume: Volume, path: string): Generator<Item> {
  const clean = components(path).join("/");
  yield* walkFrom(volume, clean, find(volume, clean), []);
}

function* walkFrom(volume: Volume, path: string, attributes: Attributes, above: number[]): Generator<Item> {
  const { handle, mode } = attributes;
  const target =
    (mode & TYPE_MASK) === types.link ? explain(`"${path}"`, () => volume.readLink(handle)) : undefined;
  yield { path, attributes, target };
  if (!isDirectory(attributes)) return;
  const names = explain(`"${path}"`, () => {
    // A damaged folder may lie in itself.
    if (above.includes(handle.inode)) throw new FilesError(errorNumber.corrupt);
    return volume.list(handle).sort();
  });
  for (const name of names) {
    const child = path === "" ? name : `${path}/${name}`;
    const found = explain(`"${child}"`, () => volume.lookup(handle, name));
    yield* walkFrom(volume, child, found, [...above, handle.inode]);
  }
}

/** `mode` replaces the files' permissions. No file counts as younger than `newest`, in milliseconds since 1970. */
export interface AddOptions {
  readonly mode?: number | undefined;
  readonly newest?: number | undefined;
}

/** Puts files and folders of the host into a folder of the file system. Files that are there are replaced. */
export class Adder {
  readonly #volume: Volume;
  readonly #options: AddOptions;
  /** Files of the host that have several names, by device and inode. */
  readonly #linked = new Map<string, Handle>();

  constructor(volume: Volume, options: AddOptions) {
    this.#volume = volume;
    this.#options = options;
  }

  /** Adds a file or a folder by the name it has. Throws `Failure`. */
  add(source: string, folder: Handle): void {
    this.#addAs(source, folder, basename(resolve(source)));
  }

  /** Adds what is in a folder, and gives `folder` its permissions and its time. Throws `Failure`. */
  addContents(source: string, folder: Handle): void {
    const status = explainHost(source, () => lstatSync(source));
    for (const name of explainHost(source, () => readdirSync(source).sort())) {
      this.#addAs(join(source, name), folder, name);
    }
    this.#volume.set(folder, status.mode & 0o7777, this.#time(status));
  }

  #addAs(source: string, folder: Handle, name: string): void {
    const status = explainHost(source, () => lstatSync(source));
    this.#volume.now = this.#time(status);
    const there = this.#lookup(source, folder, name);
    if (status.isDirectory()) {
      const made =
        there ?? explain(`cannot add "${source}"`, () => this.#create(folder, name, types.directory));
      if (!isDirectory(made)) throw conflict(source, "a file of that name is there");
      this.addContents(source, made.handle);
      return;
    }
    if (there !== undefined && isDirectory(there)) throw conflict(source, "a folder of that name is there");
    if (there !== undefined) this.#unlink(folder, name);
    if (status.isSymbolicLink()) {
      const target = explainHost(source, () => readlinkSync(source));
      explain(`cannot add "${source}"`, () => this.#create(folder, name, types.link | 0o777, target));
    } else if (status.isFile()) {
      this.#addFile(source, folder, name, status);
    } else {
      throw conflict(source, "it is neither a file nor a folder nor a symbolic link");
    }
  }

  #lookup(source: string, folder: Handle, name: string): Attributes | undefined {
    return explain(`cannot add "${source}"`, () => {
      try {
        return this.#volume.lookup(folder, name);
      } catch (error) {
        if (error instanceof FilesError && error.number === errorNumber.notFound) return undefined;
        throw error;
      }
    });
  }

  #unlink(folder: Handle, name: string): void {
    const orphan = this.#volume.unlink(folder, name);
    if (orphan) this.#volume.reclaim(orphan);
  }

  #create(folder: Handle, name: string, mode: number, target = ""): Attributes {
    return this.#volume.create(folder, name, mode, { target });
  }

  #addFile(source: string, folder: Handle, name: string, status: Stats): void {
    const identity = `${status.dev} ${status.ino}`;
    const twin = status.nlink > 1 ? this.#linked.get(identity) : undefined;
    explain(`cannot add "${source}"`, () => {
      if (twin !== undefined) {
        this.#volume.link(folder, name, twin);
        return;
      }
      const permissions = this.#options.mode ?? status.mode & 0o7777;
      const { handle } = this.#create(folder, name, types.regular | permissions);
      this.#linked.set(identity, handle);
      try {
        explainHost(source, () => copyIn(this.#volume, source, handle));
      } catch (error) {
        this.#unlink(folder, name); // half a file is none
        throw error;
      }
      this.#volume.set(handle, permissions, this.#time(status));
    });
  }

  #time({ mtimeMs }: Stats): number {
    return Math.min(mtimeMs, this.#options.newest ?? Number.POSITIVE_INFINITY);
  }
}

function conflict(source: string, reason: string): Failure {
  return new Failure(`cannot add "${source}": ${reason}`, exitStatus.badInput);
}

function copyIn(volume: Volume, source: string, to: Handle): void {
  const file = openSync(source, "r");
  try {
    const chunk = new Uint8Array(DATA_BYTES);
    for (let offset = 0; ; ) {
      const count = readSync(file, chunk, 0, chunk.length, offset);
      if (count === 0) return;
      const written = volume.write(to, offset, chunk.subarray(0, count));
      if (written < count) throw new FilesError(errorNumber.noSpace);
      offset += count;
    }
  } finally {
    closeSync(file);
  }
}

/** Removes a file, or a folder with all that is in it. Throws `Failure`. */
export function remove(volume: Volume, path: string): void {
  const parts = components(path);
  const name = parts.pop();
  if (name === undefined) throw new Failure(`"${path}": the root cannot be removed`, exitStatus.badInput);
  // What is deepest goes first.
  for (const item of [...walk(volume, [...parts, name].join("/"))].reverse()) {
    explain(`cannot remove "${item.path}"`, () => {
      const above = components(item.path);
      const last = above.pop() ?? "";
      const folder = find(volume, above.join("/"));
      volume.now = folder.modified;
      const orphan = isDirectory(item.attributes)
        ? volume.removeDirectory(folder.handle, last)
        : volume.unlink(folder.handle, last);
      if (orphan) volume.reclaim(orphan);
    });
  }
}

/** Copies what the path names, and all below it, into a folder of the host, which is made. Throws `Failure`. */
export function extract(volume: Volume, path: string, folder: string): void {
  const parts = components(path);
  const above = parts.slice(0, -1).join("/");
  explainHost(folder, () => mkdirSync(folder, { recursive: true }));
  const folders: { to: string; modified: number }[] = [];
  for (const item of walk(volume, path)) {
    const to = join(folder, above === "" ? item.path : item.path.slice(above.length + 1));
    explainHost(to, () => extractItem(volume, item, to));
    if (isDirectory(item.attributes)) folders.push({ to, modified: item.attributes.modified });
  }
  // What was put into a folder has changed its time.
  for (const { to, modified } of folders.reverse()) utimesSync(to, modified / 1000, modified / 1000);
}

function extractItem(volume: Volume, { path, attributes, target }: Item, to: string): void {
  if (target !== undefined) {
    symlinkSync(target, to);
    return;
  }
  if (isDirectory(attributes)) {
    const there = lstatSync(to, { throwIfNoEntry: false });
    if (there === undefined) mkdirSync(to, { mode: attributes.mode & 0o777 });
    else if (!there.isDirectory()) throw new Failure(`"${to}" is in the way`, exitStatus.badInput);
    return;
  }
  if ((attributes.mode & TYPE_MASK) !== types.regular) {
    throw new Failure(
      `"${path}" is a device, a pipe or a socket; such are not extracted`,
      exitStatus.badInput,
    );
  }
  const file = openSync(to, "wx", attributes.mode & 0o777);
  try {
    copyOut(volume, attributes, file);
  } finally {
    closeSync(file);
  }
  utimesSync(to, attributes.modified / 1000, attributes.modified / 1000);
}

function copyOut(volume: Volume, { handle, size }: Attributes, file: number): void {
  ftruncateSync(file, size);
  for (let offset = 0; offset < size; ) {
    const bytes = volume.read(handle, offset, DATA_BYTES);
    if (bytes.length === 0) throw new FilesError(errorNumber.corrupt);
    // Holes stay holes.
    if (bytes.some((byte) => byte !== 0)) writeSync(file, bytes, 0, bytes.length, offset);
    offset += bytes.length;
  }
}
