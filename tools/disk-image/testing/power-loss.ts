/**
 * Loss of power. The disk has a cache that the power takes with it: between two flushes, a write may be lost, may arrive
 * before one that was made earlier, and of a block some sectors may arrive and others not. A sector arrives whole.
 */
import type { Random } from "../../fuzz/random.ts";
import { BLOCK_BYTES } from "../core.ts";
import { type BlockDevice, FilesError, formatDevice, Volume } from "../volume.ts";
import { MemoryDevice } from "./memory-device.ts";
import { applyStep, describeVolume, Model, type Step } from "./model.ts";

const SECTOR_BYTES = 512;

type Event =
  | { kind: "write"; block: number; bytes: Uint8Array }
  | { kind: "flush" }
  | { kind: "done"; step: number };

/** A disk in memory that remembers what was done to it, and in which order. */
class RecordingDevice implements BlockDevice {
  readonly blocks: number;
  readonly events: Event[] = [];
  readonly #memory: MemoryDevice;

  constructor(memory: MemoryDevice) {
    this.#memory = memory;
    this.blocks = memory.blocks;
  }

  read(block: number, into: Uint8Array): void {
    this.#memory.read(block, into);
  }

  write(block: number, from: Uint8Array): void {
    this.events.push({ kind: "write", block, bytes: from.slice() });
    this.#memory.write(block, from);
  }

  flush(): void {
    this.events.push({ kind: "flush" });
  }
}

/** Work that was done while a disk was recorded, and what the disk must hold after which step. */
export interface Recording {
  readonly start: MemoryDevice;
  readonly events: readonly Event[];
  /** Description of the file system before the first step, and after each. */
  readonly states: readonly string[];
  readonly steps: readonly Step[];
  readonly module: WebAssembly.Module | undefined;
}

export function record(steps: readonly Step[], blocks: number, module?: WebAssembly.Module): Recording {
  const start = new MemoryDevice(blocks);
  formatDevice(start, { swapBlocks: 0, identity: 7n, now: 0 });
  const device = new RecordingDevice(new MemoryDevice(blocks, start.bytes.slice()));
  const volume = new Volume(device, { cacheBlocks: 160, module });
  const model = new Model();
  const states = [model.describe()];
  for (const [index, step] of steps.entries()) {
    const expected = model.apply(step);
    try {
      applyStep(volume, step);
    } catch (error) {
      if (!(error instanceof FilesError) || error.number !== expected) throw error;
    }
    states.push(model.describe());
    device.events.push({ kind: "done", step: index });
  }
  return { start, events: device.events, states, steps, module };
}

/** What is wrong with the disk that a loss of power has left; undefined when nothing is. */
export interface Finding {
  readonly event: number;
  readonly problem: string;
}

/** The recording up to an event: what is durable, and what may still be in the disk's cache. */
class Moment {
  readonly durable: Uint8Array;
  /** Not durable yet, oldest first. */
  cached: { block: number; bytes: Uint8Array }[] = [];
  /** Steps that were finished, and the last sync among them. */
  finished = 0;
  synced = 0;
  readonly #recording: Recording;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.durable = recording.start.bytes.slice();
  }

  pass(event: Event): void {
    if (event.kind === "write") {
      this.cached.push(event);
    } else if (event.kind === "flush") {
      for (const { block, bytes } of this.cached) this.durable.set(bytes, block * BLOCK_BYTES);
      this.cached = [];
    } else {
      this.finished = event.step + 1;
      if (this.#recording.steps[event.step]?.do === "sync") this.synced = event.step + 1;
    }
  }

  /** The disk when the power fails now and everything was written. */
  allWritten(): Uint8Array {
    const bytes = this.durable.slice();
    for (const write of this.cached) bytes.set(write.bytes, write.block * BLOCK_BYTES);
    return bytes;
  }

  /** The disk when chance decides which sector has arrived, and from which write. */
  randomlyWritten(random: Random): Uint8Array {
    const bytes = this.durable.slice();
    // Sometimes most are lost, sometimes few; mostly whole blocks.
    const arrival = random.pick([0.05, 0.5, 0.5, 0.95]);
    const torn = random.chance(0.5) ? 0.2 : 0;
    for (const write of shuffled(this.cached, random)) {
      const arrives = random.chance(arrival);
      if (random.chance(torn)) {
        for (let at = 0; at < BLOCK_BYTES; at += SECTOR_BYTES) {
          if (random.chance(0.5)) {
            bytes.set(write.bytes.subarray(at, at + SECTOR_BYTES), write.block * BLOCK_BYTES + at);
          }
        }
      } else if (arrives) bytes.set(write.bytes, write.block * BLOCK_BYTES);
    }
    return bytes;
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const [left, right] = [result[last], result[other]];
    if (left !== undefined && right !== undefined) [result[last], result[other]] = [right, left];
  }
  return result;
}

