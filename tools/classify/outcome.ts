/** What a program sees of an instruction that has retired. */
import { DATA } from "./memory.ts";
import type { State } from "./state.ts";

export interface Outcome {
  /** In which state the instruction began. */
  readonly state: State;
  /** x1 to x31 and f0 to f31, eight bytes each. */
  readonly x: Uint8Array;
  readonly f: Uint8Array;
  readonly pc: bigint;
  readonly fcsr: bigint;
  /** Relative to the data page, so that it means the same wherever that lies; undefined when nothing is reserved. */
  readonly reserved: bigint | undefined;
  readonly data: Uint8Array;
}

/** Where two outcomes differ, and what they have there. */
export interface Difference {
  readonly place: string;
  readonly values: readonly [bigint, bigint];
}

/** The first place where outcomes that are not alike differ. */
export function differenceOf(a: Outcome, b: Outcome): Difference {
  if (a.pc !== b.pc) return { place: "pc", values: [a.pc, b.pc] };
  for (const [file, first] of [
    ["x", 1],
    ["f", 0],
  ] as const) {
    const at = firstDifference(a[file], b[file]) >> 3;
    if (at >= 0)
      return { place: `${file}${first + at}`, values: [register(a[file], at), register(b[file], at)] };
  }
  if (a.fcsr !== b.fcsr) return { place: "fcsr", values: [a.fcsr, b.fcsr] };
  if (a.reserved !== b.reserved)
    return { place: "the reservation", values: [a.reserved ?? -1n, b.reserved ?? -1n] };
  const at = firstDifference(a.data, b.data);
  const byte = (data: Uint8Array) => BigInt(data[at] ?? 0);
  return { place: `the byte at 0x${(DATA + BigInt(at)).toString(16)}`, values: [byte(a.data), byte(b.data)] };
}

const firstDifference = (a: Uint8Array, b: Uint8Array) => a.findIndex((byte, i) => byte !== b[i]);

function register(file: Uint8Array, index: number): bigint {
  return new DataView(file.buffer, file.byteOffset).getBigUint64(index * 8, true);
}
