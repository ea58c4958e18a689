/** How many requests the file server answers under so many clients at once, in each of its builds: userland/bench/files. */

import { readFileSync } from "node:fs";
import { type BlockStore, Machine } from "../../../emulator/index.ts";
import { SLOTS_PER_TICK } from "../../../emulator/trap/interrupt.ts";
import { BLOCK_BYTES } from "../../disk-image/core.ts";
import { type BlockDevice, formatDevice, Volume } from "../../disk-image/volume.ts";
import { type BuildProgress, buildProgram } from "../../guest/build.ts";
import { buildFirmware, buildKernel, initrdWith } from "../../guest/images.ts";
import { stripProgram } from "../../guest/strip.ts";
import { parseMeasurements } from "./measurement.ts";
import { sourcesIn } from "./sources.ts";

const PROGRAM = "userland/bench/files";
const NAME = "files-benchmark";
const END = "measuring is over";
const SECTOR_BYTES = 512;

/** As the guest's program has them. */
const HOT_BLOCKS = 16;
const COLD_BLOCKS = 4096;
const DISK_BLOCKS = COLD_BLOCKS + 1024;

/** The file server's cache is a 32nd of it: an eighth of the files. */
const MEMORY = 64 * 2 ** 20;
const SLOTS_PER_MICROSECOND = 1000;

/** Far more guest time than the benchmark takes: it hangs then. */
const MOST_TICKS = 1_000_000_000n;
const SLICE = 1e7;

/** What the disk takes for each request, at the nominal 1 GHz. */
export const LATENCY_MICROSECONDS = 250;

/** The builds of the file server, as the boot argument `files=` names them. */
export const builds = ["single", "workers", "fsm"] as const;
export type Build = (typeof builds)[number];

/** Requests per second of guest time at a nominal 1 GHz, by number of clients. */
export type Throughput = ReadonlyMap<number, number>;

/** What a machine needs to run it. */
export interface FilesBenchmark {
  readonly firmware: Uint8Array;
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
  /** The disk's contents. */
  readonly image: Uint8Array;
}

/** Bytes as a disk, for the machine and for the file system. */
class MemoryDisk implements BlockStore, BlockDevice {
  readonly blocks = DISK_BLOCKS;
  readonly sectors = (DISK_BLOCKS * BLOCK_BYTES) / SECTOR_BYTES;
  readonly readOnly = false;
  readonly latency = BigInt((LATENCY_MICROSECONDS * SLOTS_PER_MICROSECOND) / SLOTS_PER_TICK);
  readonly #bytes: Uint8Array;
  readonly #unit: number;

  /** Positions are counted in `unit` bytes. */
  constructor(bytes: Uint8Array, unit: number) {
    this.#bytes = bytes;
    this.#unit = unit;
  }

  read(position: number, into: Uint8Array): void {
    into.set(this.#bytes.subarray(position * this.#unit, position * this.#unit + into.length));
  }

  write(position: number, from: Uint8Array): void {
    this.#bytes.set(from, position * this.#unit);
  }

  flush(): void {}
}

/** A file whose blocks begin with their numbers. */
function addNumberedFile(volume: Volume, name: string, blocks: number): void {
  const bytes = new Uint8Array(blocks * BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block++) view.setBigUint64(block * BLOCK_BYTES, BigInt(block), true);
  const { handle } = volume.create(volume.root, name, 0o100644);
  for (let done = 0; done < bytes.length; ) done += volume.write(handle, done, bytes.subarray(done));
}

function makeImage(): Uint8Array {
  const image = new Uint8Array(DISK_BLOCKS * BLOCK_BYTES);
  const device = new MemoryDisk(image, BLOCK_BYTES);
  formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0 });
  const volume = new Volume(device);
  addNumberedFile(volume, "hot", HOT_BLOCKS);
  addNumberedFile(volume, "cold", COLD_BLOCKS);
  volume.settle();
  return image;
}

/** Builds what is out of date of it. Throws `GuestBuildError` when something does not build. */
export async function buildFilesBenchmark(onProgress?: BuildProgress): Promise<FilesBenchmark> {
  const program = {
    name: PROGRAM,
    sources: [...sourcesIn(PROGRAM), ...sourcesIn("userland/lib")],
    flags: ["-O2", "-Iuserland", "-Ikernel/abi"],
  };
  const [firmware, kernel, elf] = await Promise.all([
    buildFirmware(onProgress),
    buildKernel(onProgress),
    buildProgram(program, onProgress),
  ]);
  const data = stripProgram(readFileSync(elf));
  return {
    firmware: readFileSync(firmware),
    kernel: readFileSync(kernel),
    initrd: await initrdWith([{ type: "file", path: `servers/${NAME}`, data }]),
    image: makeImage(),
  };
}

/** Runs it on one hart against a build of the file server. Throws when it does not come to its end. */
export async function runFilesBenchmark(benchmark: FilesBenchmark, build: Build): Promise<Throughput> {
  const { firmware, kernel, initrd, image } = benchmark;
  let said = "";
  const machine = await Machine.create({
    firmware,
    kernel,
    initrd,
    memory: MEMORY,
    append: `files=${build} run=${NAME}`,
    disks: [new MemoryDisk(image.slice(), SECTOR_BYTES)],
    onConsole: (bytes) => {
      said += Buffer.from(bytes).toString("latin1");
    },
  });
  while (machine.ticks < MOST_TICKS) {
    const stop = machine.run(SLICE);
    if (said.includes(END)) return throughputs(said);
    if (said.includes("failed:")) break;
    if (stop.reason === "idle" && stop.ticks !== undefined) machine.advance(stop.ticks);
    else if (stop.reason !== "limit") break;
  }
  throw new Error(`the file server's benchmark does not end with files=${build}:\n${said}`);
}

function throughputs(said: string): Throughput {
  const throughput = new Map<number, number>();
  for (const [name, { microseconds }] of parseMeasurements(said)) {
    throughput.set(Number(name.replace("clients ", "")), 1e6 / microseconds);
  }
  return throughput;
}
