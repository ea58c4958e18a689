/** All instructions the machine knows. */
import { rv64a } from "./a.ts";
import { rv64c } from "./c.ts";
import { rv64d } from "./d.ts";
import { rv64f } from "./f.ts";
import type { Instruction } from "./instruction.ts";
import { rv64m } from "./m.ts";
import { privilegedInstructions } from "./privileged.ts";
import { rv64i } from "./rv64i.ts";
import { zba } from "./zba.ts";
import { zbb } from "./zbb.ts";
import { zbc } from "./zbc.ts";
import { zbkb } from "./zbkb.ts";
import { zbkx } from "./zbkx.ts";
import { zbs } from "./zbs.ts";
import { zcb } from "./zcb.ts";
import { zfh } from "./zfh.ts";
import { zfhmin } from "./zfhmin.ts";
import { zicbom } from "./zicbom.ts";
import { zicbop } from "./zicbop.ts";
import { zicboz } from "./zicboz.ts";
import { zicond } from "./zicond.ts";
import { zicsr } from "./zicsr.ts";

/**
 * Checks entries against each other, as set-up and a test do with all of them. Two encodings may share words only where one is strictly
 * more specific: it fixes all the bits that the other fixes, and more. Throws an error that names both entries of a
 * pair that does not keep this, or the name that stands twice.
 */
export function check(entries: readonly Instruction[]): void {
  entries.forEach((a, index) => {
    for (const b of entries.slice(index + 1)) {
      if (a.name === b.name) throw new Error(`instruction "${a.name}" is described twice`);
      if (overlap(a, b) && !moreSpecific(a, b) && !moreSpecific(b, a)) {
        throw new Error(`encodings of "${a.name}" (${a.pattern}) and "${b.name}" (${b.pattern}) overlap`);
      }
    }
  });
}

function overlap({ encoding: a }: Instruction, { encoding: b }: Instruction): boolean {
  return ((a.match ^ b.match) & a.mask & b.mask) === 0;
}

function moreSpecific({ encoding: a }: Instruction, { encoding: b }: Instruction): boolean {
  return a.mask !== b.mask && (a.mask | b.mask) >>> 0 === a.mask;
}

/** Every instruction of every extension, in the order of the manuals. */
export const instructions: readonly Instruction[] = [
  ...rv64i,
  ...zicsr,
  ...rv64m,
  ...rv64a,
  ...rv64f,
  ...rv64d,
  ...zfhmin,
  ...zfh,
  ...rv64c,
  ...zcb,
  ...zicond,
  ...zba,
  ...zbb,
  ...zbc,
  ...zbs,
  ...zbkb,
  ...zbkx,
  ...zicbom,
  ...zicbop,
  ...zicboz,
  ...privilegedInstructions,
];

/** Extensions that every machine has, whatever is switched off. */
const ALWAYS: ReadonlySet<string> = new Set(["i", "m", "a", "f", "d", "c"]);

/** The instructions of a machine with RV64IMAFDC and these further extensions (lower-case, as in `riscv,isa`). */
export function instructionSet(extensions: ReadonlySet<string>): readonly Instruction[] {
  const has = (name: string) => ALWAYS.has(name) || extensions.has(name);
  return instructions.filter(
    ({ extension, sharedWith, needs }) =>
      [extension, ...sharedWith].some(has) && (needs === undefined || has(needs)),
  );
}
