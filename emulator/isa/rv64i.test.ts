import { describe, expect, test } from "vitest";
import { Cause } from "../trap/cause.ts";
import { encode } from "./encode.ts";
import { rv64i } from "./rv64i.ts";
import { CODE, DATA, RAM_BYTES } from "./testing/bench.ts";
import { engines } from "./testing/engines.ts";
import { testImmediateOperations, testKnownResults, testRegisterOperations } from "./testing/operations.ts";
import { instructionNamed } from "./testing/sample.ts";
import { edgeImmediates, edgeValues, hex, signed, signed32, unsigned, unsigned32 } from "./testing/values.ts";

const truth = (holds: boolean) => (holds ? 1n : 0n);

const register = {
  add: (a: bigint, b: bigint) => a + b,
  sub: (a: bigint, b: bigint) => a - b,
  sll: (a: bigint, b: bigint) => a << (b % 64n),
  slt: (a: bigint, b: bigint) => truth(signed(a) < signed(b)),
  sltu: (a: bigint, b: bigint) => truth(a < b),
  xor: (a: bigint, b: bigint) => a ^ b,
  srl: (a: bigint, b: bigint) => a >> (b % 64n),
  sra: (a: bigint, b: bigint) => signed(a) >> (b % 64n),
  or: (a: bigint, b: bigint) => a | b,
  and: (a: bigint, b: bigint) => a & b,
  addw: (a: bigint, b: bigint) => signed32(a + b),
  subw: (a: bigint, b: bigint) => signed32(a - b),
  sllw: (a: bigint, b: bigint) => signed32(a << (b % 32n)),
  srlw: (a: bigint, b: bigint) => signed32(unsigned32(a) >> (b % 32n)),
  sraw: (a: bigint, b: bigint) => signed32(a) >> (b % 32n),
};
const immediate = {
  addi: register.add,
  slti: register.slt,
  sltiu: register.sltu,
  xori: register.xor,
  ori: register.or,
  andi: register.and,
  addiw: register.addw,
};
const shift = { slli: register.sll, srli: register.srl, srai: register.sra };
const shiftWord = { slliw: register.sllw, srliw: register.srlw, sraiw: register.sraw };

const branches: Record<string, (a: bigint, b: bigint) => boolean> = {
  beq: (a, b) => a === b,
  bne: (a, b) => a !== b,
  blt: (a, b) => signed(a) < signed(b),
  bge: (a, b) => signed(a) >= signed(b),
  bltu: (a, b) => a < b,
  bgeu: (a, b) => a >= b,
};

const loads = {
  lb: { bytes: 1, widen: (v: bigint) => BigInt.asIntN(8, v) },
  lh: { bytes: 2, widen: (v: bigint) => BigInt.asIntN(16, v) },
  lw: { bytes: 4, widen: signed32 },
  ld: { bytes: 8, widen: unsigned },
  lbu: { bytes: 1, widen: (v: bigint) => BigInt.asUintN(8, v) },
  lhu: { bytes: 2, widen: (v: bigint) => BigInt.asUintN(16, v) },
  lwu: { bytes: 4, widen: unsigned32 },
};
const stores = { sb: 1, sh: 2, sw: 4, sd: 8 };

const others = ["lui", "auipc", "jal", "jalr", "fence", "fence.i", "pause", "ecall", "ebreak"];

test("every instruction has a test below", () => {
  const tested = [register, immediate, shift, shiftWord, branches, loads, stores].flatMap(Object.keys);
  expect(rv64i.map(({ name }) => name).sort()).toEqual([...tested, ...others].sort());
});

