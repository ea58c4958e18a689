import { describe, expect, it } from "vitest";
import { architectureOf, switchableExtensions } from "./attributes.ts";

describe("architectureOf", () => {
  const architecture = "rv64i2p1_m2p0_zicsr2p0_zba1p0_zfh1p0_xvendor1p0";
  const section = attributes(architecture);

  it("finds the tag among others", () => {
    expect(architectureOf(section)).toBe(architecture);
    expect(switchableExtensions(architecture)).toEqual(["zicsr", "zba", "zfh"]);
  });

  it("survives whatever is wrong with a byte or the length", () => {
    for (let length = 0; length < section.length; length++) architectureOf(section.subarray(0, length));
    for (let at = 0; at < section.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) architectureOf(section.with(at, value));
    }
  });

  /** A section as GNU as writes it: alignment of the stack, the architecture, whether accesses may be unaligned. */
  function attributes(text: string): Uint8Array {
    const body = [4, 16, 5, ...Buffer.from(`${text}\0`), 6, 0];
    const word = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
    const file = [1, ...word(body.length + 5), ...body];
    const vendor = [...Buffer.from("riscv\0"), ...file];
    return Uint8Array.from([0x41, ...word(vendor.length + 4), ...vendor]);
  }
});
