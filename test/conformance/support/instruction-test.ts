/** Tests named after instructions, on a processor that has all of them. */
import type { Case, Test } from "../../../tools/conformance/case.ts";

/** A test of what `cases` makes; of cases with one name, which are the same, the first. */
export function instructionTest(name: string, cases: () => Iterable<Case>): Test {
  return { name, cpu: "max", cases: () => distinct(cases()) };
}

function* distinct(cases: Iterable<Case>): Generator<Case> {
  const names = new Set<string>();
  for (const one of cases) {
    if (!names.has(one.name)) yield one;
    names.add(one.name);
  }
}
