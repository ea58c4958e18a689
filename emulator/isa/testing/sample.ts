/** Samples of the instruction table, for tests. */
import type { Instruction } from "../instruction.ts";
import { instructions } from "../table.ts";

/** The entry of a name. Throws on an unknown one. */
export function instructionNamed(name: string): Instruction {
  const entry = instructions.find((i) => i.name === name);
  if (entry === undefined) throw new Error(`there is no instruction named "${name}"`);
  return entry;
}

/** Pseudo-random 32-bit numbers, the same in every run (a multiplicative congruential generator modulo 2^64). */
export function randomNumbers(seed: number): () => number {
  let state = BigInt(seed) * 2n + 1n;
  return () => {
    state = BigInt.asUintN(64, state * 0x5851_f42d_4c95_7f2dn);
    return Number(state >> 32n);
  };
}

/** Words that match an entry's fixed bits; its other bits are random, all zero or all one. */
export function randomWords({ encoding, name }: Instruction, count: number): number[] {
  const random = randomNumbers([...name].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7));
  const width = encoding.length === 2 ? 0xffff : 0xffff_ffff;
  const fill = (index: number) => (index === 0 ? 0 : index === 1 ? width : random());
  return Array.from(
    { length: count },
    (_, i) => ((encoding.match | (fill(i) & ~encoding.mask)) & width) >>> 0,
  );
}
