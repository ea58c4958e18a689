/** What the suites leave out, and what they take from the code under test. */
import { expect, test } from "vitest";
import { instructions } from "../../emulator/isa/table.ts";
import { encodings } from "./oracle/encodings.ts";
import { suites } from "./support/every-suite.ts";

const named = new Set(
  [...suites].flatMap(([name, { tests }]) => (name === "encodings" ? [] : tests.map((t) => t.name))),
);

test("every instruction of the table has a test of its own", () => {
  const uncovered = instructions.filter(({ name }) => !named.has(name)).map(({ name }) => name);
  expect(uncovered).toEqual([]);
});

test("the table's encodings are those that the manuals list", () => {
  const bits = (mask: number, match: number) =>
    [mask >>> 0, match >>> 0].map((v) => v.toString(16).padStart(8, "0")).join(" ");
  const long = instructions.filter(({ encoding }) => encoding.length === 4);
  const described = Object.fromEntries(
    long.map(({ name, encoding }) => [name, bits(encoding.mask, encoding.match)]),
  );
  const listed = Object.fromEntries(
    [...encodings].map(([name, { mask, match }]) => [name, bits(mask, match)]),
  );
  expect(described).toEqual(listed);
});

test.each([...suites])("names are unique in %s", (_, { tests }) => {
  const names = tests.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});
