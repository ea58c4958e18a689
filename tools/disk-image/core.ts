/**
 * The file system's core (`userland/files/core`), compiled to WebAssembly: the very code that serves files in the guest.
 * Nothing here knows the format of a disk.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../guest/root.ts";
import { buildWasm } from "../guest/wasm.ts";

/** Bytes of a block, the unit of transfers. */
export const BLOCK_BYTES = 4096;

/** Bytes of data that a slot holds: the most one request reads or writes. */
export const DATA_BYTES = 65536;

/** How many requests can be under way. */
export const SLOTS = 16;

const SOURCES = "userland/files/core";

/** What `core.c` exports; addresses and counts are numbers, truth is 0 or 1. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  open_disk(diskBlocks: number, cacheBlocks: number, commitBlocks: number): number;
  format_start(diskBlocks: number, swapBlocks: number, journal: number, identity: bigint): number;
  format_block(number: number, now: bigint): number;
  slot_name(slot: number): number;
  slot_other_name(slot: number): number;
  slot_data(slot: number): number;
  set_now(slot: number, now: bigint): void;
  begin_mount(slot: number): void;
  begin_lookup(slot: number, inode: number, generation: number, nameBytes: number): void;
  begin_stat(slot: number, inode: number, generation: number): void;
  begin_set_size(slot: number, inode: number, generation: number, size: number): void;
  begin_set(slot: number, inode: number, generation: number, mode: number, modified: bigint): void;
  begin_read(slot: number, inode: number, generation: number, offset: number, length: number): void;
  begin_write(slot: number, inode: number, generation: number, offset: number, length: number): void;
  begin_create(
    slot: number,
    inode: number,
    generation: number,
    nameBytes: number,
    mode: number,
    device: number,
    targetBytes: number,
  ): void;
  begin_read_link(slot: number, inode: number, generation: number): void;
  begin_link(
    slot: number,
    inode: number,
    generation: number,
    nameBytes: number,
    other: number,
    otherGeneration: number,
  ): void;
  begin_unlink(slot: number, inode: number, generation: number, nameBytes: number): void;
  begin_remove_directory(slot: number, inode: number, generation: number, nameBytes: number): void;
  begin_rename(
    slot: number,
    inode: number,
    generation: number,
    nameBytes: number,
    other: number,
    otherGeneration: number,
    otherNameBytes: number,
  ): void;
  begin_list(slot: number, inode: number, generation: number, position: number, length: number): void;
  begin_statistics(slot: number): void;
  begin_sync(slot: number): void;
  begin_reclaim(slot: number, inode: number, generation: number): void;
  run(slot: number): number;
  can_run(slot: number): number;
  commit(): void;
  changed(): number;
  result(slot: number): number;
  results(slot: number, numbers: number): void;
  listed_bytes(slot: number, at: number): number;
  listed_next(slot: number, at: number): number;
  listed_name(slot: number, at: number): number;
  listed_name_bytes(slot: number, at: number): number;
  next_transfer(): number;
  transfer_is_read(transfer: number): number;
  transfer_is_write(transfer: number): number;
  transfer_block(transfer: number): number;
  transfer_count(transfer: number): number;
  transfer_data(transfer: number): number;
  transfer_done(transfer: number, failed: number): void;
  first_data_block(): number;
  block_count(): number;
  journal_blocks(): number;
  journal_area(area: number): number;
  inode_table(): number;
  swap_start(): number;
  swap_blocks(): number;
  check(): number;
}

/** What the checker needs. */
export interface CheckerHost {
  readBlock(block: number, into: Uint8Array): void;
  report(message: string): void;
}

/** Compiles the core from `sources` (the repository's, if none are given), unless that was done. */
export function compileCore(sources = SOURCES): WebAssembly.Module {
  const files = readdirSync(join(ROOT, sources)).map((name) => `${sources}/${name}`);
  const path = buildWasm({
    name: sources === SOURCES ? "files" : sources.replaceAll("/", "-"),
    sources: [...files.filter((name) => name.endsWith(".c")), "tools/disk-image/core.c"],
    headers: files.filter((name) => name.endsWith(".h")),
    flags: [`-I${sources}`],
  });
  return new WebAssembly.Module(readFileSync(path));
}

let compiled: WebAssembly.Module | undefined;

function ownCore(): WebAssembly.Module {
  compiled ??= compileCore();
  return compiled;
}

/** A fresh instance of the core, which can open one disk. Throws `GuestBuildError` when it does not compile. */
export function instantiateCore(host: CheckerHost, module = ownCore()): CoreExports {
  const bytes = (address: number, length: number) => new Uint8Array(core.memory.buffer, address, length);
  const instance = new WebAssembly.Instance(module, {
    host: {
      read_block: (block: number, address: number): number => {
        try {
          host.readBlock(block, bytes(address, BLOCK_BYTES));
          return 1;
        } catch {
          return 0;
        }
      },
      report: (address: number, length: number) =>
        host.report(new TextDecoder().decode(bytes(address, length))),
    },
  });
  // The module's own source is the only witness to what it exports.
  const core = instance.exports as unknown as CoreExports;
  return core;
}
