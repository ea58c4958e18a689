import { describe, expect, test } from "vitest";
import { parseElf } from "../../emulator/board/elf.ts";
import { buildElf } from "../../emulator/board/elf-fixture.ts";
import { conventionOf, cpuFor, memoryFor } from "./program.ts";

const MiB = 1024n * 1024n;
const start = 0x8000_0000n;

const program = (names: readonly string[], memoryBytes = 4096n) =>
  parseElf(
    buildElf({
      entry: start,
      segments: [{ virtual: start, contents: new Uint8Array(64), memoryBytes }],
      text: { address: start, bytes: 64n },
      symbols: names.map((name) => ({ name, address: start })),
    }),
    "test",
  );

const signature = ["begin_signature", "end_signature"];

describe("a program", () => {
  test("of riscv-tests checks itself, though its environment has room for a signature", () => {
    const ofTests = program(["tohost", "fromhost", ...signature, "trap_vector", "pass", "fail"]);
    expect(conventionOf(ofTests)).toEqual({ signature: true, checksItself: true });
  });

  test("of the architecture tests leaves a signature, whatever labels it has", () => {
    const ofTests = program(["tohost", ...signature, "begin_regstate", "rvtest_code_begin", "fail"]);
    expect(conventionOf(ofTests)).toEqual({ signature: true, checksItself: false });
  });

  test("of the architecture tests that has its reference linked in checks itself too", () => {
    const ends = ["rvmodel_halt_pass", "rvmodel_halt_fail"];
    const ofTests = program(["tohost", ...signature, "rvtest_code_begin", ...ends]);
    expect(conventionOf(ofTests)).toEqual({ signature: true, checksItself: true });
  });

  test("with neither is no test", () => {
    expect(conventionOf(program(["main"]))).toEqual({ signature: false, checksItself: false });
  });

  test("runs with the bits of Svnapot and Svpbmt reserved if it is an architecture test that does not name them", () => {
    expect(cpuFor(program(["tohost", "pass"]))).toBe("rva22s64,sv57");
    expect(cpuFor(program(["tohost", ...signature, "rvtest_init"]))).toBe(
      "rva22s64,sv57,no-svnapot,no-svpbmt",
    );
  });

  test("gets as much RAM as it needs", () => {
    expect(memoryFor(program([]))).toBe(Number(256n * MiB));
    expect(memoryFor(program([], 1024n * MiB))).toBe(Number(1040n * MiB));
    expect(memoryFor(program([], 4096n * MiB))).toBe(Number(256n * MiB));
  });
});
