import { describe, expect, test } from "vitest";
import type { Format } from "../float/format.ts";
import { float16, float32, float64 } from "../float/format.ts";
import { edges, randomBits, randomValues } from "../float/testing/operands.ts";
import type { Outcome } from "../float/testing/oracle.ts";
import * as oracle from "../float/testing/oracle.ts";
import { RAM_BASE } from "../memory/physical.ts";
import { rv64d } from "./d.ts";
import { encode } from "./encode.ts";
import { rv64f } from "./f.ts";
import type { Instruction } from "./instruction.ts";
import type { After, Before, InstructionBench } from "./testing/bench.ts";
import { CODE, DATA } from "./testing/bench.ts";
import { engines } from "./testing/engines.ts";
import { instructionNamed } from "./testing/sample.ts";
import { hex } from "./testing/values.ts";
import { zfh } from "./zfh.ts";
import { zfhmin } from "./zfhmin.ts";

const MSTATUS = 0x300;
const FCSR = 0x003;
const FS_SHIFT = 13n;
const INITIAL = 1n;
const DIRTY = 3n;
const DYNAMIC = 7;
const ILLEGAL = 2n;
const LOAD_ACCESS = 5n;

/** Registers of the instructions under test, and those that carry CSRs to and from them. */
const [RD, RS1, RS2, RS3] = [10, 11, 12, 13];
const OPERANDS = { rd: RD, rs1: RS1, rs2: RS2, rs3: RS3 };
const [FCSR_BEFORE, MSTATUS_BEFORE, FCSR_AFTER, MSTATUS_AFTER] = [20, 21, 22, 23];
const UNDER_TEST = CODE + 8n;

interface Environment {
  readonly fcsr?: bigint;
  readonly fs?: bigint;
}

/** Executes a word in an environment, and reads that back where no trap is expected. */
function execute(
  bench: InstructionBench,
  word: number,
  before: Before,
  environment: Environment,
  traps = false,
): After {
  const { fcsr = 0n, fs = INITIAL } = environment;
  const program = [
    encode(instructionNamed("csrrw"), { rs1: FCSR_BEFORE, immediate: FCSR }),
    encode(instructionNamed("csrrw"), { rs1: MSTATUS_BEFORE, immediate: MSTATUS }),
    word,
    encode(instructionNamed("csrrs"), { rd: FCSR_AFTER, immediate: FCSR }),
    encode(instructionNamed("csrrs"), { rd: MSTATUS_AFTER, immediate: MSTATUS }),
  ];
  program.forEach((w, i) => {
    bench.store(CODE + BigInt(4 * i), 4, BigInt(w));
  });
  const x = { ...before.x, [FCSR_BEFORE]: fcsr, [MSTATUS_BEFORE]: fs << FS_SHIFT };
  return bench.resume({ ...before, x, pc: CODE }, traps ? 3 : program.length);
}

const fsOf = (after: After) => ((after.x[MSTATUS_AFTER] ?? 0n) >> FS_SHIFT) & 3n;

const withMode = (word: number, mode: number) => (word | (mode << 12)) >>> 0;
const hasMode = ({ pattern }: Instruction) => pattern.split(" ").includes("rm");
const writesFloat = ({ pattern }: Instruction) => pattern.split(" ").includes("fd");
const all = [...rv64f, ...rv64d, ...zfhmin, ...zfh];

const BOXES: Record<number, bigint> = { 16: 0xffff_ffff_ffff_0000n, 32: 0xffff_ffff_0000_0000n };
const box = ({ width }: Format, bits: bigint) => bits | (BOXES[width] ?? 0n);

interface Model {
  /** Formats of the sources and of the result; "x" stands for an integer register. */
  readonly from: Format | "x";
  readonly to: Format | "x";
  outcome(a: bigint, b: bigint, c: bigint, mode: number): Outcome;
}

