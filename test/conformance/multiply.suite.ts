import type { Suite } from "../../tools/conformance/case.ts";
import { computations } from "./oracle/integer.ts";
import { computingTest } from "./support/computing.ts";

export const suite: Suite = {
  about: "Multiplication and division (M)",
  tests: [...computations.multiply].map(([name, computation]) => computingTest(name, computation)),
};
