/** Regions that are compiled as one module, so that they call each other directly. */
import type { Setting } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import { Code } from "../../wasm/code.ts";
import type { Signature } from "../../wasm/module.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import { ENTER_REGION, ENTER_SIGNATURE, exportName, REGION_SIGNATURE } from "../interpreter/exports.ts";
import { onlyOf } from "../interpreter/operands.ts";
import { LINE_BYTES, lineOf, REGION_BYTES } from "../interpreter/slot.ts";
import { analyse } from "./analysis.ts";
import { emitRegion } from "./emit.ts";
import type { Region } from "./region.ts";
import { placeOf } from "./region.ts";

const LINES_PER_PAGE = 4096 / LINE_BYTES;

/** What batches are made for. */
export interface Surroundings {
  readonly settings: Readonly<Record<Setting, bigint>>;
  /** Addresses in machine memory of the harts' states, and of the records of regions (interpreter/slot.ts). */
  readonly harts: readonly number[];
  readonly records: number;
  readonly memoryBytes: number;
  /** Names of what the main module exports. */
  readonly exported: ReadonlySet<string>;
  /** Whether everything must be executed as described, even where the host could compute it faster. */
  readonly asDescribed: boolean;
  /** Whether the host multiplies and adds in one (native-float/host-fusing.ts). */
  readonly fuses: boolean;
}

/** What a batch is made among. */
export interface Neighbours {
  /** Address of the decoded page of a page of RAM, by which it is recognised. */
  decodedPage(page: number): number;
  /** Where the number, plus one, of the region that begins at a place will stand. */
  linkTo(place: number): number;
  /** The number of the region of an earlier batch that begins at a place. */
  numberAt(place: number): number | undefined;
}

/** A region as a module has it. */
export interface CompiledRegion {
  readonly number: number;
  /** Offset in RAM of its entry. */
  readonly place: number;
  readonly flat: boolean;
  /** Slots that must be left to enter it. */
  readonly need: number;
  readonly instructions: number;
  /** By page of RAM that it relies on: the lines of 64 bytes on which it has code, as bits. */
  readonly lines: ReadonlyMap<number, bigint>;
  /** The halfwords that it was made of, by their offsets in RAM. */
  readonly code: ReadonlyMap<number, number>;
}

/** Regions that have been compiled, but for the host's module: what it is made of, and what it relies on. */
export interface BatchRecord {
  /** The module as WebAssembly. Its functions are exported as `regionName` says. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly regions: readonly CompiledRegion[];
  /** What of the main module belongs in the exported table `PROCEDURES`, by the names that it is exported by. */
  readonly calls: readonly string[];
  /** Numbers of the regions of other batches that it imports, each by its `regionName`. */
  readonly others: readonly number[];
  /** By place, the addresses of links in it. */
  readonly links: ReadonlyMap<number, number>;
  /** By page of RAM that it relies on, the address of the decoded page. */
  readonly decoded: ReadonlyMap<number, number>;
}

/** Regions that have been compiled as one module. */
export interface Batch extends BatchRecord {
  readonly module: WebAssembly.Module;
}

/** Under which name a batch's module exports the table of the procedures that it calls. */
export const PROCEDURES = "procedures";
/** Under which name a module exports a region of its own, and imports one of another. */
export const regionName = (number: number): string => `region ${number}`;

/** Compiles regions, which get numbers from `first` on. */
export function compileBatch(
  regions: readonly Region[],
  first: number,
  surroundings: Surroundings,
  neighbours: Neighbours,
): Batch {
  return new BatchCompiler(regions, first, surroundings, neighbours).compile();
}

class BatchCompiler {
  readonly #regions: readonly Region[];
  readonly #first: number;
  readonly #surroundings: Surroundings;
  readonly #neighbours: Neighbours;
  readonly #module = new ModuleBuilder();
  /** Functions that call procedures of the main module. */
  readonly #called = new Map<Procedure, number | undefined>();
  readonly #calls: string[] = [];
  readonly #others: number[] = [];
  readonly #links = new Map<number, number>();

  constructor(regions: readonly Region[], first: number, surroundings: Surroundings, neighbours: Neighbours) {
    this.#regions = regions;
    this.#first = first;
    this.#surroundings = surroundings;
    this.#neighbours = neighbours;
  }

