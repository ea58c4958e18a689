/** A disk with our file system, used one operation after the other. */
import { BLOCK_BYTES, type CoreExports, DATA_BYTES, instantiateCore } from "./core.ts";

/** Something that holds blocks of `BLOCK_BYTES`. All throw when the host fails. */
export interface BlockDevice {
  readonly blocks: number;
  read(block: number, into: Uint8Array): void;
  write(block: number, from: Uint8Array): void;
  /** What was written before outlives the power. */
  flush(): void;
}

/** Names a file for as long as it exists. */
export interface Handle {
  readonly inode: number;
  readonly generation: number;
}

/** Times are milliseconds since 1970. */
export interface Attributes {
  readonly handle: Handle;
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a device file: major and minor as Linux packs them. */
  readonly device: number;
  readonly size: number;
  readonly blocks: number;
  readonly modified: number;
}

/** Counted in blocks and inodes; what the file system itself needs is not among them. */
export interface Statistics {
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/** Errors by their number in Linux, as far as the core has them. */
export const errorNumber = {
  notPermitted: 1,
  notFound: 2,
  ioError: 5,
  busy: 16,
  exists: 17,
  notADirectory: 20,
  isADirectory: 21,
  invalid: 22,
  tooLarge: 27,
  noSpace: 28,
  tooManyLinks: 31,
  nameTooLong: 36,
  notEmpty: 39,
  loop: 40,
  stale: 116,
  corrupt: 117,
} as const;

const reasons = new Map<number, string>([
  [errorNumber.notPermitted, "not permitted"],
  [errorNumber.notFound, "there is no such file or folder"],
  [errorNumber.ioError, "the disk failed"],
  [errorNumber.exists, "it exists already"],
  [errorNumber.notADirectory, "it is no folder"],
  [errorNumber.isADirectory, "it is a folder"],
  [errorNumber.invalid, "it is no file system of Trapframe"],
  [errorNumber.tooLarge, "it is too large"],
  [errorNumber.noSpace, "the disk is full"],
  [errorNumber.tooManyLinks, "it has too many names"],
  [errorNumber.nameTooLong, "the name is too long"],
  [errorNumber.notEmpty, "the folder is not empty"],
  [errorNumber.stale, "it is gone"],
  [errorNumber.corrupt, "the file system is damaged"],
]);

/** An operation was refused. */
export class FilesError extends Error {
  override readonly name = "FilesError";
  /** As Linux numbers errors. */
  readonly number: number;

