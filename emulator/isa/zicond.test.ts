import { expect, test } from "vitest";
import { testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { zicond } from "./zicond.ts";

const register = {
  "czero.eqz": (a: bigint, b: bigint) => (b === 0n ? 0n : a),
  "czero.nez": (a: bigint, b: bigint) => (b === 0n ? a : 0n),
};

test("every instruction of the extension has an oracle", () => {
  expect(zicond.map(({ name }) => name).sort()).toEqual(Object.keys(register).sort());
});

testRegisterOperations(register);
testKnownResults([
  // All 64 bits of the condition count.
  ["czero.eqz", -1n, 1n << 63n, -1n],
  ["czero.nez", -1n, 1n << 32n, 0n],
  ["czero.eqz", -1n, 0n, 0n],
  ["czero.nez", 5n, 0n, 5n],
]);
