import { expect, test } from "vitest";
import { testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { zbkx } from "./zbkx.ts";

/** Elements of so many hexadecimal digits, the lowest first. */
function elements(value: bigint, digits: number): string[] {
  const text = value.toString(16).padStart(16, "0");
  return Array.from({ length: 16 / digits }, (_, n) => text.slice(16 - (n + 1) * digits, 16 - n * digits));
}

function permuted(a: bigint, b: bigint, digits: number): bigint {
  const table = elements(a, digits);
  const chosen = elements(b, digits).map((index) => table[Number.parseInt(index, 16)] ?? "0".repeat(digits));
  return BigInt(`0x${chosen.reverse().join("")}`);
}

const register = {
  xperm4: (a: bigint, b: bigint) => permuted(a, b, 1),
  xperm8: (a: bigint, b: bigint) => permuted(a, b, 2),
};

test("every instruction of the extension has an oracle", () => {
  expect(zbkx.map(({ name }) => name).sort()).toEqual(Object.keys(register).sort());
});

testRegisterOperations(register);
testKnownResults([
  ["xperm4", 0xfedc_ba98_7654_3210n, 0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn],
  ["xperm4", 0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn, 0xfedc_ba98_7654_3210n],
  ["xperm4", 0xa000_0000_0000_000bn, 0xffff_0000_f0f0_0f0fn, 0xaaaa_bbbb_abab_baban],
  ["xperm8", 0x8877_6655_4433_2211n, 0x0001_0203_0405_0607n, 0x1122_3344_5566_7788n],
  // What has no element of that number gives 0, also where only high bits of the index say so.
  ["xperm8", -1n, 0x0810_2040_80ff_0700n, 0xffffn],
]);
