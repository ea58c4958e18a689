/**
 * Keeps what engines translate of a guest, and what V8 has made of that: the next run with the same images goes on with it
 * as soon as it comes there. Whether it was made of the code that stands in memory by then, the engine looks itself.
 */
import { deserialize, serialize } from "node:v8";
import type { MachineOptions } from "../../emulator/board/options.ts";
import type { KeptRegions } from "../../emulator/engine/engine.ts";
import type { Batch, BatchRecord } from "../../emulator/engine/translator/batch.ts";
import type { KeptBatch } from "../../emulator/engine/translator/kept-batches.ts";
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
  /** Once it has been used. */
  readonly batch?: Batch;
  readonly exported?: readonly WebAssembly.ExportValue[];
}

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

  /** For a machine that begins: to all that began earlier, nothing more is added. */
  begin(): KeptRegions {
    const life = ++this.#life;
    return {
      batches: Array.from(this.#entries.values(), keptBatch),
      installed: (batch, exported) => {
        if (life !== this.#life) return;
        const code = this.#entries.get(firstOf(batch))?.code;
        this.#add({ record: recordOf(batch), code, batch, exported: Object.values(exported) });
      },
    };
  }

  /** Writes down all that there is by now, if that is much more than before. */
  keep(): void {
    const all = Array.from(this.#entries.values(), ({ record, code, batch, exported = [] }): Kept => {
      return { record, code: code ?? (batch && machineCodeOf(batch.module, exported)) };
    });
    const withCode = all.filter(({ code }) => code !== undefined).length;
    const { batches: batchesBefore, withCode: withCodeBefore } = this.#before;
    const isMore = (now: number, before: number) => now > before * WORTH_KEEPING;
    if (isMore(all.length, batchesBefore) || isMore(withCode, withCodeBefore)) {
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

function keptBatch({ record, code, batch }: Entry): KeptBatch {
  const compile = () =>
    batch?.module ?? (code && withMachineCode(record.bytes, code)) ?? new WebAssembly.Module(record.bytes);
  return { ...record, compile };
}

/** What was written by the same version of this program, and read as it was written. */
const readKept = (bytes: Uint8Array | undefined): readonly Kept[] =>
  bytes === undefined ? [] : deserialize(bytes);

/** Tells guests from each other, without looking at all that they are: mistaken, regions of the other would find no use. */
export function guestOf({ firmware, kernel, initrd, append = "" }: MachineOptions): string {
  const images = [firmware, kernel, initrd].map((image) => {
    if (image === undefined) return "none";
    const telling = [image.subarray(0, TELLING_BYTES), image.subarray(-TELLING_BYTES)];
    return `${image.length} ${digestOf(Buffer.concat(telling)).toString("hex")}`;
  });
  return digestOf([...images, append].join(" ")).toString("hex");
}
