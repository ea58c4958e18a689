import { describe, expect, it } from "vitest";
import type { Node } from "../../language/expression.ts";
import type { Statement } from "../../language/statement.ts";
import { readPhysical } from "../../memory/physical.ts";
import { placeAtomic } from "../../memory/virtual.ts";
import { atomicOf } from "./atomic.ts";
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
    expect(atomic).toMatchObject({ bytes, writes });
  });

  it("uses its place, all of it, and nothing else", () => {
    const { body } = operationOf(["amoadd.w", operands]);
    const place = { kind: "local", type: "i64", id: atomicOf(body)?.variable ?? 0 } as const;
    const read = (address: Node, bytes: bigint, procedure = readPhysical.procedure): Statement => {
      const width = { kind: "constant", type: "i32", value: bytes } as const;
      const rest = [{ kind: "constant", type: "i32", value: 5n } as const, place];
      return {
        kind: "evaluate",
        value: { kind: "call", type: "i64", procedure, arguments: [address, width, ...rest] },
      };
    };
    expect(atomicOf([...body, read(place, 4n)])).toBeDefined();
    expect(atomicOf([...body, read(place, 2n)])).toBeUndefined();
    expect(atomicOf([...body, read({ ...place, id: place.id + 1 }, 4n)])).toBeUndefined();
    expect(atomicOf([...body, read(place, 4n, placeAtomic.procedure)])).toBeUndefined();
  });

  it.each(["ld", "add"])("is none of %s", (name) => {
    expect(atomicOf(operationOf([name, operands]).body)).toBeUndefined();
  });
});
