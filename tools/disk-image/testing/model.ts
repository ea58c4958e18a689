/** A file system as it should behave: names, contents and links in plain objects. */
import { errorNumber, type Handle, type Volume } from "../volume.ts";

export const DIRECTORY = 0o040755;
export const REGULAR = 0o100644;
export const LINK = 0o120777;

type Node =
  | { kind: "directory"; entries: Map<string, Node> }
  | { kind: "file"; bytes: Uint8Array; links: number }
  | { kind: "link"; target: string };

type Directory = Extract<Node, { kind: "directory" }>;

/** Something done to a file system; paths are relative to its root. */
export type Step =
  | { do: "create"; path: string }
  | { do: "mkdir"; path: string }
  | { do: "symlink"; path: string; target: string }
  | { do: "write"; path: string; offset: number; length: number; value: number }
  | { do: "append"; path: string; length: number; value: number }
  | { do: "truncate"; path: string; size: number }
  | { do: "unlink"; path: string }
  | { do: "rmdir"; path: string }
  | { do: "rename"; path: string; to: string }
  | { do: "link"; path: string; to: string }
  | { do: "sync" };

/** Thrown with the number of an error that an operation must have. */
class Refusal extends Error {
  readonly number: number;
  constructor(number: number) {
    super(`refused: ${number}`);
    this.number = number;
  }
}

/** What a step writes: differs from place to place. */
export function pattern(length: number, value: number, offset: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, index) => (value + (offset + index) * 7 + ((offset + index) >> 9)) & 0xff,
  );
}

function split(path: string): [folder: string[], name: string] {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  return [parts, name];
}

export class Model {
  readonly #root: Directory = { kind: "directory", entries: new Map() };

  /** Does a step; answers 0, or the error it must end with. */
  apply(step: Step): number {
    try {
      this.#apply(step);
      return 0;
    } catch (error) {
      if (error instanceof Refusal) return error.number;
      throw error;
    }
  }

  /** Everything there is, as text. */
  describe(): string {
    return describeTree("", (path) => this.#inspect(path));
  }

  #apply(step: Step): void {
    if (step.do === "sync") return;
    const [folder, name] = split(step.path);
    const directory = this.#directory(folder);
    const node = directory.entries.get(name);
    switch (step.do) {
      case "create":
      case "mkdir":
      case "symlink":
        if (node !== undefined) throw new Refusal(errorNumber.exists);
        if (step.do === "create") {
          directory.entries.set(name, { kind: "file", bytes: new Uint8Array(), links: 1 });
        } else if (step.do === "mkdir") {
          directory.entries.set(name, { kind: "directory", entries: new Map() });
        } else {
          directory.entries.set(name, { kind: "link", target: step.target });
        }
        break;
      case "write":
      case "append": {
        const file = asFile(node);
        const offset = step.do === "write" ? step.offset : file.bytes.length;
        const bytes = new Uint8Array(Math.max(file.bytes.length, offset + step.length));
        bytes.set(file.bytes);
        bytes.set(pattern(step.length, step.value, offset), offset);
        file.bytes = bytes;
        break;
      }
      case "truncate": {
        const file = asFile(node);
        const bytes = new Uint8Array(step.size);
        bytes.set(file.bytes.subarray(0, step.size));
        file.bytes = bytes;
        break;
      }
      case "unlink":
        if (node === undefined) throw new Refusal(errorNumber.notFound);
        if (node.kind === "directory") throw new Refusal(errorNumber.isADirectory);
        directory.entries.delete(name);
        if (node.kind === "file") node.links--;
        break;
      case "rmdir":
        if (node === undefined) throw new Refusal(errorNumber.notFound);
        if (node.kind !== "directory") throw new Refusal(errorNumber.notADirectory);
        if (node.entries.size > 0) throw new Refusal(errorNumber.notEmpty);
        directory.entries.delete(name);
        break;
      case "rename":
        this.#rename(directory, name, node, step.to);
        break;
      case "link": {
        const [toFolder, toName] = split(step.to);
        const target = this.#directory(toFolder);
        if (node === undefined) throw new Refusal(errorNumber.notFound);
        if (node.kind === "directory") throw new Refusal(errorNumber.notPermitted);
        if (target.entries.has(toName)) throw new Refusal(errorNumber.exists);
        target.entries.set(toName, node);
        if (node.kind === "file") node.links++;
        break;
      }
    }
  }

