import { describe, expect, it } from "vitest";
import { SymbolTable } from "../../emulator/board/symbols.ts";
import { instructions } from "../../emulator/isa/table.ts";
import { nameAddress, parseAddress } from "./address.ts";
import { isCall } from "./fetch.ts";
import { disassembleRange } from "./listing.ts";
import { describeSemantics } from "./semantics.ts";
import { decode } from "./text.ts";

const symbol = (name: string, address: bigint, bytes: bigint) =>
  ({ name, kind: "function", address, bytes, sectionEnd: 0x1100n, global: true }) as const;
const symbols = new SymbolTable([symbol("main", 0x1000n, 8n), symbol("exit", 0x1010n, 4n)]);

describe("addresses", () => {
  it("are written and read by symbol", () => {
    expect(nameAddress(symbols, 0x1004n)).toBe("main+0x4");
    expect(nameAddress(symbols, 0x2000n)).toBe("0x2000");
    expect(parseAddress(symbols, "main")).toBe(0x1000n);
    expect(parseAddress(symbols, "main + 4")).toBe(0x1004n);
    expect(parseAddress(symbols, "80000000")).toBe(0x8000_0000n);
    expect(parseAddress(symbols, "0X1f")).toBe(0x1fn);
    expect(parseAddress(symbols, "0xFFFFFFFF80000000")).toBe(0xffff_ffff_8000_0000n);
    for (const text of ["", "nowhere", "main+", "main+x", "main+1+2", "0x11223344556677889"]) {
      expect(parseAddress(symbols, text)).toBeUndefined();
    }
  });
});

describe("isCall", () => {
  it("knows calls from jumps and returns", () => {
    const long = (bits: number) => isCall({ bits, bytes: 4 });
    const short = (bits: number) => isCall({ bits, bytes: 2 });
    expect(long(0x008000ef)).toBe(true); // jal ra
    expect(long(0x0000006f)).toBe(false); // j
    expect(long(0x000500e7)).toBe(true); // jalr ra, a0
    expect(long(0x00008067)).toBe(false); // ret
    expect(long(0x00000073)).toBe(true); // ecall
    expect(long(0x00100073)).toBe(false); // ebreak
    expect(short(0x9502)).toBe(true); // c.jalr a0
    expect(short(0x8082)).toBe(false); // c.ret
    expect(short(0x9002)).toBe(false); // c.ebreak
  });
});

describe("disassembleRange", () => {
  const contents = new Uint8Array(0x30);
  contents.set([0x13, 0x05, 0x10, 0x00, 0xef, 0x00, 0xc0, 0x00]); // li a0,1; jal ra,exit
  contents.set([0x82, 0x80], 0x10); // ret
  contents.set([0xff, 0xff], 0x2e);
  const segment = { virtual: 0x1000n, physical: 0n, contents, memoryBytes: 0x30n, executable: true };
  const lines = (from: bigint, to: bigint) => [...disassembleRange(segment, from, to, symbols)];

  it("writes headings, targets, gaps and what is no instruction", () => {
    expect(lines(0n, 1n << 64n).map((text) => text.trim())).toEqual([
      "0000000000001000 <main>:",
      "1000:  00100513   li       a0,1",
      "1004:  00c000ef   jal      1010 <exit>",
      "...",
      "0000000000001010 <exit>:",
      "1010:  8082       ret",
      "...",
      "102e:  ffff       .half    0xffff",
    ]);
  });

  it("keeps to its range", () => {
    expect(lines(0x1004n, 0x1008n)).toHaveLength(1);
    expect(lines(0x5000n, 0x6000n)).toEqual([]);
    expect(lines(0n, 0x1000n)).toEqual([]);
  });
});

describe("describeSemantics", () => {
  const of = (name: string) => {
    const entry = instructions.find((candidate) => candidate.name === name);
    return entry ? describeSemantics(entry.semantics()) : [];
  };

  it("writes statements as a reader would", () => {
    expect(of("add")).toEqual(["rd = rs1 + rs2"]);
    expect(of("beq")).toEqual(["if rs1 == rs2", "  jump to pc + imm"]);
    expect(of("lw")).toEqual(["rd = memory[rs1 + imm, 4 bytes, signed]"]);
    expect(of("ecall")).toEqual(["raise cause hart.mode + 8, tval 0"]);
  });

  it("names the operands of a decoded instruction", () => {
    const decoded = decode(0xff85_3583); // ld a1,-8(a0)
    if (decoded === undefined) throw new Error("ld does not decode");
    expect(describeSemantics(decoded.instruction.semantics(), decoded)).toEqual([
      "a1 = memory[a0 + -8, 8 bytes]",
    ]);
  });

  it("has words for everything in the table", () => {
    for (const entry of instructions) {
      const lines = describeSemantics(entry.semantics());
      expect(lines.join("\n")).not.toMatch(/undefined|\[object/);
      const hints = /^(c\.nop|pause|fence.*|prefetch\..)$/;
      if (!hints.test(entry.name)) {
        expect(lines.length, entry.name).toBeGreaterThan(0);
      }
    }
  });
});
