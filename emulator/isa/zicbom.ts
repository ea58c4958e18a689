/** Zicbom, cache-block management (cache-management specification, 2.9). */
import type { I64 } from "../language/expression.ts";
import { manageBlock } from "../memory/cache-block.ts";
import { EnvironmentBit } from "../trap/envcfg.ts";
import { cacheBlockInstruction } from "./cache-block.ts";
import type { Instruction } from "./instruction.ts";

const management = (name: string, operation: string, enable: (envcfg: I64) => I64) =>
  cacheBlockInstruction("zicbom", name, operation, enable, (virtual) => manageBlock({ virtual }));

const cleaning = (envcfg: I64) => envcfg.bits(EnvironmentBit.CBCFE);

export const zicbom: readonly Instruction[] = [
  // Without caches, invalidating a block and flushing it instead (CBIE = 1) come to the same.
  management("cbo.inval", "000000000000", (envcfg) => envcfg.bits(EnvironmentBit.CBIE, 2)),
  management("cbo.clean", "000000000001", cleaning),
  management("cbo.flush", "000000000010", cleaning),
];