  #rename(directory: Directory, name: string, node: Node | undefined, to: string): void {
    const [folder, newName] = split(to);
    const target = this.#directory(folder);
    if (node === undefined) throw new Refusal(errorNumber.notFound);
    if (node.kind === "directory" && target !== directory && this.#isBelow(folder, node)) {
      throw new Refusal(errorNumber.invalid);
    }
    const old = target.entries.get(newName);
    if (old === node) return;
    if (old !== undefined) {
      const [wants, is] = [node.kind === "directory", old.kind === "directory"];
      if (wants && !is) throw new Refusal(errorNumber.notADirectory);
      if (!wants && is) throw new Refusal(errorNumber.isADirectory);
      if (old.kind === "directory" && old.entries.size > 0) throw new Refusal(errorNumber.notEmpty);
      if (old.kind === "file") old.links--;
    }
    directory.entries.delete(name);
    target.entries.set(newName, node);
  }

  #isBelow(folder: readonly string[], node: Node): boolean {
    return folder.some((_, index) => this.#directory(folder.slice(0, index + 1)) === node);
  }

  #directory(folder: readonly string[]): Directory {
    let directory = this.#root;
    for (const name of folder) {
      const node = directory.entries.get(name);
      if (node === undefined) throw new Refusal(errorNumber.notFound);
      if (node.kind !== "directory") throw new Refusal(errorNumber.notADirectory);
      directory = node;
    }
    return directory;
  }

  #inspect(path: string): Inspected {
    if (path === "") return { names: [...this.#root.entries.keys()] };
    const [folder, name] = split(path);
    const node = this.#directory(folder).entries.get(name);
    if (node?.kind === "directory") return { names: [...node.entries.keys()] };
    if (node?.kind === "link") return { text: `-> ${node.target}` };
    return { text: describeFile(node?.bytes ?? new Uint8Array(), node?.links ?? 0) };
  }
}

function asFile(node: Node | undefined): Extract<Node, { kind: "file" }> {
  if (node === undefined) throw new Refusal(errorNumber.notFound);
  if (node.kind === "directory") throw new Refusal(errorNumber.isADirectory);
  if (node.kind === "link") throw new Refusal(errorNumber.invalid);
  return node;
}

type Inspected = { names: string[] } | { text: string };

function describeTree(path: string, inspect: (path: string) => Inspected): string {
  const found = inspect(path);
  if ("text" in found) return `${path} ${found.text}\n`;
  const children = found.names
    .sort()
    .map((name) => describeTree(path === "" ? name : `${path}/${name}`, inspect));
  return `${path}/\n${children.join("")}`;
}

/** A hash that is enough to tell our patterns from each other. */
function describeFile(bytes: Uint8Array, links: number): string {
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) ^ (hash >>> 15);
  return `${bytes.length} bytes, ${links} links, ${(hash >>> 0).toString(16)}`;
}

/** The file at a path. Throws `FilesError`. */
export function find(volume: Volume, path: readonly string[]): Handle {
  return path.reduce((directory, name) => volume.lookup(directory, name).handle, volume.root);
}

/** Does a step to a real file system, and frees what it leaves without a name. Throws `FilesError`. */
export function applyStep(volume: Volume, step: Step): void {
  if (step.do === "sync") {
    volume.sync();
    return;
  }
  const [folder, name] = split(step.path);
  const directory = find(volume, folder);
  const other = "to" in step ? split(step.to) : undefined;
  let orphan: Handle | undefined;
  switch (step.do) {
    case "create":
      volume.create(directory, name, REGULAR);
      break;
    case "mkdir":
      volume.create(directory, name, DIRECTORY);
      break;
    case "symlink":
      volume.create(directory, name, LINK, { target: step.target });
      break;
    case "write":
    case "append": {
      const file = volume.lookup(directory, name);
      const offset = step.do === "write" ? step.offset : file.size;
      volume.write(file.handle, step.do === "write" ? offset : -1, pattern(step.length, step.value, offset));
      break;
    }
    case "truncate":
      volume.setSize(volume.lookup(directory, name).handle, step.size);
      break;
    case "unlink":
      orphan = volume.unlink(directory, name);
      break;
    case "rmdir":
      orphan = volume.removeDirectory(directory, name);
      break;
    case "rename":
      orphan = volume.rename(directory, name, find(volume, other?.[0] ?? []), other?.[1] ?? "");
      break;
    case "link": {
      const to = find(volume, other?.[0] ?? []);
      volume.link(to, other?.[1] ?? "", volume.lookup(directory, name).handle);
      break;
    }
  }
  if (orphan) volume.reclaim(orphan);
}

/** Everything there is on a real file system, in the words of `Model.describe`. */
export function describeVolume(volume: Volume): string {
  return describeTree("", (path) => {
    const attributes = volume.stat(find(volume, path === "" ? [] : path.split("/")));
    switch (attributes.mode & 0o170000) {
      case 0o040000:
        return { names: volume.list(attributes.handle) };
      case 0o120000:
        return { text: `-> ${volume.readLink(attributes.handle)}` };
      default:
        return {
          text: describeFile(readWhole(volume, attributes.handle, attributes.size), attributes.links),
        };
    }
  });
}

/** All bytes of a file. */
export function readWhole(volume: Volume, file: Handle, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let offset = 0; offset < size; ) {
    const read = volume.read(file, offset, size - offset);
    if (read.length === 0) break;
    bytes.set(read, offset);
    offset += read.length;
  }
  return bytes;
}