  constructor(number: number) {
    super(reasons.get(number) ?? `error ${number}`);
    this.number = number;
  }
}

/** `identity` tells this file system from others; `now` is the root's time in milliseconds. */
export interface FormatOptions {
  readonly swapBlocks: number;
  readonly identity: bigint;
  readonly now: number;
  /** Default: yes. */
  readonly journal?: boolean;
}

const checkerNeedsNothing = { readBlock: () => {}, report: () => {} };

/** Puts an empty file system on a device, whose blocks are all zero. Throws `FilesError` when it is too small. */
export function formatDevice(device: BlockDevice, options: FormatOptions): void {
  const core = instantiateCore(checkerNeedsNothing);
  const journal = options.journal === false ? 0 : 1;
  const blocks = core.format_start(device.blocks, options.swapBlocks, journal, options.identity);
  if (blocks === 0) throw new FilesError(errorNumber.noSpace);
  const write = (block: number): void => {
    const address = core.format_block(block, nanoseconds(options.now));
    const bytes = new Uint8Array(core.memory.buffer, address, BLOCK_BYTES);
    if (block === 0 || bytes.some((byte) => byte !== 0)) device.write(block, bytes);
  };
  for (let block = 1; block < blocks; block++) write(block);
  device.flush();
  write(0);
  device.flush();
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

const SLOT = 0;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CACHE_BLOCKS = 1024;
const COMMIT_BLOCKS = 252;

/** A mounted file system. Every method throws `FilesError` when the operation is refused. */
export class Volume {
  readonly root: Handle = { inode: 1, generation: 1 };
  /** Of what is changed from now on, in milliseconds since 1970. */
  now = 0;
  readonly core: CoreExports;
  readonly #device: BlockDevice;
  readonly #problems: string[] = [];
  readonly #numbers = new Float64Array(18);

  /** Mounts: what the journal holds is recovered. */
  constructor(
    device: BlockDevice,
    {
      cacheBlocks = CACHE_BLOCKS,
      commitBlocks = COMMIT_BLOCKS,
      module = undefined as WebAssembly.Module | undefined,
    } = {},
  ) {
    this.#device = device;
    this.core = instantiateCore(
      {
        readBlock: (block, into) => device.read(block, into),
        report: (message) => this.#problems.push(message),
      },
      module,
    );
    if (!this.core.open_disk(device.blocks, cacheBlocks, commitBlocks)) throw new Error("out of memory");
    this.core.begin_mount(SLOT);
    this.#finish();
  }

  /** A name in a directory. */
  lookup(directory: Handle, name: string): Attributes {
    this.core.begin_lookup(SLOT, directory.inode, directory.generation, this.#putName(name));
    this.#finish();
    return this.#attributes();
  }

  stat(file: Handle): Attributes {
    this.core.begin_stat(SLOT, file.inode, file.generation);
    this.#finish();
    return this.#attributes();
  }

  /** Up to `DATA_BYTES` bytes; fewer at the end. */
  read(file: Handle, offset: number, length: number): Uint8Array {
    this.core.begin_read(SLOT, file.inode, file.generation, offset, Math.min(length, DATA_BYTES));
    return this.#data(this.#finish());
  }

  /** Up to `DATA_BYTES` bytes; a negative offset appends. Answers how many were written: fewer when the disk is full. */
  write(file: Handle, offset: number, bytes: Uint8Array): number {
    this.#data(DATA_BYTES).set(bytes.subarray(0, DATA_BYTES));
    const length = Math.min(bytes.length, DATA_BYTES);
    this.core.begin_write(SLOT, file.inode, file.generation, offset, length);
    return this.#finish();
  }

  /** `mode` has the type, too; a symbolic link needs its target. */
  create(directory: Handle, name: string, mode: number, { device = 0, target = "" } = {}): Attributes {
    const bytes = encoder.encode(target);
    if (bytes.length > DATA_BYTES) throw new FilesError(errorNumber.nameTooLong);
    this.#data(bytes.length).set(bytes);
    const { inode, generation } = directory;
    this.core.begin_create(SLOT, inode, generation, this.#putName(name), mode, device, bytes.length);
    this.#finish();
    return this.#attributes();
  }

  readLink(file: Handle): string {
    this.core.begin_read_link(SLOT, file.inode, file.generation);
    return decoder.decode(this.#data(this.#finish()));
  }

  /** Gives `file` another name. */
  link(directory: Handle, name: string, file: Handle): void {
    const { inode, generation } = directory;
    this.core.begin_link(SLOT, inode, generation, this.#putName(name), file.inode, file.generation);
    this.#finish();
  }

  /** Answers the file if that was its last name: to be reclaimed. */
  unlink(directory: Handle, name: string): Handle | undefined {
    this.core.begin_unlink(SLOT, directory.inode, directory.generation, this.#putName(name));
    this.#finish();
    return this.#orphan();
  }

  removeDirectory(directory: Handle, name: string): Handle | undefined {
    this.core.begin_remove_directory(SLOT, directory.inode, directory.generation, this.#putName(name));
    this.#finish();
    return this.#orphan();
  }

  rename(from: Handle, name: string, to: Handle, newName: string): Handle | undefined {
    const nameBytes = this.#putName(name);
    const newBytes = this.#putName(newName, this.core.slot_other_name(SLOT));
    this.core.begin_rename(SLOT, from.inode, from.generation, nameBytes, to.inode, to.generation, newBytes);
    this.#finish();
    return this.#orphan();
  }

  /** Frees what has no name, or what a change of size has left. */
  reclaim(file: Handle): void {
    this.core.begin_reclaim(SLOT, file.inode, file.generation);
    this.#finish();
  }

  setSize(file: Handle, size: number): void {
    this.core.begin_set_size(SLOT, file.inode, file.generation, size);
    this.#finish();
    const rest = this.#orphan();
    if (rest) this.reclaim(rest);
  }

  /** Sets permissions and the time of the last change. */
  set(file: Handle, permissions: number, modified: number): void {
    this.core.begin_set(SLOT, file.inode, file.generation, permissions, nanoseconds(modified));
    this.#finish();
  }

  /** All names but `.` and `..`, as they lie. */
  list(directory: Handle): string[] {
    const names: string[] = [];
    for (let position = 2; ; ) {
      this.core.begin_list(SLOT, directory.inode, directory.generation, position, DATA_BYTES);
      const bytes = this.#finish();
      if (bytes === 0) return names;
      for (let at = 0; at < bytes; at += this.core.listed_bytes(SLOT, at)) {
        const length = this.core.listed_name_bytes(SLOT, at);
        const name = new Uint8Array(this.core.memory.buffer, this.core.listed_name(SLOT, at), length);
        names.push(decoder.decode(name));
        position = this.core.listed_next(SLOT, at);
      }
    }
  }

  statistics(): Statistics {
    this.core.begin_statistics(SLOT);
    this.#finish();
    const [blocks = 0, freeBlocks = 0, inodes = 0, freeInodes = 0] = this.#results().subarray(12);
    return { blocks, freeBlocks, inodes, freeInodes };
  }

  /** All that was done outlives the power. */
  sync(): void {
    this.core.begin_sync(SLOT);
    this.#finish();
  }

  /** Syncs, and writes everything to its place. */
  settle(): void {
    this.sync();
    while (this.#transferNext());
  }

  /** Settles, and answers what is wrong with the file system: nothing, as a rule. */
  check(): readonly string[] {
    this.settle();
    this.#problems.length = 0;
    this.core.check();
    return this.#problems;
  }

  /** Runs the request to its end; answers its result. */
  #finish(): number {
    const { core } = this;
    core.set_now(SLOT, nanoseconds(this.now));
    while (!core.run(SLOT)) {
      do {
        if (!this.#transferNext()) throw new Error("the file system waits for nothing");
      } while (!core.can_run(SLOT));
    }
    const result = core.result(SLOT);
    if (result < 0) throw new FilesError(-result);
    return result;
  }

  /** Carries out what the core asks for next, if anything. */
  #transferNext(): boolean {
    const transfer = this.core.next_transfer();
    if (transfer === 0) return false;
    let failed = false;
    try {
      carryOut(this.core, transfer, this.#device);
    } catch {
      failed = true;
    }
    this.core.transfer_done(transfer, Number(failed));
    return true;
  }

  #data(length: number): Uint8Array {
    return new Uint8Array(this.core.memory.buffer, this.core.slot_data(SLOT), length);
  }

  #putName(name: string, address = this.core.slot_name(SLOT)): number {
    const bytes = encoder.encode(name);
    if (bytes.length > 255) throw new FilesError(errorNumber.nameTooLong);
    new Uint8Array(this.core.memory.buffer, address, bytes.length).set(bytes);
    return bytes.length;
  }

  #results(): Float64Array {
    const address = this.core.slot_data(SLOT);
    this.core.results(SLOT, address);
    this.#numbers.set(new Float64Array(this.core.memory.buffer, address, this.#numbers.length));
    return this.#numbers;
  }

  #attributes(): Attributes {
    const [
      inode = 0,
      generation = 0,
      mode = 0,
      links = 0,
      uid = 0,
      gid = 0,
      device = 0,
      size = 0,
      blocks = 0,
    ] = this.#results();
    const modified = this.#numbers[10] ?? 0;
    return { handle: { inode, generation }, mode, links, uid, gid, device, size, blocks, modified };
  }

  #orphan(): Handle | undefined {
    const [inode = 0, generation = 0] = this.#results().subarray(16);
    return inode === 0 ? undefined : { inode, generation };
  }
}

/** Does what a transfer says, block by block. Throws when the device does. */
export function carryOut(core: CoreExports, transfer: number, device: BlockDevice): void {
  const isRead = core.transfer_is_read(transfer);
  const isWrite = core.transfer_is_write(transfer);
  if (!isRead && !isWrite) device.flush();
  for (let index = 0; index < core.transfer_count(transfer); index++) {
    const address = core.transfer_data(transfer) + index * BLOCK_BYTES;
    const bytes = new Uint8Array(core.memory.buffer, address, BLOCK_BYTES);
    const block = core.transfer_block(transfer) + index;
    if (isRead) device.read(block, bytes);
    if (isWrite) device.write(block, bytes);
  }
}
