/**
 * The translated regions there are: compiles them in batches, puts them where the interpreter finds them, and takes
 * them away when the code they were made of changes. When too much has been translated, all of it goes at once.
 */
import type { Configuration } from "../engine.ts";
import type { CodePages } from "../interpreter/code-pages.ts";
import type { InterpreterExports } from "../interpreter/exports.ts";
import { ENTER_REGION } from "../interpreter/exports.ts";
import { Handler, REGION_BYTES, RegionOffset } from "../interpreter/slot.ts";
import { hostFuses } from "../native-float/host-fusing.ts";
import type { Batch, BatchRecord, CompiledRegion, Surroundings } from "./batch.ts";
import { compileBatch, PROCEDURES, regionName } from "./batch.ts";
import type { KeptBatch, KeptRegions } from "./kept-batches.ts";
import { KeptBatches } from "./kept-batches.ts";
import type { Region } from "./region.ts";
import { Room } from "./room.ts";

/** What was made first is kept of so many programs: small ones that are loaded again and again, as tests are. */
const MOST_BEGINNINGS = 1000;
const PAGE = 4096;

/** Where code and what is kept of regions lie in machine memory. */
export interface CodeCachePlacement {
  /** Where RAM begins. */
  readonly ram: number;
  /** The records of regions (interpreter/slot.ts). */
  readonly regions: number;
}

export class CodeCache {
  readonly counters = {
    regions: 0,
    instructions: 0,
    bytes: 0,
    modules: 0,
    restored: 0,
    dropped: 0,
    flushes: 0,
  };
  readonly #configuration: Configuration;
  readonly #exports: InterpreterExports;
  readonly #pages: CodePages;
  readonly #placement: CodeCachePlacement;
  readonly #surroundings: Surroundings;
  readonly #room: Room;
  readonly #view: DataView;
  readonly #byPlace = new Map<number, CompiledRegion>();
  /** By page of RAM: what must go when the page changes. */
  readonly #byPage = new Map<number, Set<CompiledRegion>>();
  /** What was made of regions when there were no others, by their text, and the instances of that. */
  readonly #beginnings = new Map<string, Batch>();
  readonly #instances = new WeakMap<Batch, WebAssembly.Exports>();
  readonly #keptRegions: KeptRegions | undefined;
  /** What there is to be installed, as long as its numbers and links are not given to others. */
  #kept: KeptBatches | undefined;