/** What the instructions of a format compute, by the oracle. Sign injections and moves raise nothing. */
function models(format: Format, suffix: string): Record<string, Model> {
  const negated = (v: bigint) => v ^ format.sign;
  const signOf = (v: bigint) => v & format.sign;
  const magnitude = (v: bigint) => v & (format.sign - 1n);
  const exactly = (bits: bigint): Outcome => ({ bits, flags: 0 });
  const toFloat = (outcome: Model["outcome"]): Model => ({ from: format, to: format, outcome });
  const toInteger = (outcome: Model["outcome"]): Model => ({ from: format, to: "x", outcome });
  const fused = (a: bigint, b: bigint, c: bigint, mode: number) =>
    oracle.fusedMultiplyAdd(format, a, b, c, mode);
  const named: Record<string, Model> = {
    fmadd: toFloat(fused),
    fmsub: toFloat((a, b, c, mode) => fused(a, b, negated(c), mode)),
    fnmsub: toFloat((a, b, c, mode) => fused(negated(a), b, c, mode)),
    fnmadd: toFloat((a, b, c, mode) => fused(a, negated(b), negated(c), mode)),
    fadd: toFloat((a, b, _, mode) => oracle.add(format, a, b, mode)),
    fsub: toFloat((a, b, _, mode) => oracle.add(format, a, negated(b), mode)),
    fmul: toFloat((a, b, _, mode) => oracle.multiply(format, a, b, mode)),
    fdiv: toFloat((a, b, _, mode) => oracle.divide(format, a, b, mode)),
    fsqrt: toFloat((a, _b, _c, mode) => oracle.squareRoot(format, a, mode)),
    fsgnj: toFloat((a, b) => exactly(magnitude(a) | signOf(b))),
    fsgnjn: toFloat((a, b) => exactly(magnitude(a) | signOf(negated(b)))),
    fsgnjx: toFloat((a, b) => exactly(magnitude(a) | signOf(a ^ b))),
    fmin: toFloat((a, b) => oracle.extreme("minimum", format, a, b)),
    fmax: toFloat((a, b) => oracle.extreme("maximum", format, a, b)),
    feq: toInteger((a, b) => oracle.compare("equal", format, a, b)),
    flt: toInteger((a, b) => oracle.compare("less", format, a, b)),
    fle: toInteger((a, b) => oracle.compare("lessOrEqual", format, a, b)),
    fclass: toInteger((a) => oracle.classify(format, a)),
  };
  for (const [integer, bits, signed] of [
    ["w", 32, true],
    ["wu", 32, false],
    ["l", 64, true],
    ["lu", 64, false],
  ] as const) {
    const least = signed ? -(1n << BigInt(bits - 1)) : 0n;
    const greatest = signed ? -least - 1n : (1n << BigInt(bits)) - 1n;
    named[`fcvt.${integer}`] = toInteger((a, _b, _c, mode) => {
      const { bits: value, flags } = oracle.toInteger(format, a, least, greatest, mode);
      // Results of 32 bits are sign-extended, those of fcvt.wu too.
      return { bits: BigInt.asUintN(64, BigInt.asIntN(bits, value)), flags };
    });
    named[`fcvt.${suffix}.${integer}`] = {
      from: "x",
      to: format,
      outcome: (a, _b, _c, mode) => {
        const value = signed ? BigInt.asIntN(bits, a) : BigInt.asUintN(bits, a);
        return oracle.fromInteger(format, value, mode);
      },
    };
  }
  return Object.fromEntries(
    Object.entries(named).map(([name, model]) => [
      name.startsWith("fcvt.") && model.from === "x" ? name : `${name}.${suffix}`,
      model,
    ]),
  );
}

const conversion = (from: Format, to: Format): Model => ({
  from,
  to,
  outcome: (a, _b, _c, mode) => oracle.convert(from, to, a, mode),
});

const model: Readonly<Record<string, Model>> = {
  ...models(float16, "h"),
  ...models(float32, "s"),
  ...models(float64, "d"),
  "fcvt.h.s": conversion(float32, float16),
  "fcvt.h.d": conversion(float64, float16),
  "fcvt.s.h": conversion(float16, float32),
  "fcvt.s.d": conversion(float64, float32),
  "fcvt.d.h": conversion(float16, float64),
  "fcvt.d.s": conversion(float32, float64),
};
/** Loads, stores and moves, which have tests of their own. */
const transfers = "flh fsh flw fsw fld fsd fmv.x.h fmv.h.x fmv.x.w fmv.w.x fmv.x.d fmv.d.x".split(" ");

test("every instruction has a test", () => {
  expect(all.map(({ name }) => name).sort()).toEqual([...Object.keys(model), ...transfers].sort());
});

