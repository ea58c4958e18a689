import { describe, expect, test } from "vitest";
import { Cause } from "../trap/cause.ts";
import { CODE, DATA } from "./testing/bench.ts";
import { engines } from "./testing/engines.ts";
import { edgeValues, hex } from "./testing/values.ts";
import { zcb } from "./zcb.ts";

const unary: Readonly<Record<string, (a: bigint) => bigint>> = {
  "c.zext.b": (a) => a % 2n ** 8n,
  "c.sext.b": (a) => BigInt.asIntN(8, a),
  "c.zext.h": (a) => a % 2n ** 16n,
  "c.sext.h": (a) => BigInt.asIntN(16, a),
  "c.zext.w": (a) => a % 2n ** 32n,
  "c.not": (a) => -1n - a,
};
const loads: Readonly<Record<string, { offsets: readonly number[]; value: (bytes: bigint) => bigint }>> = {
  "c.lbu": { offsets: [0, 1, 2, 3], value: (bytes) => bytes % 2n ** 8n },
  "c.lhu": { offsets: [0, 2], value: (bytes) => bytes % 2n ** 16n },
  "c.lh": { offsets: [0, 2], value: (bytes) => BigInt.asIntN(16, bytes) },
};
const stores: Readonly<Record<string, { offsets: readonly number[]; bytes: number }>> = {
  "c.sb": { offsets: [0, 1, 2, 3], bytes: 1 },
  "c.sh": { offsets: [0, 2], bytes: 2 },
};

test("every instruction of the extension has a test below", () => {
  const tested = [unary, loads, stores].flatMap(Object.keys);
  expect(zcb.map(({ name }) => name).sort()).toEqual([...tested, "c.mul"].sort());
});

describe.each(engines)("on the $engine engine", ({ bench }) => {
  test.each(Object.entries(unary))("%s", (name, result) => {
    for (const a of edgeValues) {
      const after = bench.execute(name, { rd: 9, rs1: 9 }, { x: { 9: a } });
      expect(after.trap).toBeUndefined();
      expect(hex(after.x[9] ?? 0n), hex(a)).toBe(hex(result(a)));
      expect(after.pc).toBe(CODE + 2n);
      expect(after.x.filter((value, n) => n !== 9 && value !== 0n)).toEqual([]);
    }
  });

  test("c.mul", () => {
    for (const a of edgeValues) {
      for (const b of edgeValues) {
        const after = bench.execute("c.mul", { rd: 9, rs1: 9, rs2: 15 }, { x: { 9: a, 15: b } });
        expect(hex(after.x[9] ?? 0n), `${hex(a)} ${hex(b)}`).toBe(hex(a * b));
        expect(after.x[15]).toBe(b);
        expect(after.pc).toBe(CODE + 2n);
      }
    }
    const square = bench.execute("c.mul", { rd: 9, rs1: 9, rs2: 9 }, { x: { 9: 3n } });
    expect(square.x[9]).toBe(9n);
  });

  test.each(Object.entries(loads))("%s", (name, { offsets, value }) => {
    for (const bytes of [0x8182_8384_8586_8788n, 0x0102_0304_0506_0708n]) {
      bench.store(DATA, 8, bytes);
      for (const immediate of offsets) {
        const after = bench.execute(name, { rd: 10, rs1: 9, immediate }, { x: { 9: DATA } });
        expect(after.trap).toBeUndefined();
        expect(hex(after.x[10] ?? 0n), `${immediate}`).toBe(hex(value(bytes >> BigInt(8 * immediate))));
        expect(after.pc).toBe(CODE + 2n);
      }
    }
    const outside = bench.execute(name, { rd: 10, rs1: 9, immediate: 2 });
    expect(outside.trap).toEqual({ cause: BigInt(Cause.loadAccess), value: 2n, pc: CODE });
  });

  test.each(Object.entries(stores))("%s", (name, { offsets, bytes }) => {
    const value = 0x8182_8384_8586_8788n;
    for (const immediate of offsets) {
      bench.store(DATA, 8, 0n);
      const after = bench.execute(name, { rs1: 9, rs2: 10, immediate }, { x: { 9: DATA, 10: value } });
      expect(after.trap).toBeUndefined();
      const stored = (value % 2n ** BigInt(8 * bytes)) << BigInt(8 * immediate);
      expect(hex(bench.load(DATA, 8)), `${immediate}`).toBe(hex(stored));
      expect(after.pc).toBe(CODE + 2n);
    }
    const outside = bench.execute(name, { rs1: 9, rs2: 10, immediate: 2 });
    expect(outside.trap).toEqual({ cause: BigInt(Cause.storeAccess), value: 2n, pc: CODE });
  });
});
