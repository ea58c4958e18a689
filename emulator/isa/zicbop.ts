/** Zicbop, cache-block prefetch (cache-management specification, 2.9): hints, in the space of `ori` to x0. */
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";

const prefetch = (name: string, kind: string) =>
  instruction("zicbop", name, `imm[11:5] ${kind} rs1 110 00000 0010011`, "imm(rs1)", () => {});

export const zicbop: readonly Instruction[] = [
  prefetch("prefetch.i", "00000"),
  prefetch("prefetch.r", "00001"),
  prefetch("prefetch.w", "00011"),
];
