/**
 * Keeps what engines translate of a guest, and what V8 has made of that: the next run with the same images goes on with it
 * as soon as it comes there. Whether it was made of the code that stands in memory by then, the engine looks itself.
 */
import { deserialize, serialize } from "node:v8";
import type { MachineOptions } from "../../emulator/board/options.ts";
import type { BatchRecord } from "../../emulator/engine/translator/batch.ts";
import type { KeptBatch, KeptRegions } from "../../emulator/engine/translator/kept-batches.ts";
import type { KeptFiles } from "./kept-files.ts";
import { digestOf } from "./kept-files.ts";
import { machineCodeOf, withMachineCode } from "./machine-code.ts";

/** All is kept anew once there is so many times as much that is worth it. */
const WORTH_KEEPING = 1.1;
/**
 * Bytes of WebAssembly that are kept, of what comes first: booting Linux makes half as much. Machine code is several times
 * as large, and all of it stays in memory.
 */
const MOST_BYTES = 1024 * 1024;
/** Of each image, so many bytes at the beginning and at the end tell it from others. */
const TELLING_BYTES = 32768;

/** A batch, with what V8 had made of it when it was kept. */
interface Kept {
  readonly record: BatchRecord;
  readonly code: Uint8Array | undefined;
}

interface Entry extends Kept {
  /** Once it has been used: its module, and its functions as long as their machine is there, which they know. */
  readonly module?: WebAssembly.Module;
  readonly exported?: WeakRef<WebAssembly.Exports>;
}

/** What was translated of one guest on machines of one likeness, in a file. */
export class RegionsInFile {
  readonly #files: KeptFiles;
  readonly #name: string;
  /** By the number of their first region: in one room, no two batches have the same. */
  readonly #entries = new Map<number, Entry>();
  /** Batches, and those with machine code, when they were kept. */
  readonly #before: { readonly batches: number; readonly withCode: number };
  #bytes = 0;
  #life = 0;

  constructor(files: KeptFiles, name: string) {
    this.#files = files;
    this.#name = name;
    for (const kept of readKept(files.read(name))) this.#add(kept);
    const all = [...this.#entries.values()];
    this.#before = { batches: all.length, withCode: all.filter(({ code }) => code !== undefined).length };
  }

  /** What a machine that begins goes on with; nothing more is taken from those before it. */
  forNextMachine(): KeptRegions {
    const life = ++this.#life;
    return {
      batches: Array.from(this.#entries.values(), keptBatch),
      installed: (batch, exported) => {
        if (life !== this.#life) return;
        const code = this.#entries.get(firstOf(batch))?.code;
        this.#add({ record: recordOf(batch), code, module: batch.module, exported: new WeakRef(exported) });
      },
    };
  }

  /** Writes down all that there is by now, if that is much more than before. */
  keep(): void {
    const entries = [...this.#entries.values()];
    const used = entries.filter(({ module }) => module !== undefined);
    // There is no room for others, and most of what has it was of no use.
    const isCrowded = this.#bytes > MOST_BYTES && used.length < entries.length / 2;
    const all = (isCrowded ? used : entries).map(withMachineCodeOf);
    const withCode = all.filter(({ code }) => code !== undefined).length;
    const { batches: batchesBefore, withCode: withCodeBefore } = this.#before;
    const isMore = (now: number, before: number) => now > before * WORTH_KEEPING;
    if (isCrowded || isMore(all.length, batchesBefore) || isMore(withCode, withCodeBefore)) {
      this.#files.keep(this.#name, serialize(all));
    }
  }

  #add(entry: Entry): void {
    const first = firstOf(entry.record);
    const isNew = !this.#entries.has(first);
    if (isNew) this.#bytes += entry.record.bytes.length;
    // Once one is missing, no more are added: they may go on in that.
    if (!isNew || this.#bytes <= MOST_BYTES) this.#entries.set(first, entry);
  }
}

const firstOf = ({ regions: [first] }: BatchRecord): number => first?.number ?? 0;

const recordOf = ({ bytes, regions, calls, others, links, decoded }: BatchRecord): BatchRecord => ({
  bytes,
  regions,
  calls,
  others,
  links,
  decoded,
});

function keptBatch({ record, code, module }: Entry): KeptBatch {
  const compile = () =>
    module ?? (code && withMachineCode(record.bytes, code)) ?? new WebAssembly.Module(record.bytes);
  return { ...record, compile };
}

function withMachineCodeOf({ record, code, module, exported }: Entry): Kept {
  const functions = Object.values(exported?.deref() ?? {});
  return { record, code: code ?? (module && machineCodeOf(module, functions)) };
}

/** What was written by the same version of this program, and read as it was written. */
function readKept(bytes: Uint8Array | undefined): readonly Kept[] {
  if (bytes === undefined) return [];
  try {
    const kept: unknown = deserialize(bytes);
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** Tells guests from each other, without looking at all that they are: mistaken, regions of the other would find no use. */
export function guestOf({ firmware, kernel, initrd, append = "" }: MachineOptions): string {
  const images = [firmware, kernel, initrd].map((image) => {
    if (image === undefined) return "none";
    const telling = [image.subarray(0, TELLING_BYTES), image.subarray(-TELLING_BYTES)];
    return `${image.length} ${digestOf(Buffer.concat(telling)).toString("hex")}`;
  });
  return digestOf([...images, append].join(" ")).toString("hex");
}
