import type { Suite } from "../../tools/conformance/case.ts";
import { computations } from "./oracle/integer.ts";
import { computingTest } from "./support/computing.ts";

export const suite: Suite = {
  about: "What RV64I computes in registers",
  tests: [...computations.integer].map(([name, computation]) => computingTest(name, computation)),
};
