/** Zfhmin, half precision as a format to store numbers in (unprivileged manual, "Zfhmin"). */
import { doubleToHalf, halfToDouble, halfToSingle, singleToHalf } from "../float/arithmetic.ts";
import { float16, float32, float64 } from "../float/format.ts";
import { floating, loadsAndStores, roundingMode, setResult, sources } from "./floating-point.ts";
import type { Instruction } from "./instruction.ts";
import { sharedWith } from "./instruction.ts";
import { fs1, rd, rs1 } from "./operands.ts";

export const zfhmin: readonly Instruction[] = sharedWith("zfh", [
  ...loadsAndStores("zfhmin", float16, { load: "flh", store: "fsh", width: "001" }),
  // To a wider format always exact, as fcvt.d.s is.
  floating("zfhmin", "fcvt.s.h", "01000 00 00010 fs1 rm fd 1010011", "fd, fs1", () =>
    setResult(float32, halfToSingle({ a: sources(float16).a, mode: roundingMode() })),
  ),
  floating("zfhmin", "fcvt.h.s", "01000 10 00000 fs1 rm fd 1010011", "fd, fs1, rm", () =>
    setResult(float16, singleToHalf({ a: sources(float32).a, mode: roundingMode() })),
  ),
  floating("zfhmin", "fcvt.d.h", "01000 01 00010 fs1 rm fd 1010011", "fd, fs1", () =>
    setResult(float64, halfToDouble({ a: sources(float16).a, mode: roundingMode() })),
  ),
  floating("zfhmin", "fcvt.h.d", "01000 10 00001 fs1 rm fd 1010011", "fd, fs1, rm", () =>
    setResult(float16, doubleToHalf({ a: sources(float64).a, mode: roundingMode() })),
  ),
  floating("zfhmin", "fmv.x.h", "1110010 00000 fs1 000 rd 1010011", "rd, fs1", () =>
    rd.set(fs1.signExtend(16)),
  ),
  floating("zfhmin", "fmv.h.x", "1111010 00000 rs1 000 fd 1010011", "fd, rs1", () => setResult(float16, rs1)),
]);
