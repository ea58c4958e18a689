/** Code written down instruction by instruction, for tests of what reads code. */
import { parseCpu } from "../../../board/cpu.ts";
import { defaultOptions } from "../../../board/options.ts";
import { placeMachine } from "../../../board/placement.ts";
import { createDecoder } from "../../../isa/decode.ts";
import type { Operands } from "../../../isa/encode.ts";
import { encode } from "../../../isa/encode.ts";
import { instructions } from "../../../isa/table.ts";
import { instructionNamed } from "../../../isa/testing/sample.ts";
import type { Operation } from "../operation.ts";
import { Operations } from "../operation.ts";
import { Profile } from "../profile.ts";
import type { CodeReader, Region } from "../region.ts";
import { formRegion } from "../region.ts";

const PAGE = 4096;
/** Virtual address of the first byte of RAM. */
const BASE = 0x1000_0000;

const cpu = parseCpu("max");
const { settings } = placeMachine({ ...defaultOptions, engine: "auto", cpu, harts: 1 });
const operations = new Operations(createDecoder(instructions), settings, undefined);

/** An instruction by its name, its operands, and further bits of its word. */
export type Line = readonly [name: string, operands?: Operands, bits?: number];

/** The operation of an instruction. */
export function operationOf([name, operands = {}, bits = 0]: Line): Operation {
  const operation = operations.of(encode(instructionNamed(name), operands) | bits);
  if (operation === undefined) throw new Error(`"${name}" does not decode to itself`);
  return operation;
}

/** Instructions one after the other, from a place in RAM on. */
export class Snippet implements CodeReader {
  /** Where each instruction stands. */
  readonly places: readonly number[];
  readonly breakpoints = new Set<number>();
  readonly #halves = new Map<number, number>();

  constructor(start: number, lines: readonly Line[]) {
    const places: number[] = [];
    let place = start;
    for (const line of lines) {
      const { decoded, length } = operationOf(line);
      places.push(place);
      this.#halves.set(place, decoded.word & 0xffff);
      if (length === 4) this.#halves.set(place + 2, decoded.word >>> 16);
      place += length;
    }
    this.places = places;
  }

  operation(place: number, secondHalf: number | undefined): Operation | undefined {
    const low = this.#halves.get(place);
    if (low === undefined || (low & 3) !== 3) return low === undefined ? undefined : operations.of(low);
    const second = place % PAGE === PAGE - 2 ? secondHalf : place + 2;
    const high = second === undefined ? undefined : this.#halves.get(second);
    return high === undefined ? undefined : operations.of(low | (high << 16));
  }

  /** Puts the code where it belongs in RAM, which begins at an address in machine memory. */
  store(memory: ArrayBufferLike, ram: number): void {
    const view = new DataView(memory);
    for (const [place, half] of this.#halves) view.setUint16(ram + place, half, true);
  }

  breaks(place: number): boolean {
    return this.breakpoints.has(place);
  }

  /** What is learned where instructions, by their numbers, execute in this order. */
  executed(...order: readonly number[]): Profile {
    const profile = new Profile();
    profile.learn(
      order.map((n) => {
        const place = this.places[n] ?? 0;
        return { place, pc: BASE + place };
      }),
    );
    return profile;
  }
}

/** The region of instructions that are executed in this order, from the first of them on. Throws where there is none. */
export function regionOf(lines: readonly Line[], ...order: readonly number[]): Region {
  const code = new Snippet(0x1000, lines);
  const entry = code.places[order[0] ?? 0] ?? 0;
  const region = formRegion(entry, code.executed(...order), code, { operations: 100, destinations: 8 });
  if (region === undefined) throw new Error("no region begins there");
  return region;
}
