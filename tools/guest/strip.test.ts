import { expect, it } from "vitest";
import { parseElf } from "../../emulator/board/elf.ts";
import { buildElf } from "../../emulator/board/elf-fixture.ts";
import { stripProgram } from "./strip.ts";

it("keeps what is loaded and drops symbols", () => {
  const program = buildElf({
    entry: 0x10000n,
    segments: [
      { virtual: 0x10000n, contents: Uint8Array.of(1, 2, 3, 4), memoryBytes: 4n },
      { virtual: 0x20000n, contents: Uint8Array.of(5, 6), memoryBytes: 4096n },
    ],
    symbols: [{ name: "main", address: 0x10000n }],
    text: { address: 0x10000n, bytes: 4n },
  });
  const original = program.slice();
  const stripped = stripProgram(program);
  const before = parseElf(program, "program");
  const after = parseElf(stripped, "stripped");

  expect(after.entry).toBe(before.entry);
  expect(after.segments).toEqual(before.segments);
  expect(before.symbols.named("main")).toBeDefined();
  expect(after.symbols.named("main")).toBeUndefined();
  expect(stripped.length).toBe(64 + 2 * 56 + 6);
  expect(program).toEqual(original);
});
