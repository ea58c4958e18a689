import type { Suite } from "../../tools/conformance/case.ts";
import { floatingPoint } from "./oracle/floating-point.ts";
import { floatingTest } from "./support/floating.ts";

export const suite: Suite = {
  about: "Half precision (Zfhmin, Zfh): what is computed in registers",
  tests: [...floatingPoint.half].map(([name, operation]) => floatingTest(name, operation)),
};
