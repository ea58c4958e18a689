/** F, single-precision floating point (unprivileged manual, chapter 21). */
import { single } from "../float/arithmetic.ts";
import { float32 } from "../float/format.ts";
import { floating, floatingPoint, loadsAndStores, setResult } from "./floating-point.ts";
import type { Instruction } from "./instruction.ts";
import { fs1, rd, rs1 } from "./operands.ts";

export const rv64f: readonly Instruction[] = [
  ...loadsAndStores("f", float32, { load: "flw", store: "fsw", width: "010" }),
  ...floatingPoint({ extension: "f", suffix: "s", fmt: "00", arithmetic: single }),
  // Raw bits: of a register that is not properly boxed, the lower ones are taken all the same.
  floating("f", "fmv.x.w", "1110000 00000 fs1 000 rd 1010011", "rd, fs1", () => rd.set(fs1.signExtend(32))),
  floating("f", "fmv.w.x", "1111000 00000 rs1 000 fd 1010011", "fd, rs1", () =>
    setResult(float32, rs1.low32()),
  ),
];
