import type { Suite } from "../../tools/conformance/case.ts";
import { floatingPoint } from "./oracle/floating-point.ts";
import { floatingTest } from "./support/floating.ts";

export const suite: Suite = {
  about: "Double precision (D): what is computed in registers",
  tests: [...floatingPoint.double].map(([name, operation]) => floatingTest(name, operation)),
};
