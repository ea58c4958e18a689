/**
 * The translated regions there are: compiles them in batches, puts them where the interpreter finds them, and takes
 * them away when the code they were made of changes. When too much has been translated, all of it goes at once.
 */

import type { Procedure } from "../../language/procedure.ts";
import { Code } from "../../wasm/code.ts";
import type { Signature } from "../../wasm/module.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import type { Configuration } from "../engine.ts";
import type { CodePages } from "../interpreter/code-pages.ts";
import type { InterpreterExports } from "../interpreter/generate.ts";
import { ENTER_REGION, ENTER_SIGNATURE, exportName, REGION_SIGNATURE } from "../interpreter/generate.ts";
import { onlyOf } from "../interpreter/operands.ts";
import {
  Handler,
  LINK_BYTES,
  LINKS_OFFSET,
  MOST_LINKS,
  MOST_REGIONS,
  REGION_BYTES,
  RegionOffset,
} from "../interpreter/slot.ts";
import { hostFuses } from "../native-float/host-fusing.ts";
import type { Analysis } from "./analysis.ts";
import { analyse } from "./analysis.ts";
import { emitRegion } from "./emit.ts";
import type { Region } from "./region.ts";
import { placeOf } from "./region.ts";

/** A region that has been translated. */
export interface Translation {
  readonly number: number;
  readonly region: Region;
  /** By page of RAM: the lines of 64 bytes on which it has instructions, as bits. */
  readonly lines: ReadonlyMap<number, bigint>;
  readonly run: unknown;
}

/** What is made of regions: their functions, and the slots that must be left to enter them. */
interface Made {
  readonly functions: readonly { readonly run: unknown; readonly need: number }[];
  /** Bytes of the whole module. */
  readonly bytes: number;
  /** By place: the links that it has. */
  readonly links: ReadonlyMap<number, number>;
}

/** What was made first is kept of so many programs: small ones that are loaded again and again, as tests are. */
const MOST_BEGINNINGS = 1000;

/** Bytes of WebAssembly kept; the machine code made of them takes several times as much. */
const MOST_BYTES = 8 * 1024 * 1024;
const PAGE = 4096;

export class CodeCache {
  readonly counters = {
    regions: 0,
    instructions: 0,
    bytes: 0,
    modules: 0,
    dropped: 0,
    flushes: 0,
  };
  readonly #configuration: Configuration;
  readonly #exports: InterpreterExports;
  readonly #procedures: ExportedProcedures;
  readonly #pages: CodePages;
  readonly #records: number;
  /** Places that regions go on at, and where the number of the region there stands. */
  readonly #links = new Map<number, number>();
  readonly #view: DataView;
  readonly #byPlace = new Map<number, Translation>();
  /** By page of RAM: what must go when the page changes. */
  readonly #byPage = new Map<number, Set<Translation>>();
  /** What was made of regions when there were no others, by their text. */
  readonly #beginnings = new Map<string, Made>();
  #next = 0;
  #bytes = 0;

  constructor(configuration: Configuration, exports: InterpreterExports, pages: CodePages, records: number) {
    this.#configuration = configuration;
    this.#exports = exports;
    this.#procedures = new ExportedProcedures(exports);
    this.#pages = pages;
    this.#records = records;
    this.#view = new DataView(configuration.memory.buffer);
  }

  /** The translation that begins at an offset in RAM. */
  at(place: number): Translation | undefined {
    return this.#byPlace.get(place);
  }

