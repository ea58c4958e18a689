/** D, double-precision floating point (unprivileged manual, chapter 22). */
import { double, doubleToSingle, singleToDouble } from "../float/arithmetic.ts";
import { float32, float64 } from "../float/format.ts";
import {
  floating,
  floatingPoint,
  loadsAndStores,
  roundingMode,
  setResult,
  sources,
} from "./floating-point.ts";
import type { Instruction } from "./instruction.ts";
import { fs1, rd, rs1 } from "./operands.ts";

export const rv64d: readonly Instruction[] = [
  ...loadsAndStores("d", float64, { load: "fld", store: "fsd", width: "011" }),
  ...floatingPoint({ extension: "d", suffix: "d", fmt: "01", arithmetic: double }),
  floating("d", "fcvt.s.d", "01000 00 00001 fs1 rm fd 1010011", "fd, fs1, rm", () =>
    setResult(float32, doubleToSingle({ a: sources(float64).a, mode: roundingMode() })),
  ),
  // Always exact, so assemblers show no rounding mode; a reserved one is illegal all the same.
  floating("d", "fcvt.d.s", "01000 01 00000 fs1 rm fd 1010011", "fd, fs1", () =>
    setResult(float64, singleToDouble({ a: sources(float32).a, mode: roundingMode() })),
  ),
  floating("d", "fmv.x.d", "1110001 00000 fs1 000 rd 1010011", "rd, fs1", () => rd.set(fs1)),
  floating("d", "fmv.d.x", "1111001 00000 rs1 000 fd 1010011", "fd, rs1", () => setResult(float64, rs1)),
];
