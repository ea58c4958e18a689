import { expect, test } from "vitest";
import { testKnownResults, testRegisterOperations, testUnaryOperations } from "./testing/operations.ts";
import { signed32 } from "./testing/values.ts";
import { zbkb } from "./zbkb.ts";

const register = {
  pack: (a: bigint, b: bigint) => (b % 2n ** 32n) * 2n ** 32n + (a % 2n ** 32n),
  packh: (a: bigint, b: bigint) => (b % 256n) * 256n + (a % 256n),
  packw: (a: bigint, b: bigint) => signed32((b % 2n ** 16n) * 2n ** 16n + (a % 2n ** 16n)),
};
const unary = {
  brev8: (a: bigint) => {
    const digits = a.toString(2).padStart(64, "0");
    return BigInt(`0b${digits.replaceAll(/.{8}/g, (byte) => [...byte].reverse().join(""))}`);
  },
};

test("every instruction of the extension has an oracle", () => {
  expect(zbkb.map(({ name }) => name).sort()).toEqual(Object.keys({ ...register, ...unary }).sort());
});

testRegisterOperations(register);
testUnaryOperations(unary);
testKnownResults([
  ["pack", 0x1111_1111_89ab_cdefn, 0x2222_2222_0123_4567n, 0x0123_4567_89ab_cdefn],
  ["packh", 0x1122n, 0x3344n, 0x4422n],
  ["packw", 0x9999_1234n, 0x9999_8765n, 0xffff_ffff_8765_1234n],
  ["packw", 0x1234n, 0x7654n, 0x7654_1234n],
  ["brev8", 0x0102_0408_1020_4080n, 0n, 0x8040_2010_0804_0201n],
  ["brev8", 0x0f01_0000_0000_00e3n, 0n, 0xf080_0000_0000_00c7n],
]);
