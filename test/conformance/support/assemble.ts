/** Code for cases: instruction words by name, and bytes in RAM. */
import type { Operands } from "../../../emulator/isa/encode.ts";
import { encode } from "../../../emulator/isa/encode.ts";
import type { Instruction } from "../../../emulator/isa/instruction.ts";
import { instructions } from "../../../emulator/isa/table.ts";
import type { Piece } from "../../../tools/conformance/case.ts";

/** Fields of an encoding that are neither registers nor immediates. */
export type OtherFields = Partial<Record<"rm" | "aq" | "rl" | "fm" | "pred" | "succ" | "zimm", number>>;

const named = new Map(instructions.map((entry) => [entry.name, entry]));

/** The table's entry of a name. Throws on an unknown one. */
export function instructionNamed(name: string): Instruction {
  const entry = named.get(name);
  if (entry === undefined) throw new Error(`no instruction is named "${name}"`);
  return entry;
}

/** The word of an instruction; operands and fields left out are 0. A CSR's number is the immediate. */
export function word(name: string, operands: Operands & OtherFields = {}): number {
  const { rm, aq, rl, fm, pred, succ, zimm, ...registers } = operands;
  const entry = instructionNamed(name);
  const others = Object.entries({ rm, aq, rl, fm, pred, succ, zimm }).filter(([, v]) => v !== undefined);
  let bits = encode(entry, registers);
  for (const [field, value = 0] of others) {
    const place = entry.encoding.fields.find((f) => f.name === field);
    if (place === undefined || value >= 1 << place.width)
      throw new Error(`${name} cannot have ${field} = ${value}`);
    bits |= value << place.low;
  }
  return bits >>> 0;
}

/** Bytes of an instruction word, by its two lowest bits. */
export const lengthOf = (instruction: number): 2 | 4 => ((instruction & 3) === 3 ? 4 : 2);

/** Instruction words one after the other in RAM. */
export function code(at: bigint, words: readonly number[]): Piece {
  const bytes = words.flatMap((w) => Array.from({ length: lengthOf(w) }, (_, i) => (w >>> (8 * i)) & 0xff));
  return { at, bytes: Uint8Array.from(bytes) };
}

/** The low `bytes` bytes of a number in RAM, little-endian. */
export function number(at: bigint, bytes: number, value: bigint): Piece {
  return {
    at,
    bytes: Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
  };
}
