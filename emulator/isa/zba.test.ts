import { expect, test } from "vitest";
import { testImmediateOperations, testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { unsigned32 } from "./testing/values.ts";
import { zba } from "./zba.ts";

const register = {
  sh1add: (a: bigint, b: bigint) => a * 2n + b,
  sh2add: (a: bigint, b: bigint) => a * 4n + b,
  sh3add: (a: bigint, b: bigint) => a * 8n + b,
  "add.uw": (a: bigint, b: bigint) => unsigned32(a) + b,
  "sh1add.uw": (a: bigint, b: bigint) => unsigned32(a) * 2n + b,
  "sh2add.uw": (a: bigint, b: bigint) => unsigned32(a) * 4n + b,
  "sh3add.uw": (a: bigint, b: bigint) => unsigned32(a) * 8n + b,
};
const immediate = { "slli.uw": (a: bigint, b: bigint) => unsigned32(a) << b };

test("every instruction of the extension has an oracle", () => {
  expect(zba.map(({ name }) => name).sort()).toEqual(Object.keys({ ...register, ...immediate }).sort());
});

testRegisterOperations(register);
testImmediateOperations([0, 1, 31, 32, 33, 63], immediate);
testKnownResults([
  // Only the index is cut to 32 bits; the carry out of bit 31 stays.
  ["sh1add.uw", 0xffff_ffff_8000_0000n, 0n, 0x1_0000_0000n],
  ["sh3add.uw", -1n, 8n, 0x8_0000_0000n],
  ["add.uw", -1n, -1n, 0xffff_fffen],
  ["sh1add", 1n << 63n, 5n, 5n],
  ["slli.uw", -1n, 32n, 0xffff_ffff_0000_0000n],
]);
