import { describe, expect, test } from "vitest";
import { Cause } from "../trap/cause.ts";
import { rv64c } from "./c.ts";
import type { Operands } from "./encode.ts";
import { CODE, DATA } from "./testing/bench.ts";
import { engines } from "./testing/engines.ts";
import type { Oracle } from "./testing/values.ts";
import { edgeValues, hex, signed, signed32, unsigned } from "./testing/values.ts";

const SP = 2;

/** What an instruction does with a register and an immediate, and the immediates to try. */
interface Immediate {
  readonly immediates: readonly number[];
  readonly result: (a: bigint, immediate: bigint) => bigint;
}

/** rd = rs1 = x9, unless `fixed` says otherwise. */
const small = [-32, -1, 1, 31, 0];
const counts = [1, 31, 32, 63, 0];
const withImmediate: Record<string, Immediate & { readonly rd?: number; readonly rs1?: number }> = {
  "c.addi4spn": { immediates: [4, 8, 512, 1020], result: (a, i) => a + i, rs1: SP },
  "c.addi": { immediates: small, result: (a, i) => a + i },
  "c.addiw": { immediates: small, result: (a, i) => signed32(a + i) },
  "c.li": { immediates: small, result: (_, i) => i },
  "c.addi16sp": { immediates: [-512, -16, 16, 496], result: (a, i) => a + i, rd: SP, rs1: SP },
  "c.lui": { immediates: [-0x2_0000, -0x1000, 0x1000, 0x1_f000], result: (_, i) => i },
  "c.srli": { immediates: counts, result: (a, i) => a >> i },
  "c.srai": { immediates: counts, result: (a, i) => signed(a) >> i },
  "c.slli": { immediates: counts, result: (a, i) => a << i },
  "c.andi": { immediates: small, result: (a, i) => a & i },
};

/** rd = rs1 = x9, rs2 = x10. */
const withRegister: Record<string, Oracle> = {
  "c.sub": (a, b) => a - b,
  "c.xor": (a, b) => a ^ b,
  "c.or": (a, b) => a | b,
  "c.and": (a, b) => a & b,
  "c.subw": (a, b) => signed32(a - b),
  "c.addw": (a, b) => signed32(a + b),
  "c.mv": (_, b) => b,
  "c.add": (a, b) => a + b,
};

interface Access {
  readonly bytes: 4 | 8;
  readonly offsets: readonly number[];
  readonly float?: true;
  /** The address is relative to sp. */
  readonly stack?: true;
}
const doubles = [0, 8, 64, 128, 248];
const words = [0, 4, 32, 64, 124];
const stackDoubles = [0, 8, 32, 64, 256, 504];
const stackWords = [0, 4, 32, 64, 128, 252];
const loads: Record<string, Access> = {
  "c.lw": { bytes: 4, offsets: words },
  "c.ld": { bytes: 8, offsets: doubles },
  "c.fld": { bytes: 8, offsets: doubles, float: true },
  "c.lwsp": { bytes: 4, offsets: stackWords, stack: true },
  "c.ldsp": { bytes: 8, offsets: stackDoubles, stack: true },
  "c.fldsp": { bytes: 8, offsets: stackDoubles, stack: true, float: true },
};
const stores: Record<string, Access> = {
  "c.sw": { bytes: 4, offsets: words },
  "c.sd": { bytes: 8, offsets: doubles },
  "c.fsd": { bytes: 8, offsets: doubles, float: true },
  "c.swsp": { bytes: 4, offsets: stackWords, stack: true },
  "c.sdsp": { bytes: 8, offsets: stackDoubles, stack: true },
  "c.fsdsp": { bytes: 8, offsets: stackDoubles, stack: true, float: true },
};

const others = ["c.nop", "c.j", "c.beqz", "c.bnez", "c.jr", "c.jalr", "c.ebreak"];

test("every instruction has a test below", () => {
  const tested = [withImmediate, withRegister, loads, stores].flatMap(Object.keys);
  expect(rv64c.map(({ name }) => name).sort()).toEqual([...tested, ...others].sort());
});

