/** Samples of the instruction table, for tests. */
import { randomBits } from "../../float/testing/operands.ts";
import type { Instruction } from "../instruction.ts";
import { instructions } from "../table.ts";

/** The entry of a name. Throws on an unknown one. */
export function instructionNamed(name: string): Instruction {
  const entry = instructions.find((i) => i.name === name);
  if (entry === undefined) throw new Error(`there is no instruction named "${name}"`);
  return entry;
}

/** Words that match an entry's fixed bits; its other bits are random, all zero or all one. */
export function randomWords({ encoding, name }: Instruction, count: number): number[] {
  const random = randomBits(
    [...name].reduce((seed, letter) => seed * 31n + BigInt(letter.charCodeAt(0)), 7n),
  );
  const width = encoding.length === 2 ? 0xffff : 0xffff_ffff;
  const fill = (index: number) => (index === 0 ? 0 : index === 1 ? width : Number(random() & 0xffff_ffffn));
  return Array.from(
    { length: count },
    (_, i) => ((encoding.match | (fill(i) & ~encoding.mask)) & width) >>> 0,
  );
}
