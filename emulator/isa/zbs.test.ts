import { expect, test } from "vitest";
import { testImmediateOperations, testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { zbs } from "./zbs.ts";

const bit = (index: bigint) => 1n << (index % 64n);

const register = {
  bclr: (a: bigint, b: bigint) => a & ~bit(b),
  bext: (a: bigint, b: bigint) => ((a & bit(b)) === 0n ? 0n : 1n),
  binv: (a: bigint, b: bigint) => a ^ bit(b),
  bset: (a: bigint, b: bigint) => a | bit(b),
};
const immediate = { bclri: register.bclr, bexti: register.bext, binvi: register.binv, bseti: register.bset };

test("every instruction of the extension has an oracle", () => {
  expect(zbs.map(({ name }) => name).sort()).toEqual(Object.keys({ ...register, ...immediate }).sort());
});

testRegisterOperations(register);
testImmediateOperations([0, 1, 31, 32, 62, 63], immediate);
testKnownResults([
  // The index counts modulo 64.
  ["bset", 0n, 64n, 1n],
  ["bset", 0n, 127n, 1n << 63n],
  ["bclri", -1n, 63n, (1n << 63n) - 1n],
  ["bext", 1n << 63n, -1n, 1n],
  ["binvi", 0n, 31n, 0x8000_0000n],
]);