  /** Compiles regions together and has the interpreter enter them; one at the same place as another replaces it. */
  install(regions: readonly Region[]): void {
    const full = this.#next + regions.length > MOST_REGIONS || this.#links.size > MOST_LINKS / 2;
    if (full || this.#bytes > MOST_BYTES) this.flush();
    // Nothing is left that could enter anything: all begins anew.
    else if (this.#byPage.size === 0) this.#restart();
    const first = this.#next;
    this.#next += regions.length;
    const { flushes } = this.counters;
    const made = first === 0 ? this.#begin(regions) : this.#make(regions, first);
    // To decode a page of theirs all others went, and with them everything that these regions could be linked to.
    if (this.counters.flushes !== flushes) return;
    regions.forEach((region, i) => {
      const { run, need = 0 } = made.functions[i] ?? {};
      this.#enter({ number: first + i, region, lines: linesOf(region), run }, need);
      this.counters.regions++;
      this.counters.instructions += region.places.size;
    });
    this.#bytes += made.bytes;
  }

  /** Makes the first regions of all, unless they have been made before of the same code. */
  #begin(regions: readonly Region[]): Made {
    const [region] = regions;
    // Only code on one page is certain to be the same where its text is.
    if (region === undefined || regions.length > 1 || region.pages.size > 1) return this.#make(regions, 0);
    const text = textOf(region);
    const known = this.#beginnings.get(text);
    if (known !== undefined) {
      for (const [place, link] of known.links) {
        this.#view.setUint32(link, 0, true);
        this.#links.set(place, link);
      }
      return known;
    }
    const made = this.#make(regions, 0);
    if (this.#beginnings.size >= MOST_BEGINNINGS) this.#beginnings.clear();
    this.#beginnings.set(text, { ...made, links: new Map(this.#links) });
    return made;
  }

  #make(regions: readonly Region[], first: number): Made {
    const link = (place: number) => this.#linkTo(place);
    const batch = new Batch(
      regions,
      first,
      this.#configuration,
      this.#exports,
      this.#procedures,
      this.#pages,
      this.#records,
      link,
    );
    const { bytes, analyses } = batch.build((place) => this.#byPlace.get(place));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), batch.imports());
    batch.link(instance.exports);
    this.counters.modules++;
    this.counters.bytes += bytes.length;
    const functions = regions.map((_, i) => ({
      run: instance.exports[`region ${i}`],
      need: analyses[i]?.slots[0] ?? 0,
    }));
    return { functions, bytes: bytes.length, links: this.#links };
  }

  /** Takes away the regions with an instruction in bytes of RAM that change. */
  changed(from: number, to: number): void {
    for (let page = from >>> 12; page <= (to - 1) >>> 12; page++) {
      for (const translation of this.#byPage.get(page) ?? []) {
        if (touches(translation.region, Math.max(from, page * PAGE), Math.min(to, (page + 1) * PAGE))) {
          this.#drop(translation);
        }
      }
    }
  }

  /** Takes away a region made for flat memory, by the address of its record; gives the offset in RAM of its entry. */
  dropFlat(record: number): number | undefined {
    const number = (record - this.#records) / REGION_BYTES;
    for (const translations of this.#byPage.values()) {
      for (const translation of translations) {
        if (translation.number !== number || !translation.region.flat) continue;
        this.#drop(translation);
        return translation.region.place;
      }
    }
    return undefined;
  }

  /** Takes away what lies on a page of RAM. */
  dropPage(page: number): void {
    for (const translation of this.#byPage.get(page) ?? []) this.#drop(translation);
  }

  /** Takes everything away. */
  flush(): void {
    for (const translation of this.#byPlace.values()) this.#leave(translation);
    this.#byPlace.clear();
    for (const page of this.#byPage.keys()) this.#pages.watch(page, 0n);
    this.#byPage.clear();
    this.#restart();
    this.counters.flushes++;
  }

  /** With nothing left: numbers and links are given from the beginning. */
  #restart(): void {
    for (let n = 0; n < this.#next; n++) this.#exports.regions.set(n, null);
    for (const link of this.#links.values()) this.#view.setUint32(link, 0, true);
    this.#links.clear();
    this.#next = 0;
    this.#bytes = 0;
  }

  #enter(translation: Translation, slots: number): void {
    const { number, region, run } = translation;
    const record = this.#records + number * REGION_BYTES;
    const slot = this.#pages.slotAt(region.place);
    const standing = this.#view.getUint16(slot, true);
    const replaced = standing >= Handler.firstRegion ? standing - Handler.firstRegion : undefined;
    const handler =
      replaced === undefined
        ? standing
        : this.#view.getUint16(this.#records + replaced * REGION_BYTES + RegionOffset.handler, true);
    this.#view.setUint32(record + RegionOffset.need, slots, true);
    this.#view.setUint16(record + RegionOffset.handler, handler, true);
    this.#exports.regions.set(number, run);
    this.#view.setUint16(slot, Handler.firstRegion + number, true);
    this.#byPlace.set(region.place, translation);
    const link = this.#links.get(region.place);
    if (link !== undefined) this.#view.setUint32(link, number + 1, true);
    for (const page of region.pages.values()) {
      const there = this.#byPage.get(page) ?? new Set();
      there.add(translation);
      this.#byPage.set(page, there);
      this.#watch(page);
    }
  }

  #drop(translation: Translation): void {
    this.#leave(translation);
    const { place, pages } = translation.region;
    if (this.#byPlace.get(place) === translation) {
      this.#byPlace.delete(place);
      const link = this.#links.get(place);
      if (link !== undefined) this.#view.setUint32(link, 0, true);
    }
    for (const page of pages.values()) {
      const there = this.#byPage.get(page);
      there?.delete(translation);
      this.#watch(page);
    }
    this.counters.dropped++;
  }

  /** Has stores be told of to what is translated of a page. */
  #watch(page: number): void {
    const there = this.#byPage.get(page) ?? new Set();
    let lines = 0n;
    for (const translation of there) lines |= translation.lines.get(page) ?? 0n;
    this.#pages.watch(page, lines);
    if (there.size === 0) this.#byPage.delete(page);
  }

  /** Where the number of the region at a place stands, plus one; 0 while there is none. */
  #linkTo(place: number): number {
    let link = this.#links.get(place);
    if (link === undefined) {
      link = this.#records + LINKS_OFFSET + this.#links.size * LINK_BYTES;
      // Another code cache may have been here before.
      this.#view.setUint32(link, 0, true);
      this.#links.set(place, link);
    }
    return link;
  }

  /** Nothing enters it any more, neither the interpreter nor another region. */
  #leave({ number, region }: Translation): void {
    const record = this.#records + number * REGION_BYTES;
    this.#view.setInt32(record + RegionOffset.need, -1, true);
    const slot = this.#pages.slotAt(region.place);
    if (this.#view.getUint16(slot, true) !== Handler.firstRegion + number) return;
    this.#view.setUint16(slot, this.#view.getUint16(record + RegionOffset.handler, true), true);
  }
}

/** All that is in a region on one page: regions of the same text are translated alike. */
function textOf({ place, flat, blocks }: Region): string {
  const words = blocks.map(({ delta, operations, successors, targets }) => [
    delta,
    operations.map(({ operation }) => operation.decoded.word).join(),
    successors.join(),
    targets.join(),
  ]);
  return `${place} ${flat} ${words.join(" ")}`;
}

function linesOf({ blocks, pages, places }: Region): Map<number, bigint> {
  // The second half of an instruction that lies on two pages is the first of one of them.
  const crosses = blocks.some(({ operations }) => operations.some((o) => o.crosses));
  const lines = new Map([...pages.values()].map((page) => [page, crosses ? 1n : 0n]));
  const numbers = new Set<number>();
  for (const place of places) {
    numbers.add(place >>> 6);
    numbers.add((place + 2) >>> 6);
  }
  for (const number of numbers) {
    const known = lines.get(number >>> 6);
    if (known !== undefined) lines.set(number >>> 6, known | (1n << BigInt(number & 63)));
  }
  return lines;
}

function touches({ blocks, places }: Region, from: number, to: number): boolean {
  // An instruction may begin up to three bytes before, or, when it lies on two pages, on another one.
  for (let place = from - 3; place < to; place++) if (places.has(place)) return true;
  return (from & (PAGE - 1)) < 2 && blocks.some(({ operations }) => operations.some((o) => o.crosses));
}

/** A procedure's function in the main module, and how it is called. */
interface Exported {
  readonly run: unknown;
  readonly signature: Signature;
}

/** The functions that a main module exports for procedures. */
class ExportedProcedures {
  readonly #exports: InterpreterExports;
  readonly #known = new Map<Procedure, Exported | undefined>();

  constructor(exports: InterpreterExports) {
    this.#exports = exports;
  }

  /** Undefined for a hook that nobody listens to. */
  find(procedure: Procedure): Exported | undefined {
    if (this.#known.has(procedure)) return this.#known.get(procedure);
    const { name, parameters, result } = procedure;
    const run = this.#exports[exportName(name)];
    const signature = { parameters: parameters.map(({ type }) => type), results: result ? [result] : [] };
    const exported = run instanceof Function ? { run, signature } : undefined;
    this.#known.set(procedure, exported);
    return exported;
  }
}

/** Under which name a module of regions exports the table of the procedures that it calls. */
const PROCEDURES = "procedures";

/** Regions that are compiled as one module, so that they call each other directly. */
class Batch {
  readonly #regions: readonly Region[];
  readonly #first: number;
  readonly #configuration: Configuration;
  readonly #exports: InterpreterExports;
  readonly #procedures: ExportedProcedures;
  readonly #pages: CodePages;
  readonly #records: number;
  readonly #link: (place: number) => number;
  readonly #module = new ModuleBuilder();
  /** Functions that call procedures of the main module. */
  readonly #called = new Map<Procedure, number | undefined>();
  /** The procedures' own functions, by their places in the module's table. */
  readonly #callees: unknown[] = [];
  readonly #imported: Record<string, WebAssembly.ImportValue> = {};

  constructor(
    regions: readonly Region[],
    first: number,
    configuration: Configuration,
    exports: InterpreterExports,
    procedures: ExportedProcedures,
    pages: CodePages,
    records: number,
    link: (place: number) => number,
  ) {
    this.#regions = regions;
    this.#link = link;
    this.#first = first;
    this.#configuration = configuration;
    this.#exports = exports;
    this.#procedures = procedures;
    this.#pages = pages;
    this.#records = records;
  }

  build(known: (place: number) => Translation | undefined): {
    bytes: Uint8Array<ArrayBuffer>;
    analyses: readonly Analysis[];
  } {
    const module = this.#module;
    const { memory, settings, harts } = this.#configuration;
    module.importMemory(memory.buffer.byteLength / 65536);
    const raisedGlobal = module.importGlobal("raised");
    this.#imported.raised = this.#exports.raised;
    this.#imported[ENTER_REGION] = this.#exports[ENTER_REGION] as WebAssembly.ExportValue;
    const enter = module.importFunction(ENTER_REGION, ENTER_SIGNATURE);
    const functions = this.#importRegions(known);
    for (const { place } of this.#regions) functions.set(place, module.declare(REGION_SIGNATURE));
    const analyses = this.#regions.map(analyse);
    this.#regions.forEach((region, i) => {
      const code = emitRegion(region, analyses[i] ?? analyse(region), {
        settings,
        asDescribed: this.#configuration.rewrite !== undefined,
        fuses: hostFuses(),
        onlyHart: onlyOf(harts),
        raisedGlobal,
        functionOf: (p) => this.#functionOf(p),
        record: this.#records + (this.#first + i) * REGION_BYTES,
        decodedPage: (page) => this.#pages.decodedPage(page * PAGE),
        regionAt: (delta) => {
          const place = placeOf(region, delta);
          if (place === undefined) return undefined;
          const index = functions.get(place);
          return index === undefined ? { link: this.#link(place) } : { index };
        },
        enter,
      });
      const index = functions.get(region.place) ?? 0;
      module.define(index, code);
      module.exportFunction(`region ${i}`, index);
    });
    module.exportTable(PROCEDURES, this.#callees.length);
    return { bytes: module.finish(), analyses };
  }

  imports(): WebAssembly.Imports {
    return { memory: { memory: this.#configuration.memory }, host: this.#imported };
  }

  /** Puts the procedures that are called where the module calls them. */
  link({ [PROCEDURES]: table }: WebAssembly.Exports): void {
    if (!(table instanceof WebAssembly.Table)) return;
    for (const [place, run] of this.#callees.entries()) table.set(place, run);
  }

  /** A function that calls a procedure of the main module; undefined for a hook that nobody listens to. */
  #functionOf(procedure: Procedure): number | undefined {
    if (this.#called.has(procedure)) return this.#called.get(procedure);
    const exported = this.#procedures.find(procedure);
    const index = exported && this.#callerOf(exported);
    this.#called.set(procedure, index);
    return index;
  }

  /**
   * Calls by way of a table. For imported functions V8 would compile a wrapper for each signature among them, by its
   * optimising compiler, in case they were JavaScript's; and a table that modules share would keep all of them alive.
   */
  #callerOf({ run, signature }: Exported): number {
    const place = this.#callees.push(run) - 1;
    const code = new Code(signature.parameters);
    for (let parameter = 0; parameter < signature.parameters.length; parameter++) code.get(parameter);
    code.i32(place).tailCallIndirect(this.#module.type(signature));
    const index = this.#module.declare(signature);
    this.#module.define(index, code);
    return index;
  }

  /** The regions of other batches that these may go on in. */
  #importRegions(known: (place: number) => Translation | undefined): Map<number, number> {
    const functions = new Map<number, number>();
    for (const region of this.#regions) {
      for (const place of exitsOf(region)) {
        const other = known(place);
        if (other === undefined || functions.has(place)) continue;
        const name = `place ${place}`;
        this.#imported[name] = other.run as WebAssembly.ExportValue;
        functions.set(place, this.#module.importFunction(name, REGION_SIGNATURE));
      }
    }
    return functions;
  }
}

/** Offsets in RAM that a region may go on at outside, as far as it is known where its pages are. */
function exitsOf(region: Region): Set<number> {
  const places = new Set<number>();
  const leave = (delta: number) => {
    const place = placeOf(region, delta);
    if (place !== undefined) places.add(place);
  };
  for (const block of region.blocks) {
    const last = block.operations.at(-1);
    if (last === undefined) continue;
    const { flow, length } = last.operation;
    if (flow.kind === "next" || flow.kind === "branch") leave(last.delta + length);
    block.targets.forEach(leave);
  }
  return places;
}