describe.each(engines)("on the $engine engine", ({ bench }) => {
  describe("results and flags", () => {
    test.each(Object.entries(model))("%s", (name, { from, to, outcome }) => {
      const entry = instructionNamed(name);
      const random = randomBits(1n);
      const next = from === "x" ? () => random() >> (random() % 64n) : randomValues(from, 2n);
      const some = from === "x" ? [0n, 1n << 63n, 1n << 31n, (1n << 64n) - 1n] : edges(from);
      const cases = Array.from({ length: 120 }, (_, i) => (i < some.length ? (some[i] ?? 0n) : next()));
      cases.forEach((a, i) => {
        const [b, c] = i % 8 === 0 ? [a, a] : [next(), next()];
        const mode = i % 5;
        const isDynamic = i % 2 === 0 || !hasMode(entry);
        // In a reserved mode where the instruction names its own, and with flags that must stay.
        const frm = isDynamic ? BigInt(mode) : 6n;
        const raised = 1n << BigInt(i % 5);
        const word = withMode(encode(entry, OPERANDS), hasMode(entry) ? (isDynamic ? DYNAMIC : mode) : 0);
        const before =
          from === "x"
            ? { x: { [RS1]: a } }
            : {
                f: { [RS1]: box(from, a), [RS2]: box(from, b), [RS3]: box(from, c) },
              };
        const after = execute(bench, word, before, { fcsr: (frm << 5n) | raised });
        const expected = outcome(a, b, c, mode);
        const what = `${name} ${hex(a)} ${hex(b)} ${hex(c)} mode ${mode}`;
        expect(after.trap, what).toBeUndefined();
        const result = to === "x" ? after.x[RD] : after.f[RD];
        expect(hex(result ?? 0n), what).toBe(hex(to === "x" ? expected.bits : box(to, expected.bits)));
        const fcsr = (frm << 5n) | raised | BigInt(expected.flags);
        expect(after.x[FCSR_AFTER], what).toBe(fcsr);
        const changes = to !== "x" || fcsr !== ((frm << 5n) | raised);
        expect(fsOf(after), what).toBe(changes ? DIRTY : INITIAL);
      });
    });
  });

  test.each(["fadd", "fsub", "fmul", "fdiv", "fmadd", "fsgnj", "fmin"])(
    "%s of one register into itself",
    (operation) => {
      for (const [format, suffix] of [
        [float16, "h"],
        [float32, "s"],
        [float64, "d"],
      ] as const) {
        const name = `${operation}.${suffix}`;
        const a = (BigInt(format.bias) << BigInt(format.fractionBits)) + 3n;
        const word = encode(instructionNamed(name), { rd: RD, rs1: RD, rs2: RD, rs3: RD });
        const after = execute(bench, word, { f: { [RD]: box(format, a) } }, {});
        expect(hex(after.f[RD] ?? 0n)).toBe(hex(box(format, model[name]?.outcome(a, a, a, 0).bits ?? 0n)));
      }
    },
  );

  describe("illegal instructions", () => {
    /** Checks that the word traps as illegal and changes nothing. */
    const expectIllegal = (word: number, environment: Environment) => {
      const before = { x: { [RS1]: DATA, [RD]: 1n }, f: { [RD]: 2n, [RS1]: 3n, [RS2]: 4n } };
      const after = execute(bench, word, before, environment, true);
      const what = `0x${word.toString(16)}`;
      expect(after.trap, what).toEqual({ cause: ILLEGAL, value: BigInt(word), pc: UNDER_TEST });
      expect([after.x[RD], after.f[RD], after.f[RS1]], what).toEqual([1n, 2n, 3n]);
    };

    test("every instruction while the unit is off", () => {
      for (const entry of all) expectIllegal(encode(entry, OPERANDS), { fs: 0n });
    });

    test("every instruction with a rounding mode that is reserved", () => {
      const rounding = all.filter(hasMode);
      expect(rounding).toHaveLength(3 * (4 + 5 + 8) + 6);
      for (const entry of rounding) {
        const word = encode(entry, OPERANDS);
        expectIllegal(withMode(word, 5), {});
        expectIllegal(withMode(word, 6), {});
        for (const frm of [5n, 6n, 7n]) expectIllegal(withMode(word, DYNAMIC), { fcsr: frm << 5n });
      }
    });
  });

  describe("NaN boxing", () => {
    const narrower = [
      { format: float16, unboxed: [0n, 0xffff_ffff_fffe_0000n, 0x7fff_ffff_ffff_0000n, 0xffff_0000n] },
      { format: float32, unboxed: [0n, 0xffff_fffe_0000_0000n, 0x7fff_ffff_0000_0000n] },
    ];
    const names = narrower.flatMap(({ format, unboxed }) =>
      Object.entries(model)
        .filter(([, { from }]) => from === format)
        .map(([name, { to, outcome }]) => ({ name, format, unboxed, to, outcome })),
    );

    test.each(names)("$name takes what is not boxed for the canonical NaN", (row) => {
      const { name, format, unboxed, to, outcome } = row;
      const nan = format.canonicalNaN;
      const one = BigInt(format.bias) << BigInt(format.fractionBits);
      const word = encode(instructionNamed(name), OPERANDS);
      for (const upper of unboxed) {
        const f = { [RS1]: upper | one, [RS2]: box(format, one), [RS3]: box(format, one) };
        const after = execute(bench, word, { f }, {});
        const expected = outcome(nan, one, one, 0);
        const result = to === "x" ? after.x[RD] : after.f[RD];
        expect(hex(result ?? 0n)).toBe(hex(to === "x" ? expected.bits : box(to, expected.bits)));
        expect(after.x[FCSR_AFTER]).toBe(BigInt(expected.flags));
      }
    });
  });

  describe("loads, stores and moves", () => {
    const bits = 0x8123_4567_89ab_cdefn;

    test("loads box and dirty", () => {
      bench.store(DATA - 8n, 8, bits);
      for (const [name, expected] of [
        ["flh", 0xffff_ffff_ffff_cdefn],
        ["flw", 0xffff_ffff_89ab_cdefn],
        ["fld", bits],
      ] as const) {
        const word = encode(instructionNamed(name), { ...OPERANDS, immediate: -8 });
        const after = execute(bench, word, { x: { [RS1]: DATA } }, {});
        expect(hex(after.f[RD] ?? 0n)).toBe(hex(expected));
        expect(fsOf(after)).toBe(DIRTY);
      }
    });

    test("a load that faults changes nothing", () => {
      for (const name of ["flh", "flw", "fld"]) {
        const word = encode(instructionNamed(name), { ...OPERANDS, immediate: 0 });
        const address = RAM_BASE - 8n;
        const after = execute(bench, word, { x: { [RS1]: address }, f: { [RD]: bits } }, {}, true);
        expect(after.trap).toEqual({ cause: LOAD_ACCESS, value: address, pc: UNDER_TEST });
        expect(after.f[RD]).toBe(bits);
      }
    });

    test("stores take the register's bits, boxed or not", () => {
      for (const [name, bytes] of [
        ["fsh", 2],
        ["fsw", 4],
        ["fsd", 8],
      ] as const) {
        bench.store(DATA, 8, 0n);
        const word = encode(instructionNamed(name), { rs1: RS1, rs2: RS2, immediate: 0 });
        const after = execute(bench, word, { x: { [RS1]: DATA }, f: { [RS2]: bits } }, {});
        expect(hex(bench.load(DATA, 8))).toBe(hex(BigInt.asUintN(8 * bytes, bits)));
        expect(fsOf(after)).toBe(INITIAL);
      }
    });

    test.each([
      ["fmv.x.h", 0xffff_ffff_ffff_cdefn],
      ["fmv.x.w", 0xffff_ffff_89ab_cdefn],
      ["fmv.x.d", bits],
      ["fmv.h.x", 0xffff_ffff_ffff_cdefn],
      ["fmv.w.x", 0xffff_ffff_89ab_cdefn],
      ["fmv.d.x", bits],
    ] as const)("%s", (name, expected) => {
      const entry = instructionNamed(name);
      const after = execute(bench, encode(entry, OPERANDS), { x: { [RS1]: bits }, f: { [RS1]: bits } }, {});
      expect(hex((writesFloat(entry) ? after.f : after.x)[RD] ?? 0n)).toBe(hex(expected));
      expect(fsOf(after)).toBe(writesFloat(entry) ? DIRTY : INITIAL);
    });
  });
});