  compile(): Batch {
    const module = this.#module;
    const { memoryBytes, records, settings, harts, asDescribed, fuses } = this.#surroundings;
    module.importMemory(memoryBytes / 65536);
    const raisedGlobal = module.importGlobal("raised");
    const enter = module.importFunction(ENTER_REGION, ENTER_SIGNATURE);
    const functions = this.#importRegions();
    for (const { place } of this.#regions) functions.set(place, module.declare(REGION_SIGNATURE));
    const compiled = this.#regions.map((region, i): CompiledRegion => {
      const number = this.#first + i;
      const analysis = analyse(region);
      const code = emitRegion(region, analysis, {
        settings,
        asDescribed,
        fuses,
        onlyHart: onlyOf(harts),
        raisedGlobal,
        functionOf: (p) => this.#functionOf(p),
        record: records + number * REGION_BYTES,
        decodedPage: (page) => this.#neighbours.decodedPage(page),
        regionAt: (delta) => {
          const place = placeOf(region, delta);
          if (place === undefined) return undefined;
          const index = functions.get(place);
          return index === undefined ? { link: this.#linkTo(place) } : { index };
        },
        enter,
      });
      const index = functions.get(region.place) ?? 0;
      module.define(index, code);
      module.exportFunction(regionName(number), index);
      const { place, flat, places } = region;
      const halfwords = halfwordsOf(region);
      return {
        number,
        place,
        flat,
        need: analysis.slots[0] ?? 0,
        instructions: places.size,
        lines: linesOf(region, halfwords.keys()),
        code: halfwords,
      };
    });
    module.exportTable(PROCEDURES, this.#calls.length);
    const bytes = module.finish();
    const pages = new Set(compiled.flatMap(({ lines }) => [...lines.keys()]));
    return {
      module: new WebAssembly.Module(bytes),
      bytes,
      regions: compiled,
      calls: this.#calls,
      others: this.#others,
      links: this.#links,
      decoded: new Map(Array.from(pages, (page) => [page, this.#neighbours.decodedPage(page)])),
    };
  }

  #linkTo(place: number): number {
    const link = this.#neighbours.linkTo(place);
    this.#links.set(place, link);
    return link;
  }

  /** A function that calls a procedure of the main module; undefined for a hook that nobody listens to. */
  #functionOf(procedure: Procedure): number | undefined {
    if (this.#called.has(procedure)) return this.#called.get(procedure);
    const name = exportName(procedure.name);
    const index = this.#surroundings.exported.has(name) ? this.#callerOf(name, procedure) : undefined;
    this.#called.set(procedure, index);
    return index;
  }

  /**
   * Calls by way of a table. For imported functions V8 would compile a wrapper for each signature among them, by its
   * optimising compiler, in case they were JavaScript's; and a table that modules share would keep all of them alive.
   */
  #callerOf(name: string, { parameters, result }: Procedure): number {
    const signature: Signature = {
      parameters: parameters.map(({ type }) => type),
      results: result ? [result] : [],
    };
    const place = this.#calls.push(name) - 1;
    const code = new Code(signature.parameters);
    for (let parameter = 0; parameter < signature.parameters.length; parameter++) code.get(parameter);
    code.i32(place).tailCallIndirect(this.#module.type(signature));
    const index = this.#module.declare(signature);
    this.#module.define(index, code);
    return index;
  }

  /** The regions of other batches that these may go on in, by their places. */
  #importRegions(): Map<number, number> {
    const functions = new Map<number, number>();
    const own = new Set(this.#regions.map(({ place }) => place));
    for (const region of this.#regions) {
      for (const place of exitsOf(region)) {
        if (own.has(place) || functions.has(place)) continue;
        const number = this.#neighbours.numberAt(place);
        if (number === undefined) continue;
        this.#others.push(number);
        functions.set(place, this.#module.importFunction(regionName(number), REGION_SIGNATURE));
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

/** The halfwords of a region's instructions, by their places. */
function halfwordsOf(region: Region): Map<number, number> {
  const halfwords = new Map<number, number>();
  const note = (delta: number, halfword: number) => {
    const place = placeOf(region, delta);
    if (place !== undefined) halfwords.set(place, halfword);
  };
  for (const { operations } of region.blocks) {
    for (const { delta, operation } of operations) {
      const { word } = operation.decoded;
      note(delta, word & 0xffff);
      if (operation.length === 4) note(delta + 2, word >>> 16);
    }
  }
  return halfwords;
}

/** The lines that places are on, by page. */
function linesOf({ pages }: Region, places: Iterable<number>): Map<number, bigint> {
  const lines = new Map(Array.from(pages.values(), (page) => [page, 0n]));
  for (const number of new Set(Array.from(places, lineOf))) {
    const [page, line] = [Math.floor(number / LINES_PER_PAGE), number % LINES_PER_PAGE];
    lines.set(page, (lines.get(page) ?? 0n) | (1n << BigInt(line)));
  }
  return lines;
}