  constructor(
    configuration: Configuration,
    exports: InterpreterExports,
    pages: CodePages,
    placement: CodeCachePlacement,
    keptRegions?: KeptRegions,
  ) {
    const { memory, settings, harts, rewrite } = configuration;
    this.#configuration = configuration;
    this.#exports = exports;
    this.#pages = pages;
    this.#placement = placement;
    this.#view = new DataView(memory.buffer);
    this.#surroundings = {
      settings,
      harts,
      records: placement.regions,
      memoryBytes: memory.buffer.byteLength,
      exported: new Set(Object.keys(exports)),
      asDescribed: rewrite !== undefined,
      fuses: hostFuses(),
    };
    this.#room = new Room(placement.regions);
    this.#keptRegions = keptRegions;
    if (keptRegions !== undefined) this.#expect(keptRegions.batches);
  }

  /** The region that begins at an offset in RAM. */
  at(place: number): CompiledRegion | undefined {
    return this.#byPlace.get(place);
  }

  /** Compiles regions together and has the interpreter enter them; one at the same place as another replaces it. */
  install(regions: readonly Region[]): void {
    // Nothing is left that could enter anything: all begins anew.
    if (this.#byPage.size === 0 && this.#kept === undefined) this.#restart();
    const pages = new Set(regions.flatMap((region) => [...region.pages.values()]));
    // To decode one of these another one may go; then there is room for all of them.
    if (!this.#decode(pages) && !this.#decode(pages)) return;
    const first = this.#room.take(regions.length) ?? this.#takeAnew(regions.length);
    const batch = first === 0 ? this.#begin(regions) : this.#compile(regions, first);
    this.#kept?.add(batch);
    this.#enterAll(batch);
  }

  /** Installs what is kept of a page of RAM, as far as it was made of what stands there now. */
  restore(page: number): void {
    const due = this.#kept?.due(page) ?? [];
    if (due.length === 0) return;
    this.#configuration.translating?.(true);
    for (const batch of due) this.#restore(batch);
    this.#configuration.translating?.(false);
  }

  /** Takes away the regions with an instruction in bytes of RAM that change. */
  changed(from: number, to: number): void {
    for (let page = from >>> 12; page <= (to - 1) >>> 12; page++) {
      for (const region of this.#byPage.get(page) ?? []) {
        const [first, end] = [Math.max(from, page * PAGE), Math.min(to, (page + 1) * PAGE)];
        if (touches(region, first, end)) this.#drop(region);
      }
    }
  }

  /** Takes away a region made for flat memory, by the address of its record; gives the offset in RAM of its entry. */
  dropFlat(record: number): number | undefined {
    const number = (record - this.#placement.regions) / REGION_BYTES;
    for (const regions of this.#byPage.values()) {
      for (const region of regions) {
        if (region.number !== number || !region.flat) continue;
        this.#drop(region);
        return region.place;
      }
    }
    return undefined;
  }

  /** Takes away what lies on a page of RAM. */
  dropPage(page: number): void {
    for (const region of this.#byPage.get(page) ?? []) this.#drop(region);
  }

  /** Takes everything away. */
  flush(): void {
    for (const region of this.#byPlace.values()) this.#leave(region);
    this.#byPlace.clear();
    for (const page of this.#byPage.keys()) this.#pages.unwatch(page);
    this.#byPage.clear();
    this.#restart();
    this.counters.flushes++;
  }

  /** Has pages of RAM be decoded; gives whether all of them are, and none has gone for another. */
  #decode(pages: Iterable<number>): boolean {
    const { evictions } = this.#pages;
    for (const page of pages) this.#pages.decodedPage(page * PAGE);
    return this.#pages.evictions === evictions;
  }

  /** With nothing left: numbers and links are given from the beginning. */
  #restart(): void {
    for (let n = 0; n < this.#room.next; n++) this.#exports.regions.set(n, null);
    this.#clearLinks();
    this.#room.clear();
    this.#kept = undefined;
  }

  /** Gives numbers where there is no room for more. */
  #takeAnew(count: number): number {
    this.flush();
    return this.#room.take(count) ?? 0;
  }

  /** Waits for the code of earlier runs. */
  #expect(batches: readonly KeptBatch[]): void {
    this.#kept = new KeptBatches(batches);
    this.#room.reserve(batches);
    for (let n = 0; n < this.#room.next; n++) this.#close(n);
    this.#clearLinks();
    this.#pages.reserve(batches.flatMap(({ decoded }) => [...decoded]));
  }

  #clearLinks(): void {
    for (const link of this.#room.links.values()) this.#view.setUint32(link, 0, true);
  }

  /** Gives whether a batch is installed now. */
  #restore(batch: KeptBatch): boolean {
    const kept = this.#kept;
    if (kept === undefined) return false;
    if (kept.isInstalled(batch)) return true;
    const { evictions } = this.#pages;
    if (!this.#fits(batch)) return false;
    for (const number of batch.others) {
      const owner = kept.ownerOf(number);
      if (owner === undefined || !this.#restore(owner)) return false;
    }
    // To decode a page, others may have gone, also of its own.
    if (this.#pages.evictions !== evictions) return false;
    kept.noteInstalled(batch);
    const later = batch.regions.flatMap(({ number, place }) => {
      const there = this.at(place);
      return there !== undefined && there.number > number ? [there] : [];
    });
    this.#enterAll({ ...batch, module: batch.compile() });
    // What was made later at the same place stands there again.
    for (const region of later) this.#enter(region, this.#exports.regions.get(region.number));
    this.counters.restored += batch.regions.length;
    return true;
  }

  /** Whether a batch was made of what stands in RAM, and of pages decoded where they are now. */
  #fits({ regions, decoded }: BatchRecord): boolean {
    for (const { code } of regions) {
      for (const [place, halfword] of code) {
        if (this.#view.getUint16(this.#placement.ram + place, true) !== halfword) return false;
      }
    }
    for (const [page, address] of decoded) if (this.#pages.decodedPage(page * PAGE) !== address) return false;
    return true;
  }

  /** Makes the first regions of all, unless they have been made before of the same code. */
  #begin(regions: readonly Region[]): Batch {
    const text = textOf(regions);
    const known = text === undefined ? undefined : this.#beginnings.get(text);
    if (known !== undefined) {
      for (const place of known.links.keys()) this.#linkTo(place);
      return known;
    }
    const batch = this.#compile(regions, 0);
    if (text !== undefined) {
      if (this.#beginnings.size >= MOST_BEGINNINGS) this.#beginnings.clear();
      this.#beginnings.set(text, batch);
    }
    return batch;
  }

  #compile(regions: readonly Region[], first: number): Batch {
    const batch = compileBatch(regions, first, this.#surroundings, {
      decodedPage: (page) => this.#pages.decodedPage(page * PAGE),
      linkTo: (place) => this.#linkTo(place),
      numberAt: (place) => this.#byPlace.get(place)?.number,
    });
    this.#room.use(batch.bytes.length);
    this.counters.modules++;
    this.counters.bytes += batch.bytes.length;
    return batch;
  }

  #linkTo(place: number): number {
    const isNew = !this.#room.links.has(place);
    const link = this.#room.linkTo(place);
    // Another code cache may have been here before.
    if (isNew) this.#view.setUint32(link, 0, true);
    return link;
  }

  #enterAll(batch: Batch): void {
    const exported = this.#instances.get(batch) ?? this.#instantiate(batch);
    for (const region of batch.regions) {
      this.#enter(region, exported[regionName(region.number)]);
      this.counters.regions++;
      this.counters.instructions += region.instructions;
    }
    if (this.#kept !== undefined) this.#keptRegions?.installed(batch, exported);
  }

  #instantiate(batch: Batch): WebAssembly.Exports {
    const host: Record<string, unknown> = {
      raised: this.#exports.raised,
      [ENTER_REGION]: this.#exports[ENTER_REGION],
    };
    for (const number of batch.others) host[regionName(number)] = this.#exports.regions.get(number);
    const { exports } = new WebAssembly.Instance(batch.module, {
      memory: { memory: this.#configuration.memory },
      host: host as WebAssembly.ModuleImports,
    });
    const table = exports[PROCEDURES];
    if (table instanceof WebAssembly.Table) {
      for (const [i, name] of batch.calls.entries()) table.set(i, this.#exports[name]);
    }
    if (batch.others.length === 0) this.#instances.set(batch, exports);
    return exports;
  }

  #enter(region: CompiledRegion, run: unknown): void {
    const { number, place, need } = region;
    const record = this.#recordOf(number);
    const slot = this.#pages.slotAt(place);
    const standing = this.#view.getUint16(slot, true);
    const replaced = standing >= Handler.firstRegion ? standing - Handler.firstRegion : undefined;
    const handler =
      replaced === undefined
        ? standing
        : this.#view.getUint16(this.#recordOf(replaced) + RegionOffset.handler, true);
    this.#view.setUint32(record + RegionOffset.need, need, true);
    this.#view.setUint16(record + RegionOffset.handler, handler, true);
    this.#exports.regions.set(number, run);
    this.#view.setUint16(slot, Handler.firstRegion + number, true);
    this.#byPlace.set(place, region);
    const link = this.#room.links.get(place);
    if (link !== undefined) this.#view.setUint32(link, number + 1, true);
    for (const page of region.lines.keys()) {
      const there = this.#byPage.get(page) ?? new Set();
      there.add(region);
      this.#byPage.set(page, there);
      this.#watch(page);
    }
  }

  #drop(region: CompiledRegion): void {
    this.#leave(region);
    const { number, place, lines } = region;
    if (this.#byPlace.get(place) === region) {
      this.#byPlace.delete(place);
      const link = this.#room.links.get(place);
      if (link !== undefined) this.#view.setUint32(link, 0, true);
    }
    this.#kept?.noteDropped(number, place >>> 12);
    for (const page of lines.keys()) {
      this.#byPage.get(page)?.delete(region);
      this.#watch(page);
    }
    this.counters.dropped++;
  }

  /** Has stores be told of to what is translated of a page. */
  #watch(page: number): void {
    const there = this.#byPage.get(page);
    if (there === undefined || there.size === 0) {
      this.#byPage.delete(page);
      this.#pages.unwatch(page);
      return;
    }
    let lines = 0n;
    for (const region of there) lines |= region.lines.get(page) ?? 0n;
    this.#pages.watch(page, lines);
  }

  /** Nothing enters it any more, neither the interpreter nor another region. */
  #leave({ number, place }: CompiledRegion): void {
    this.#close(number);
    const slot = this.#pages.slotAt(place);
    if (this.#view.getUint16(slot, true) !== Handler.firstRegion + number) return;
    const handler = this.#view.getUint16(this.#recordOf(number) + RegionOffset.handler, true);
    this.#view.setUint16(slot, handler, true);
  }

  /** No slots suffice for the region of a number: it is left wherever it is entered. */
  #close(number: number): void {
    this.#view.setInt32(this.#recordOf(number) + RegionOffset.need, -1, true);
  }

  #recordOf(number: number): number {
    return this.#placement.regions + number * REGION_BYTES;
  }
}

/** Whether a region has code in bytes of RAM. */
function touches({ code }: CompiledRegion, from: number, to: number): boolean {
  for (let place = from & ~1; place < to; place += 2) if (code.has(place)) return true;
  return false;
}

/** All that is in a region on one page, which is translated alike wherever that is; undefined for others. */
function textOf(regions: readonly Region[]): string | undefined {
  const [region] = regions;
  if (region === undefined || regions.length > 1 || region.pages.size > 1) return undefined;
  const words = region.blocks.map(({ delta, operations, successors, targets }) => [
    delta,
    operations.map(({ operation }) => operation.decoded.word).join(),
    successors.join(),
    targets.join(),
  ]);
  return `${region.place} ${region.flat} ${words.join(" ")}`;
}
