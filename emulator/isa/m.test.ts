import { expect, test } from "vitest";
import { rv64m } from "./m.ts";
import type { Known } from "./testing/operations.ts";
import { testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import type { Oracle } from "./testing/values.ts";
import { signed, signed32, unsigned32 } from "./testing/values.ts";

/** Quotient and remainder as the manual's table of division by zero and overflow has them. */
const quotient = (a: bigint, b: bigint) => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint) => (b === 0n ? a : a % b);

const oracles: Record<string, Oracle> = {
  mul: (a, b) => a * b,
  mulh: (a, b) => (signed(a) * signed(b)) >> 64n,
  mulhsu: (a, b) => (signed(a) * b) >> 64n,
  mulhu: (a, b) => (a * b) >> 64n,
  div: (a, b) => quotient(signed(a), signed(b)),
  divu: quotient,
  rem: (a, b) => remainder(signed(a), signed(b)),
  remu: remainder,
  mulw: (a, b) => signed32(a * b),
  divw: (a, b) => signed32(quotient(signed32(a), signed32(b))),
  divuw: (a, b) => signed32(quotient(unsigned32(a), unsigned32(b))),
  remw: (a, b) => signed32(remainder(signed32(a), signed32(b))),
  remuw: (a, b) => signed32(remainder(unsigned32(a), unsigned32(b))),
};

test("every instruction of the extension has an oracle", () => {
  expect(rv64m.map(({ name }) => name).sort()).toEqual(Object.keys(oracles).sort());
});

testRegisterOperations(oracles);

const MINIMUM = 1n << 63n;
const MINUS_1 = 0xffff_ffff_ffff_ffffn;
const MINIMUM_32 = 0xffff_ffff_8000_0000n;

const known: readonly Known[] = [
  ["div", 20n, 0n, MINUS_1],
  ["divu", 20n, 0n, MINUS_1],
  ["rem", 20n, 0n, 20n],
  ["remu", 20n, 0n, 20n],
  ["div", MINIMUM, MINUS_1, MINIMUM],
  ["rem", MINIMUM, MINUS_1, 0n],
  ["divw", MINIMUM_32, MINUS_1, MINIMUM_32],
  ["remw", MINIMUM_32, MINUS_1, 0n],
  ["divw", 0x1_0000_0007n, 0x5_0000_0000n, MINUS_1],
  ["divuw", 20n, 0n, MINUS_1],
  ["remw", 0x1_8000_0000n, 0n, MINIMUM_32],
  ["remuw", 0x8000_0000n, 0n, MINIMUM_32],
  // Rounds towards zero; the remainder has the dividend's sign.
  ["div", -7n, 2n, -3n],
  ["rem", -7n, 2n, -1n],
  ["rem", 7n, -2n, 1n],
  ["mulh", MINIMUM, MINIMUM, 1n << 62n],
  ["mulhsu", MINUS_1, MINUS_1, MINUS_1],
  ["mulhu", MINUS_1, MINUS_1, MINUS_1 - 1n],
];
testKnownResults(known);
