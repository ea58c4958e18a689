import { describe, expect, it } from "vitest";
import { atomicOf, isAtPlace } from "./atomic.ts";
import { operationOf } from "./testing/snippet.ts";

const operands = { rd: 5, rs1: 6, rs2: 7 };

describe("an atomic operation", () => {
  it.each([
    ["amoadd.w", 4, true],
    ["amoswap.d", 8, true],
    ["amomaxu.w", 4, true],
    ["lr.w", 4, false],
    ["sc.d", 8, true],
  ] as const)("%s accesses %d bytes at one place", (name, bytes, writes) => {
    const { body } = operationOf([name, name === "lr.w" ? { ...operands, rs2: 0 } : operands]);
    const atomic = atomicOf(body);
    if (atomic === undefined) throw new Error("it is none");
    expect(atomic).toMatchObject({ bytes, writes });
    const address = { kind: "local", type: "i64", id: atomic.variable } as const;
    const width = (value: bigint) => ({ kind: "constant", type: "i32", value }) as const;
    expect(isAtPlace(atomic, [address, width(BigInt(bytes))])).toBe(true);
    expect(isAtPlace(atomic, [address, width(2n)])).toBe(false);
    expect(isAtPlace(atomic, [{ ...address, id: atomic.variable + 1 }, width(BigInt(bytes))])).toBe(false);
  });

  it.each(["ld", "add"])("is none of %s", (name) => {
    expect(atomicOf(operationOf([name, operands]).body)).toBeUndefined();
  });
});
