/** Comparisons by the host's instructions: exact unless an operand is a NaN. */
import type { FloatComparison } from "../../wasm/code.ts";
import type { HostFormat } from "./host-format.ts";
import { pushNumber } from "./host-format.ts";
import type { NativePaths } from "./operation.ts";

/** a op b: 1 or 0, as an i32. */
export const comparison = ({ type }: HostFormat, op: FloatComparison): NativePaths => ({
  usual: (s) => {
    const { code } = s;
    const [a, b, holds] = [code.scratch(type, 0), code.scratch(type, 1), code.scratch("i32", 0)];
    pushNumber(s, type, 0);
    code.set(a);
    pushNumber(s, type, 1);
    code.set(b);
    code.get(a).get(b).floatCompare(type, op).set(holds);
    // NaNs are neither less than anything nor not less.
    code.get(a).get(b).floatCompare(type, "lt");
    code.get(a).get(b).floatCompare(type, "ge");
    code
      .arithmetic("i32", "or")
      .isZero()
      .ifUnlikely(() => {
        s.slow();
        code.set(holds);
      });
    code.get(holds);
  },
});
