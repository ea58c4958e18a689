import { describe, expect, test } from "vitest";
import { type ProgramSymbol, SymbolTable } from "./symbols.ts";

function symbol(name: string, address: bigint, more: Partial<ProgramSymbol> = {}): ProgramSymbol {
  return { name, kind: "function", address, bytes: 0n, sectionEnd: 0x2000n, global: true, ...more };
}

const table = new SymbolTable([
  symbol("sized", 0x1000n, { bytes: 0x10n }),
  symbol("unsized", 0x1100n),
  symbol("last", 0x1f00n),
  symbol("_end", 0x2000n, { kind: "label" }),
  symbol("STACK_BYTES", 0x1108n, { sectionEnd: undefined }),
]);

function at(address: bigint): string | undefined {
  const place = table.symbolAt(address);
  return place && `${place.symbol.name}+${place.offset}`;
}

describe("symbolAt", () => {
  test("finds a sized symbol as far as it reaches", () => {
    expect(at(0x0fffn)).toBeUndefined();
    expect(at(0x1000n)).toBe("sized+0");
    expect(at(0x100fn)).toBe("sized+15");
    expect(at(0x1010n)).toBeUndefined();
  });

  test("finds an unsized symbol up to the next or the end of its section", () => {
    expect(at(0x1108n)).toBe("unsized+8");
    expect(at(0x1effn)).toBe("unsized+3583");
    expect(at(0x1fffn)).toBe("last+255");
  });

  test("a marker on the section's end names that address alone", () => {
    expect(at(0x2000n)).toBe("_end+0");
    expect(at(0x2001n)).toBeUndefined();
    expect(at(0xffff_ffff_ffff_ffffn)).toBeUndefined();
  });

  test("prefers what tells most about an address", () => {
    const crowd = new SymbolTable([
      symbol("sized", 0n, { bytes: 4n }),
      symbol("global", 0n),
      symbol("local", 0n, { global: false }),
      symbol("label", 0n, { kind: "label", bytes: 4n }),
    ]);
    expect(crowd.symbolAt(0n)?.symbol.name).toBe("sized");
  });

  test("an empty table knows nothing", () => {
    expect(new SymbolTable([]).symbolAt(0n)).toBeUndefined();
  });
});

test("named finds constants too, and the global one of several", () => {
  expect(table.named("STACK_BYTES")?.address).toBe(0x1108n);
  expect(table.named("nowhere")).toBeUndefined();
  const twins = new SymbolTable([
    symbol("main", 1n, { global: false }),
    symbol("main", 2n),
    symbol("main", 3n),
  ]);
  expect(twins.named("main")?.address).toBe(2n);
});
