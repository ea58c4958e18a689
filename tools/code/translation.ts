/**
 * A piece of a program as the translator would translate it if all of it had been executed, and all that it leads to had
 * been translated: nothing is run.
 */

import type { ElfProgram, ElfSegment } from "../../emulator/board/elf.ts";
import type { CpuOptions } from "../../emulator/board/options.ts";
import { defaultOptions } from "../../emulator/board/options.ts";
import { placeMachine } from "../../emulator/board/placement.ts";
import { REGION_SIGNATURE } from "../../emulator/engine/interpreter/exports.ts";
import type { Analysis } from "../../emulator/engine/translator/analysis.ts";
import { analyse } from "../../emulator/engine/translator/analysis.ts";
import type { Mark } from "../../emulator/engine/translator/emit.ts";
import { emitRegion } from "../../emulator/engine/translator/emit.ts";
import { Operations } from "../../emulator/engine/translator/operation.ts";
import { whenHot } from "../../emulator/engine/translator/policy.ts";
import type { Experience } from "../../emulator/engine/translator/profile.ts";
import type { CodeReader, Region } from "../../emulator/engine/translator/region.ts";
import { formRegion } from "../../emulator/engine/translator/region.ts";
import { createDecoder } from "../../emulator/isa/decode.ts";
import { instructionSet } from "../../emulator/isa/table.ts";
import type { Procedure } from "../../emulator/language/procedure.ts";
import type { Code } from "../../emulator/wasm/code.ts";

/** A function that translated code calls. */
export interface Callee {
  readonly name: string;
  readonly parameters: number;
  readonly results: number;
}

export interface StaticTranslation {
  readonly region: Region;
  readonly analysis: Analysis;
  readonly code: Code;
  readonly marks: readonly Mark[];
  /** By the number that it has in the code. */
  readonly callees: readonly Callee[];
}

/** Where indirect jumps lead: addresses, by the jump's. */
type Leads = ReadonlyMap<bigint, readonly bigint[]>;

/** What the code itself does not tell. */
export interface Circumstances {
  readonly leads?: Leads;
  /** Whether memory is flat (emulator/engine/translator/flat-memory.ts). */
  readonly flat?: boolean;
}

const PAGE = 4096n;
/** What an indirect jump leads to cannot be seen in the code. */
const NOWHERE: Leads = new Map();

/** The region that begins at an address. Undefined where there is no code, or none that can be translated. */
export function translateAt(
  program: ElfProgram,
  address: bigint,
  cpu: CpuOptions,
  { leads = NOWHERE, flat = false }: Circumstances = {},
): StaticTranslation | undefined {
  const segment = program.segments.find(
    ({ executable, virtual, contents }) =>
      executable && address >= virtual && address < virtual + BigInt(contents.length),
  );
  if (segment === undefined) return undefined;
  const { settings } = placeMachine({ ...defaultOptions, engine: "auto", cpu, harts: 1 });
  const operations = new Operations(createDecoder(instructionSet(cpu.extensions)), settings, undefined);
  const memory = new SegmentCode(segment, operations, leads);
  const region = formRegion(memory.placeOf(address), memory, memory, whenHot, flat);
  if (region === undefined) return undefined;
  const analysis = analyse(region);
  const linkage = new Linkage();
  const marks: Mark[] = [];
  const code = emitRegion(
    region,
    analysis,
    {
      settings,
      asDescribed: false,
      // The same on every host.
      fuses: false,
      raisedGlobal: 0,
      onlyHart: undefined,
      record: 0,
      functionOf: (p) => linkage.procedure(p),
      regionAt: (delta) => ({ index: linkage.region(delta) }),
      enter: 0,
      decodedPage: (page) => page - (region.place >>> 12),
    },
    (mark) => marks.push(mark),
  );
  return { region, analysis, code, marks, callees: linkage.callees };
}

/** The code of a segment, all of which is taken to be executed. Places count from the beginning of its first page. */
class SegmentCode implements CodeReader, Experience {
  readonly #view: DataView;
  readonly #base: bigint;
  /** Bytes of the first page before the segment. */
  readonly #before: number;
  readonly #operations: Operations;
  readonly #leads: Leads;

  constructor({ contents, virtual }: ElfSegment, operations: Operations, leads: Leads) {
    this.#view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
    this.#base = virtual & -PAGE;
    this.#before = Number(virtual - this.#base);
    this.#operations = operations;
    this.#leads = leads;
  }

  placeOf(address: bigint): number {
    return Number(address - this.#base);
  }

  operation(place: number, secondHalf = place + 2) {
    const low = this.#half(place);
    if (low === undefined) return undefined;
    if ((low & 3) !== 3) return this.#operations.of(low);
    const high = this.#half(secondHalf);
    return high === undefined ? undefined : this.#operations.of(low | (high << 16));
  }

  breaks(): boolean {
    return false;
  }

  executed(place: number): number {
    return this.operation(place) === undefined ? 0 : 1;
  }

  destinations(place: number) {
    const operation = this.operation(place);
    if (operation === undefined) return [];
    const { flow, length, decoded } = operation;
    const distances: number[] = [];
    if (flow.kind === "next" || flow.kind === "branch") distances.push(length);
    if (flow.kind === "jump" || flow.kind === "branch") distances.push(decoded.immediate);
    for (const address of this.#leads.get(this.#base + BigInt(place)) ?? [])
      distances.push(this.placeOf(address) - place);
    return distances.map((distance) => ({ place: place + distance, distance, count: 1 }));
  }

  #half(place: number): number | undefined {
    const offset = place - this.#before;
    const within = offset >= 0 && offset + 2 <= this.#view.byteLength;
    return within ? this.#view.getUint16(offset, true) : undefined;
  }
}

/** Numbers what the code calls, in the order in which it first does. */
class Linkage {
  readonly callees: Callee[] = [];
  readonly #known = new Map<Procedure | number, number>();

  procedure(p: Procedure): number {
    const results = p.result === undefined ? 0 : 1;
    return this.#number(p, { name: p.name, parameters: p.parameters.length, results });
  }

  region(delta: number): number {
    const distance = `${delta < 0 ? "-" : "+"}${Math.abs(delta).toString(16)}`;
    return this.#number(delta, {
      name: `region${distance}`,
      parameters: REGION_SIGNATURE.parameters.length,
      results: 1,
    });
  }

  #number(key: Procedure | number, callee: Callee): number {
    let number = this.#known.get(key);
    if (number === undefined) {
      number = this.callees.push(callee) - 1;
      this.#known.set(key, number);
    }
    return number;
  }
}
