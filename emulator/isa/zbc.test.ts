import { expect, test } from "vitest";
import { testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { zbc } from "./zbc.ts";

/** All 127 bits of the carry-less product, one partial product after the other. */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let i = 0n; i < 64n; i++) if ((b >> i) % 2n === 1n) sum ^= a << i;
  return sum;
}

const register = {
  clmul: (a: bigint, b: bigint) => product(a, b),
  clmulh: (a: bigint, b: bigint) => product(a, b) >> 64n,
  clmulr: (a: bigint, b: bigint) => product(a, b) >> 63n,
};

test("every instruction of the extension has an oracle", () => {
  expect(zbc.map(({ name }) => name).sort()).toEqual(Object.keys(register).sort());
});

testRegisterOperations(register);

testKnownResults([
  // (x^63 + … + 1)^2 = x^126 + x^124 + … + 1.
  ["clmul", -1n, -1n, 0x5555_5555_5555_5555n],
  ["clmulh", -1n, -1n, 0x5555_5555_5555_5555n],
  ["clmulr", -1n, -1n, 0xaaaa_aaaa_aaaa_aaaan],
  // (x^3 + x + 1) (x^2 + 1) = x^5 + x^2 + x + 1.
  ["clmul", 0b1011n, 0b101n, 0b100111n],
  ["clmulh", 1n << 63n, 1n << 63n, 1n << 62n],
  ["clmulr", 1n << 63n, 1n << 63n, 1n << 63n],
  ["clmulr", 1n << 63n, 1n, 1n],
  ["clmulh", 1n << 63n, 1n, 0n],
  // Times all ones, each bit becomes the parity of those up to it.
  ["clmul", 0x8000_0000_0001_0010n, -1n, 0x8000_0000_0000_fff0n],
]);