/**
 * Mounts a disk after a loss of power and looks at everything. It must hold what it held after one of the steps, none
 * earlier than the last that was synced.
 */
function judge(recording: Recording, moment: Moment, device: BlockDevice): string | undefined {
  try {
    const volume = new Volume(device, { cacheBlocks: 160, module: recording.module });
    const found = describeVolume(volume);
    // A step may be under way: it has happened or it has not.
    const allowed = recording.states.slice(moment.synced, moment.finished + 2);
    if (!allowed.includes(found)) {
      const when = recording.states.lastIndexOf(found);
      return when < 0 ? `it holds what it never held:\n${found}` : `it holds what it held after step ${when}`;
    }
    const problems = volume.check();
    return problems.length > 0 ? problems.join("\n") : undefined;
  } catch (error) {
    return error instanceof FilesError ? `it does not mount: ${error.message}` : String(error);
  }
}

/** Fails the power after every write, everything before having been written. */
export function failAfterEachWrite(recording: Recording): Finding | undefined {
  const moment = new Moment(recording);
  for (const [index, event] of recording.events.entries()) {
    moment.pass(event);
    if (event.kind === "done") continue;
    const device = new MemoryDevice(recording.start.blocks, moment.allWritten());
    const problem = judge(recording, moment, device);
    if (problem !== undefined) return { event: index, problem };
  }
  return undefined;
}

/** Fails the power at each event with this chance, with random losses. */
export function failAtRandom(recording: Recording, random: Random, chance: number): Finding | undefined {
  const moment = new Moment(recording);
  for (const [index, event] of recording.events.entries()) {
    moment.pass(event);
    if (!random.chance(chance)) continue;
    const device = new MemoryDevice(recording.start.blocks, moment.randomlyWritten(random));
    const problem = judge(recording, moment, device);
    if (problem !== undefined) return { event: index, problem };
  }
  return undefined;
}

/** Fails the power at random, and once more while the disk is mounted again. */
export function failTwice(recording: Recording, random: Random, chance: number): Finding | undefined {
  const moment = new Moment(recording);
  for (const [index, event] of recording.events.entries()) {
    moment.pass(event);
    if (!random.chance(chance)) continue;
    const first = new MemoryDevice(recording.start.blocks, moment.randomlyWritten(random));
    const recovering = new RecordingDevice(new MemoryDevice(first.blocks, first.bytes.slice()));
    const problem = judge(recording, moment, recovering);
    if (problem !== undefined) return { event: index, problem };
    const second = new Moment({ ...recording, start: first });
    const until = random.below(recovering.events.length + 1);
    for (const earlier of recovering.events.slice(0, until)) second.pass(earlier);
    const device = new MemoryDevice(first.blocks, second.randomlyWritten(random));
    const again = judge(recording, moment, device);
    if (again !== undefined) return { event: index, problem: `when mounted after two losses: ${again}` };
  }
  return undefined;
}
