import type { Suite } from "../../tools/conformance/case.ts";
import { floatingPoint } from "./oracle/floating-point.ts";
import { floatingTest } from "./support/floating.ts";

export const suite: Suite = {
  about: "Single precision (F): what is computed in registers",
  tests: [...floatingPoint.single].map(([name, operation]) => floatingTest(name, operation)),
};
