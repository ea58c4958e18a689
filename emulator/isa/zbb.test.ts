import { expect, test } from "vitest";
import {
  testImmediateOperations,
  testKnownResults,
  testRegisterOperations,
  testUnaryOperations,
} from "./testing/operations.ts";
import { signed, signed32, unsigned, unsigned32 } from "./testing/values.ts";
import { zbb } from "./zbb.ts";

/** The `width` low bits as a string of zeros and ones, highest first. */
const digits = (value: bigint, width: number) =>
  BigInt.asUintN(width, value).toString(2).padStart(width, "0");
const leadingZeros = (value: bigint, width: number) =>
  BigInt(`${digits(value, width)}1`.replace(/1.*/, "").length);
const trailingZeros = (value: bigint, width: number) =>
  BigInt(`1${digits(value, width)}`.replace(/.*1/, "").length);
const ones = (value: bigint, width: number) => BigInt(digits(value, width).replaceAll("0", "").length);

function rotatedRight(value: bigint, count: bigint, width: number): bigint {
  const text = digits(value, width);
  const at = width - Number(count % BigInt(width));
  return BigInt(`0b${text.slice(at)}${text.slice(0, at)}`);
}
const rotatedLeft = (value: bigint, count: bigint, width: number) =>
  rotatedRight(value, BigInt(width) - (count % BigInt(width)), width);

const bytes = (value: bigint) => unsigned(value).toString(16).padStart(16, "0").match(/../g) ?? [];
const fromBytes = (list: readonly string[]) => BigInt(`0x${list.join("")}`);

const register = {
  andn: (a: bigint, b: bigint) => a & ~b,
  orn: (a: bigint, b: bigint) => a | ~b,
  xnor: (a: bigint, b: bigint) => ~(a ^ b),
  max: (a: bigint, b: bigint) => (signed(a) < signed(b) ? b : a),
  maxu: (a: bigint, b: bigint) => (a < b ? b : a),
  min: (a: bigint, b: bigint) => (signed(a) < signed(b) ? a : b),
  minu: (a: bigint, b: bigint) => (a < b ? a : b),
  rol: (a: bigint, b: bigint) => rotatedLeft(a, b, 64),
  ror: (a: bigint, b: bigint) => rotatedRight(a, b, 64),
  rolw: (a: bigint, b: bigint) => signed32(rotatedLeft(a, b, 32)),
  rorw: (a: bigint, b: bigint) => signed32(rotatedRight(a, b, 32)),
};
const unary = {
  clz: (a: bigint) => leadingZeros(a, 64),
  clzw: (a: bigint) => leadingZeros(a, 32),
  ctz: (a: bigint) => trailingZeros(a, 64),
  ctzw: (a: bigint) => trailingZeros(a, 32),
  cpop: (a: bigint) => ones(a, 64),
  cpopw: (a: bigint) => ones(a, 32),
  "sext.b": (a: bigint) => BigInt.asIntN(8, a),
  "sext.h": (a: bigint) => BigInt.asIntN(16, a),
  "zext.h": (a: bigint) => BigInt.asUintN(16, a),
  "orc.b": (a: bigint) => fromBytes(bytes(a).map((byte) => (byte === "00" ? "00" : "ff"))),
  rev8: (a: bigint) => fromBytes(bytes(a).reverse()),
};
const rori = { rori: register.ror };
const roriw = { roriw: (a: bigint, b: bigint) => signed32(rotatedRight(unsigned32(a), b, 32)) };

test("every instruction of the extension has an oracle", () => {
  const named = Object.keys({ ...register, ...unary, ...rori, ...roriw });
  expect(zbb.map(({ name }) => name).sort()).toEqual(named.sort());
});

testRegisterOperations(register);
testUnaryOperations(unary);
testImmediateOperations([0, 1, 31, 32, 33, 63], rori);
testImmediateOperations([0, 1, 15, 16, 31], roriw);
testKnownResults([
  ["clz", 0n, 0n, 64n],
  ["clzw", 0xffff_ffff_0000_0000n, 0n, 32n],
  ["ctz", 0n, 0n, 64n],
  ["ctzw", 0x1_0000_0000n, 0n, 32n],
  ["cpop", -1n, 0n, 64n],
  ["cpopw", -1n, 0n, 32n],
  ["orc.b", 0x0100_8000_0001_00ffn, 0n, 0xff00_ff00_00ff_00ffn],
  ["orc.b", 0x8080_8080_8080_8080n, 0n, -1n],
  ["rev8", 0x0123_4567_89ab_cdefn, 0n, 0xefcd_ab89_6745_2301n],
  ["max", -1n, 1n, 1n],
  ["maxu", -1n, 1n, -1n],
  ["min", -1n, 1n, -1n],
  ["minu", -1n, 1n, 1n],
  ["rolw", 0xffff_ffff_4000_0000n, 1n, 0xffff_ffff_8000_0000n],
  ["rorw", 1n, 33n, 0xffff_ffff_8000_0000n],
  ["roriw", 0xffff_ffff_0000_0001n, 0n, 1n],
  ["ror", 1n, 65n, 1n << 63n],
  ["sext.b", 0x80n, 0n, -128n],
  ["sext.h", 0x7fffn, 0n, 0x7fffn],
  ["zext.h", -1n, 0n, 0xffffn],
]);
