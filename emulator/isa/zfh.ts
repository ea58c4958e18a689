/** Zfh, half-precision floating point: what it has beyond Zfhmin (unprivileged manual, "Zfh"). */
import { half } from "../float/arithmetic.ts";
import { floatingPoint } from "./floating-point.ts";
import type { Instruction } from "./instruction.ts";

export const zfh: readonly Instruction[] = floatingPoint({
  extension: "zfh",
  suffix: "h",
  fmt: "10",
  arithmetic: half,
});
