import { describe, expect, test } from "vitest";
import { compareSignatures, parseSignature, SignatureError } from "./signature.ts";

const left = Uint8Array.from({ length: 12 }, (_, i) => i + 1);

describe("a reference signature", () => {
  test.each([
    ["32", "04030201\n08070605\n0c0b0a09\n"],
    ["64", "0807060504030201\n000000000c0b0a09\n"],
    ["128", "000000000c0b0a090807060504030201\n"],
  ])("in words of %s bits is compared with what the program left", (_, text) => {
    expect(compareSignatures(left, parseSignature(text))).toEqual([]);
    const wrong = compareSignatures(left, parseSignature(text.replace("0a", "ff")));
    expect(wrong).toMatchObject([{ found: expect.stringContaining("0c0b0a09") }]);
  });

  test("may leave out zeros at the end, but nothing else", () => {
    const padded = Uint8Array.from([...left, 0, 0, 0, 0]);
    const reference = parseSignature("04030201\n08070605\n0c0b0a09\n");
    expect(compareSignatures(padded, reference)).toEqual([]);
    expect(compareSignatures(Uint8Array.from([...left, 1, 0, 0, 0]), reference)).toHaveLength(1);
    expect(compareSignatures(left.subarray(0, 8), reference)).toMatchObject([
      { offset: 8, found: undefined },
    ]);
  });

  test.each([
    ["", "it is empty"],
    ["04030201\n0807060504030201\n", 'line 2, "0807060504030201", is not 8 hexadecimal digits'],
    ["0403020g\n", 'line 1, "0403020g", is not 8 hexadecimal digits'],
  ])("that is none says where", (text, message) => {
    expect(() => parseSignature(text)).toThrow(SignatureError);
    expect(() => parseSignature(text)).toThrow(message);
  });
});
