import type { Suite } from "../../tools/conformance/case.ts";
import { computations } from "./oracle/integer.ts";
import { computingTest } from "./support/computing.ts";

export const suite: Suite = {
  about: "Bit manipulation and conditional operations (Zba, Zbb, Zbc, Zbs, Zbkb, Zbkx, Zicond)",
  tests: [...computations.bits].map(([name, computation]) => computingTest(name, computation)),
};