describe.each(engines)("on the $engine engine", ({ bench }) => {
  test.each(Object.entries(withImmediate))("%s", (name, { immediates, result, rd = 9, rs1 = rd }) => {
    for (const a of edgeValues) {
      for (const immediate of immediates) {
        const after = bench.execute(name, { rd, rs1, immediate }, { x: { [rs1]: a } });
        const what = `${name} ${hex(a)} ${immediate}`;
        expect(after.trap, what).toBeUndefined();
        expect(hex(after.x[rd] ?? 0n), what).toBe(hex(result(a, BigInt(immediate))));
        expect(after.pc, what).toBe(CODE + 2n);
      }
    }
  });

  test.each(Object.entries(withRegister))("%s", (name, result) => {
    for (const a of edgeValues) {
      for (const b of edgeValues) {
        const after = bench.execute(name, { rd: 9, rs1: 9, rs2: 10 }, { x: { 9: a, 10: b } });
        const what = `${name} ${hex(a)} ${hex(b)}`;
        expect(hex(after.x[9] ?? 0n), what).toBe(hex(result(a, b)));
        expect(after.x[10], what).toBe(b);
        expect(after.pc, what).toBe(CODE + 2n);
      }
    }
    const same = bench.execute(name, { rd: 9, rs1: 9, rs2: 9 }, { x: { 9: 3n } });
    expect(hex(same.x[9] ?? 0n)).toBe(hex(result(3n, 3n)));
  });

  test.each(Object.entries(loads))("%s", (name, { bytes, offsets, float, stack }) => {
    const base = stack ? SP : 9;
    for (const immediate of offsets) {
      for (const value of [0x8182_8384_8586_8788n, 0x0102_0304_0506_0708n]) {
        bench.store(DATA + BigInt(immediate), 8, value);
        const after = bench.execute(name, { rd: 10, rs1: base, immediate }, { x: { [base]: DATA } });
        const loaded = (float ? after.f : after.x)[10] ?? 0n;
        expect(hex(loaded), `${immediate}`).toBe(hex(bytes === 4 ? signed32(value) : value));
        expect(after.pc).toBe(CODE + 2n);
      }
    }
    const outside = bench.execute(name, { rd: 10, rs1: base, immediate: 8 });
    expect(outside.trap).toEqual({ cause: BigInt(Cause.loadAccess), value: 8n, pc: CODE });
    const crossing = { x: { [base]: DATA + 0xffdn } };
    bench.store(DATA + 0xffdn, 8, 0x1234_5678_89ab_cdefn);
    const after = bench.execute(name, { rd: 10, rs1: base }, crossing);
    expect(hex((float ? after.f : after.x)[10] ?? 0n)).toBe(
      hex(bytes === 4 ? signed32(0x89ab_cdefn) : 0x1234_5678_89ab_cdefn),
    );
  });

  test.each(Object.entries(stores))("%s", (name, { bytes, offsets, float, stack }) => {
    const base = stack ? SP : 9;
    const value = 0x8182_8384_8586_8788n;
    const source = float ? { f: { 10: value } } : {};
    for (const immediate of offsets) {
      const at = DATA + BigInt(immediate);
      bench.store(at, 8, -1n);
      const x: Record<number, bigint> = float ? { [base]: DATA } : { [base]: DATA, 10: value };
      const after = bench.execute(name, { rs1: base, rs2: 10, immediate }, { ...source, x });
      expect(after.trap).toBeUndefined();
      expect(after.pc).toBe(CODE + 2n);
      expect(hex(bench.load(at, 8))).toBe(hex(bytes === 4 ? 0xffff_ffff_8586_8788n : value));
    }
    const outside = bench.execute(name, { rs1: base, rs2: 10, immediate: 8 }, source);
    expect(outside.trap).toEqual({ cause: BigInt(Cause.storeAccess), value: 8n, pc: CODE });
  });

  describe("jumps", () => {
    test.each([0, 2, -2, 2046, -2048, 1024, 256, 16])("c.j by %d", (immediate) => {
      const after = bench.execute("c.j", { immediate });
      expect(hex(after.pc)).toBe(hex(CODE + BigInt(immediate)));
      expect(after.x.every((value) => value === 0n)).toBe(true);
    });

    test.each([
      ["c.beqz", (a: bigint) => a === 0n],
      ["c.bnez", (a: bigint) => a !== 0n],
    ] as const)("%s", (name, taken) => {
      for (const a of edgeValues) {
        for (const immediate of [-256, 254, 64, 32, 8, -2]) {
          const after = bench.execute(name, { rs1: 9, immediate }, { x: { 9: a } });
          expect(hex(after.pc), hex(a)).toBe(hex(CODE + (taken(a) ? BigInt(immediate) : 2n)));
        }
      }
    });

    test.each([DATA, DATA + 1n, 0n, unsigned(-2n)])("c.jr and c.jalr to %d", (address) => {
      const jumped = bench.execute("c.jr", { rs1: 9 }, { x: { 9: address } });
      expect(jumped.pc).toBe(address & ~1n);
      expect(jumped.x[1]).toBe(0n);
      const called = bench.execute("c.jalr", { rs1: 9 }, { x: { 9: address } });
      expect(called.pc).toBe(address & ~1n);
      expect(called.x[1]).toBe(CODE + 2n);
    });

    test("c.jalr reads ra before it links in it", () => {
      const after = bench.execute("c.jalr", { rs1: 1 }, { x: { 1: DATA } });
      expect(after.pc).toBe(DATA);
      expect(after.x[1]).toBe(CODE + 2n);
    });
  });

  test("c.ebreak tells its own address", () => {
    const after = bench.execute("c.ebreak");
    expect(after.trap).toEqual({ cause: BigInt(Cause.breakpoint), value: CODE, pc: CODE });
  });

  test.each([
    ["c.nop", 0x0001],
    ["c.nop with an immediate", 0x107d],
    ["c.addi of 0", 0x0481],
    ["c.li to x0", 0x507d],
    ["c.lui to x0", 0x707d],
    ["c.slli to x0", 0x107e],
    ["c.slli by 0", 0x0482],
    ["c.srli by 0", 0x8081],
    ["c.srai by 0", 0x8481],
    ["c.mv to x0", 0x8026],
    ["c.add to x0", 0x9026],
  ])("%s changes nothing", (_name, word) => {
    const x = Object.fromEntries(
      Array.from({ length: 31 }, (_, n) => [n + 1, 0x8000_0000_0000_0000n + BigInt(n)]),
    );
    const after = bench.execute(word, {}, { x });
    expect(after.trap).toBeUndefined();
    expect(after.pc).toBe(CODE + 2n);
    expect(after.x).toEqual([0n, ...Object.values(x)]);
  });

  test.each([
    ["zeros", 0x0000],
    ["c.addi4spn of 0", 0x0014],
    ["quadrant 0, funct3 100 with bit 12 set", 0x9000],
    ["c.sh with bit 6 set", 0x8c40],
    ["c.addiw to x0", 0x3005],
    ["c.addi16sp of 0", 0x6101],
    ["c.lui of 0", 0x6481],
    ["c.lwsp to x0", 0x5002],
    ["c.ldsp to x0", 0x7002],
    ["c.jr of x0", 0x8002],
    ["quadrant 1, arithmetic 1-11-110", 0x9cf9],
    ["quadrant 1, arithmetic 1-11-111", 0x9cfd],
  ])("reserved: %s", (_name, word) => {
    // What follows in memory is not part of the instruction, so not of tval.
    bench.store(CODE + 2n, 2, 0xffffn);
    const after = bench.execute(word);
    expect(after.trap).toEqual({ cause: BigInt(Cause.illegalInstruction), value: BigInt(word), pc: CODE });
    expect(after.retired).toBe(0n);
  });

  test.each([2n, 0xffen])("a 32-bit instruction may stand at any even address (page offset %d)", (offset) => {
    const pc = CODE + offset;
    const operands: Operands = { rd: 9, rs1: 9, immediate: -5 };
    const after = bench.execute("addi", operands, { pc, x: { 9: 7n } });
    expect(after.x[9]).toBe(2n);
    expect(after.pc).toBe(pc + 4n);
  });
});