testRegisterOperations(register);
testImmediateOperations(edgeImmediates, immediate);
testImmediateOperations([0, 1, 31, 32, 33, 62, 63], shift);
testImmediateOperations([0, 1, 15, 16, 31], shiftWord);
testKnownResults([
  ["addi", (1n << 63n) - 1n, 1n, 1n << 63n],
  ["addiw", 0x7fff_ffffn, 1n, 0xffff_ffff_8000_0000n],
  ["addiw", 0xffff_ffff_0000_0000n, 0n, 0n],
  // The immediate is sign-extended first, then compared as unsigned.
  ["sltiu", 5n, -1n, 1n],
  ["sltiu", 0n, 1n, 1n],
  ["slti", 5n, -1n, 0n],
  ["andi", 0x1234_5678_9abc_def0n, -16n, 0x1234_5678_9abc_def0n],
  ["sll", 1n, 64n, 1n],
  ["sra", 1n << 63n, 63n, -1n],
  ["sllw", 1n, 63n, 0xffff_ffff_8000_0000n],
  ["srlw", 0xffff_ffff_8000_0000n, 32n, 0xffff_ffff_8000_0000n],
  ["srliw", 0xffff_ffff_8000_0000n, 31n, 1n],
  ["sraw", 0x8000_0000n, 31n, -1n],
  ["subw", 0x8000_0000n, 1n, 0x7fff_ffffn],
]);

