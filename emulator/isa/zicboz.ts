/** Zicboz, cache-block zero (cache-management specification, 2.9). */
import { zeroBlock } from "../memory/cache-block.ts";
import { EnvironmentBit } from "../trap/envcfg.ts";
import { cacheBlockInstruction } from "./cache-block.ts";
import type { Instruction } from "./instruction.ts";

export const zicboz: readonly Instruction[] = [
  cacheBlockInstruction(
    "zicboz",
    "cbo.zero",
    "000000000100",
    (envcfg) => envcfg.bits(EnvironmentBit.CBZE),
    (virtual) => zeroBlock({ virtual }),
  ),
];
