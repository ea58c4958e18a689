import { setFlagsFromString } from "node:v8";
import { describe, expect, test } from "vitest";
import { double, single } from "../../float/arithmetic.ts";
import { hostFuses } from "./host-fusing.ts";
import { nativeFloat } from "./native-float.ts";
import { operandsOf, random32, toBits } from "./testing/cases.ts";
import { check, fill, modes, NX } from "./testing/checking.ts";
import { compareNatively } from "./testing/comparison.ts";

// Later versions of V8 need no flag.
setFlagsFromString("--experimental-wasm-relaxed-simd");

describe.skipIf(!hostFuses())("what the host fuses is what is described", () => {
  test.each([single, double])("on $format.name", ({ format, fusedMultiplyAdd: { procedure } }) => {
    expect(nativeFloat(procedure, true)).not.toBe(nativeFloat(procedure, false));
    const operands = operandsOf(format, 3, (r, a = 0, b = 0) => r - a * b, 700);
    const mode = modes();
    for (let i = 0; i < 4; i++) check(procedure, () => [...operands(), mode()]);
  });

  test.each([single, double])(
    "without the described arithmetic on $format.name",
    ({ format, ...operations }) => {
      const { procedure } = operations.fusedMultiplyAdd;
      const next = random32(29);
      const number = () => toBits(format, 1 + next() / 2 ** 32 + next() / 2 ** 52);
      const comparison = compareNatively(procedure);
      fill(
        comparison,
        1000,
        () => NX,
        () => [number(), number(), number(), 0n],
      );
      expect(comparison.countSlow(1000)).toBe(0);
    },
  );
});