describe.each(engines)("on the $engine engine", ({ bench }) => {
  const lastByte = 0x8000_0000n + RAM_BYTES - 1n;

  describe("upper immediates", () => {
    test.each([0, 0x1000, -0x1000, 0x7fff_f000, -0x8000_0000])("of %d", (immediate) => {
      expect(hex(bench.execute("lui", { rd: 5, immediate }).x[5] ?? 0n)).toBe(hex(BigInt(immediate)));
      const auipc = bench.execute("auipc", { rd: 5, immediate });
      expect(hex(auipc.x[5] ?? 0n)).toBe(hex(CODE + BigInt(immediate)));
      expect(auipc.pc).toBe(CODE + 4n);
    });

    test("go nowhere in x0", () => {
      expect(bench.execute("lui", { rd: 0, immediate: 0x1000 }).x[0]).toBe(0n);
      expect(bench.execute("auipc", { rd: 0, immediate: 0x1000 }).x[0]).toBe(0n);
    });
  });

  describe("jumps", () => {
    test.each([4, -4, 2, 0, 0xffffe, -0x10_0000])("jal by %d", (immediate) => {
      const after = bench.execute("jal", { rd: 1, immediate });
      expect(hex(after.pc)).toBe(hex(CODE + BigInt(immediate)));
      expect(after.x[1]).toBe(CODE + 4n);
      expect(after.retired).toBe(1n);
    });

    test("jal without a link", () => {
      const after = bench.execute("jal", { rd: 0, immediate: 8 });
      expect(after.pc).toBe(CODE + 8n);
      expect(after.x.every((value) => value === 0n)).toBe(true);
    });

    test.each([
      { base: DATA, immediate: 0, target: DATA },
      { base: DATA, immediate: 2047, target: DATA + 2046n },
      { base: DATA, immediate: -2048, target: DATA - 2048n },
      // Bit 0 of the sum is cleared, not that of the register.
      { base: DATA + 1n, immediate: 1, target: DATA + 2n },
      { base: DATA + 1n, immediate: 0, target: DATA },
      { base: 0xffff_ffff_ffff_fffen, immediate: 4, target: 2n },
      { base: 0n, immediate: -2, target: 0xffff_ffff_ffff_fffen },
    ])("jalr to $base + $immediate", ({ base, immediate, target }) => {
      const after = bench.execute("jalr", { rd: 1, rs1: 6, immediate }, { x: { 6: base } });
      expect(hex(after.pc)).toBe(hex(target));
      expect(after.x[1]).toBe(CODE + 4n);
    });

    test("jalr reads its register before it links in it", () => {
      const after = bench.execute("jalr", { rd: 6, rs1: 6, immediate: 16 }, { x: { 6: DATA } });
      expect(after.pc).toBe(DATA + 16n);
      expect(after.x[6]).toBe(CODE + 4n);
    });

    test("a jump to nowhere is taken, and the fetch there traps", () => {
      expect(bench.execute("jalr", { rs1: 0, immediate: 0 }).pc).toBe(0n);
      const after = bench.resume({ pc: 0n });
      expect(after.trap).toEqual({ cause: BigInt(Cause.instructionAccess), value: 0n, pc: 0n });
      expect(after.retired).toBe(0n);
    });
  });

  describe("branches", () => {
    test.each(Object.entries(branches))("%s", (name, taken) => {
      for (const a of edgeValues) {
        for (const b of edgeValues) {
          for (const immediate of [-4096, 4094, 8]) {
            const after = bench.execute(name, { rs1: 6, rs2: 7, immediate }, { x: { 6: a, 7: b } });
            const expected = CODE + (taken(a, b) ? BigInt(immediate) : 4n);
            expect(hex(after.pc), `${name} ${hex(a)} ${hex(b)}`).toBe(hex(expected));
            expect(after.trap).toBeUndefined();
          }
        }
      }
      const same = bench.execute(name, { rs1: 6, rs2: 6, immediate: -4 }, { x: { 6: 1n << 63n } });
      expect(same.pc).toBe(CODE + (taken(1n, 1n) ? -4n : 4n));
    });
  });

  describe("loads", () => {
    const patterns = [0x8182_8384_8586_8788n, 0x0102_0304_0506_0708n, 0xffff_ffff_ffff_ffffn, 0n];
    test.each(Object.entries(loads))("%s", (name, { bytes, widen }) => {
      for (const pattern of patterns) {
        for (const offset of [0n, 1n, 3n, 0xffdn, 0xfffn]) {
          for (const immediate of [0, -2048, 2047]) {
            bench.store(DATA + offset, 8, pattern);
            const x = { 6: unsigned(DATA + offset - BigInt(immediate)) };
            const after = bench.execute(name, { rd: 5, rs1: 6, immediate }, { x });
            expect(after.trap, name).toBeUndefined();
            expect(hex(after.x[5] ?? 0n), `${name} at ${hex(offset)}`).toBe(hex(widen(pattern)));
          }
        }
      }
      const onto = bench.execute(name, { rd: 6, rs1: 6 }, { x: { 6: DATA + 0xfffn } });
      expect(hex(onto.x[6] ?? 0n)).toBe(hex(widen(0n)));

      const outside = [0n, lastByte + 1n, 0xffff_ffff_ffff_f000n];
      for (const address of bytes === 1 ? outside : [...outside, lastByte]) {
        const after = bench.execute(name, { rd: 5, rs1: 6 }, { x: { 6: address, 5: 99n } });
        expect(after.trap?.cause, hex(address)).toBe(BigInt(Cause.loadAccess));
        expect(after.trap?.pc).toBe(CODE);
        expect(after.x[5]).toBe(99n);
        expect(after.retired).toBe(0n);
      }
      expect(bench.execute(name, { rd: 5, rs1: 6 }, { x: { 6: 0n } }).trap?.value).toBe(0n);
    });

    test("to x0 access memory all the same", () => {
      expect(bench.execute("lw", { rd: 0, rs1: 6 }, { x: { 6: DATA } }).x[0]).toBe(0n);
      expect(bench.execute("lw", { rd: 0, rs1: 0 }).trap?.cause).toBe(BigInt(Cause.loadAccess));
    });
  });

  describe("stores", () => {
    test.each(Object.entries(stores))("%s", (name, bytes) => {
      const value = 0x8182_8384_8586_8788n;
      for (const offset of [0x10n, 0x11n, 0x13n, 0xffdn, 0xfffn]) {
        for (const immediate of [0, -2048, 2047]) {
          const at = DATA + offset;
          bench.store(at - 8n, 8, 0x1111_1111_1111_1111n);
          bench.store(at, 8, 0x2222_2222_2222_2222n);
          bench.store(at + 8n, 8, 0x3333_3333_3333_3333n);
          const x = { 6: unsigned(at - BigInt(immediate)), 7: value };
          const after = bench.execute(name, { rs1: 6, rs2: 7, immediate }, { x });
          expect(after.trap).toBeUndefined();
          expect(after.pc).toBe(CODE + 4n);
          expect(hex(bench.load(at, bytes))).toBe(hex(BigInt.asUintN(bytes * 8, value)));
          expect(hex(bench.load(at - 8n, 8))).toBe("0x1111111111111111");
          const rest = 0x2222_2222_2222_2222n >> BigInt(8 * bytes);
          expect(hex(bench.load(at + BigInt(bytes), 8 - bytes))).toBe(hex(rest));
          expect(hex(bench.load(at + 8n, 8))).toBe("0x3333333333333333");
        }
      }

      const last = lastByte + 1n - BigInt(bytes);
      bench.execute(name, { rs1: 6, rs2: 7 }, { x: { 6: last, 7: value } });
      expect(hex(bench.load(last, bytes))).toBe(hex(BigInt.asUintN(bytes * 8, value)));

      const outside = [0n, lastByte + 1n, 0xffff_ffff_ffff_f000n];
      for (const address of bytes === 1 ? outside : [...outside, lastByte]) {
        bench.store(lastByte, 1, 0x55n);
        const after = bench.execute(name, { rs1: 6, rs2: 7 }, { x: { 6: address, 7: value } });
        expect(after.trap?.cause, hex(address)).toBe(BigInt(Cause.storeAccess));
        expect(bench.load(lastByte, 1)).toBe(0x55n);
      }
      expect(bench.execute(name, { rs1: 0, rs2: 7, immediate: 8 }).trap?.value).toBe(8n);
    });

    test("of x0 store zeros", () => {
      bench.store(DATA, 8, -1n);
      bench.execute("sd", { rs1: 6, rs2: 0 }, { x: { 6: DATA } });
      expect(bench.load(DATA, 8)).toBe(0n);
    });
  });

  describe("fences and hints", () => {
    test.each(["fence", "fence.i", "pause"])("%s changes no register", (name) => {
      const after = bench.execute(name, { rd: 0, rs1: 0 });
      expect(after.trap).toBeUndefined();
      expect(after.pc).toBe(CODE + 4n);
      expect(after.retired).toBe(1n);
      expect(after.x.every((value) => value === 0n)).toBe(true);
    });

    test("reserved fields of fence and fence.i are ignored", () => {
      // fence and fence.i with rd, rs1, fm and the rest all ones.
      for (const word of [0xffff_8f8f, 0xffff_9f8f]) {
        const after = bench.execute(word);
        expect(after.trap).toBeUndefined();
        expect(after.x.every((value) => value === 0n)).toBe(true);
      }
    });

    test("what fence.i stands behind is executed as it was stored", () => {
      const addi = (immediate: number) => encode(instructionNamed("addi"), { rd: 5, rs1: 5, immediate });
      bench.store(CODE, 4, BigInt(addi(1)));
      expect(bench.resume({}).x[5]).toBe(1n);
      bench.store(CODE - 8n, 4, BigInt(encode(instructionNamed("sw"), { rs1: 6, rs2: 7 })));
      bench.store(CODE - 4n, 4, BigInt(encode(instructionNamed("fence.i"), {})));
      const after = bench.resume({ pc: CODE - 8n, x: { 6: CODE, 7: BigInt(addi(2)) } }, 3);
      expect(after.retired).toBe(3n);
      expect(after.x[5]).toBe(2n);
    });
  });

  describe("environment", () => {
    test.each([
      { mode: "U", cause: Cause.userCall },
      { mode: "S", cause: Cause.supervisorCall },
      { mode: "M", cause: Cause.machineCall },
    ] as const)("ecall from mode $mode", ({ mode, cause }) => {
      const after = bench.execute("ecall", {}, { mode });
      expect(after.trap).toEqual({ cause: BigInt(cause), value: 0n, pc: CODE });
      expect(after.retired).toBe(0n);
    });

    test("ebreak tells its own address", () => {
      const after = bench.execute("ebreak");
      expect(after.trap).toEqual({ cause: BigInt(Cause.breakpoint), value: CODE, pc: CODE });
      expect(after.retired).toBe(0n);
    });
  });
});
