/** What F, D and Zfh have in common: the same instructions over different formats. */
import type { Arithmetic } from "../float/arithmetic.ts";
import { dynamicRounding, isOff, LAST_MODE, markDirty, modeIsReserved } from "../float/environment.ts";
import type { Format } from "../float/format.ts";
import { magnitudeOf, signOf } from "../float/value.ts";
import type { I32, I64 } from "../language/expression.ts";
import { select } from "../language/expression.ts";
import { local, when, writeMemory } from "../language/statement.ts";
import { illegalInstruction } from "../trap/cause.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { encoding, fd, fs1, fs2, fs3, imm, rd, readMemory, rs1 } from "./operands.ts";

/** A floating-point extension: how its instructions are named and encoded, and what they compute with. */
export interface Precision {
  readonly extension: string;
  /** The suffix of its instructions' names. */
  readonly suffix: string;
  /** The two-bit fmt field. */
  readonly fmt: string;
  readonly arithmetic: Arithmetic;
}

/** A value as a 64-bit register holds it: a narrower one is boxed in a NaN (unprivileged 22.2). */
function box(format: Format, value: I64): I64 {
  return format.width === 64 ? value : value.or(-1n << BigInt(format.width));
}

/** The value that a register holds; one that is not properly boxed counts as the canonical NaN. */
function unbox(format: Format, register: I64): I64 {
  if (format.width === 64) return register;
  const boxed = register.geU(-1n << BigInt(format.width));
  return select(boxed, register.and((1n << BigInt(format.width)) - 1n), format.canonicalNaN);
}

/** The source operands, unboxed. */
export const sources = (format: Format) => ({
  a: unbox(format, fs1),
  b: unbox(format, fs2),
  c: unbox(format, fs3),
});

/** Writes the destination register. */
export function setResult(format: Format, value: I64): void {
  fd.set(box(format, value));
  markDirty();
}

/** Describes an instruction that is illegal while the floating-point unit is off. */
export function floating(
  extension: string,
  name: string,
  pattern: string,
  assembly: string,
  semantics: () => void,
): Instruction {
  return instruction(extension, name, pattern, assembly, () => {
    when(isOff(), illegalInstruction);
    semantics();
  });
}

const DYNAMIC = 7;

/** The mode in the rm field, or in frm where that says so; a reserved one makes the instruction illegal. */
export function roundingMode(): I32 {
  const mode = local(encoding.shrU(12).and(7));
  when(
    mode.eq(DYNAMIC),
    () => {
      when(modeIsReserved(), illegalInstruction);
      mode.set(dynamicRounding());
    },
    () => when(mode.gtU(LAST_MODE), illegalInstruction),
  );
  return mode;
}

/** Loads and stores of a format's values; `width` is the field that tells them by their size. */
export function loadsAndStores(
  extension: string,
  format: Format,
  { load, store, width }: { readonly load: string; readonly store: string; readonly width: string },
): Instruction[] {
  const bytes = format.width === 64 ? 8 : format.width === 32 ? 4 : 2;
  return [
    floating(extension, load, `imm[11:0] rs1 ${width} fd 0000111`, "fd, imm(rs1)", () =>
      setResult(format, readMemory(rs1.add(imm), bytes, false)),
    ),
    floating(extension, store, `imm[11:5] fs2 rs1 ${width} imm[4:0] 0100111`, "fs2, imm(rs1)", () =>
      writeMemory(rs1.add(imm), bytes, fs2),
    ),
  ];
}

/** Integers that conversions know: suffix, number in the rs2 field, and the bounds' magnitudes. */
const INTEGERS = [
  { suffix: "w", number: "00000", smallest: 1n << 31n, largest: (1n << 31n) - 1n },
  { suffix: "wu", number: "00001", smallest: 0n, largest: (1n << 32n) - 1n },
  { suffix: "l", number: "00010", smallest: 1n << 63n, largest: (1n << 63n) - 1n },
  { suffix: "lu", number: "00011", smallest: 0n, largest: (1n << 64n) - 1n },
] as const;

/** A precision's instructions that compute, except conversions from other formats. */
export function floatingPoint(precision: Precision): Instruction[] {
  const { extension, suffix, fmt } = precision;
  const { format, ...operations } = precision.arithmetic;
  const { a, b, c } = sources(format);
  const negative = (value: I64) => value.xor(format.sign);

  const describe = (name: string, pattern: string, assembly: string, semantics: () => void) =>
    floating(extension, `${name}.${suffix}`, pattern, assembly, semantics);

  const fused = (name: string, opcode: string, value: (mode: I32) => I64) =>
    describe(name, `fs3 ${fmt} fs2 fs1 rm fd ${opcode}`, "fd, fs1, fs2, fs3, rm", () =>
      setResult(format, value(roundingMode())),
    );
  const rounded = (name: string, funct5: string, fs2: string, value: (mode: I32) => I64) =>
    describe(
      name,
      `${funct5} ${fmt} ${fs2} fs1 rm fd 1010011`,
      fs2 === "fs2" ? "fd, fs1, fs2, rm" : "fd, fs1, rm",
      () => setResult(format, value(roundingMode())),
    );
  const exact = (name: string, funct5: string, funct3: string, value: () => I64) =>
    describe(name, `${funct5} ${fmt} fs2 fs1 ${funct3} fd 1010011`, "fd, fs1, fs2", () =>
      setResult(format, value()),
    );
  const comparison = (name: string, funct3: string, value: () => I32) =>
    describe(name, `10100 ${fmt} fs2 fs1 ${funct3} rd 1010011`, "rd, fs1, fs2", () =>
      rd.set(value().toU64()),
    );
  const withSign = (sign: I64) => magnitudeOf(format, a).or(sign);

  const toInteger = INTEGERS.map(({ suffix: integer, number, smallest, largest }) =>
    describe(`fcvt.${integer}`, `11000 ${fmt} ${number} fs1 rm rd 1010011`, "rd, fs1, rm", () => {
      const value = operations.toInteger({ a, smallest, largest, mode: roundingMode() });
      rd.set(integer.startsWith("w") ? value.signExtend(32) : value);
    }),
  );
  const fromInteger = INTEGERS.map(({ suffix: integer, number }) => {
    const is32 = integer.startsWith("w");
    // A 32-bit integer always fits into a float64: assemblers show no rounding mode.
    const assembly = is32 && format.fractionBits >= 31 ? "fd, rs1" : "fd, rs1, rm";
    return floating(
      extension,
      `fcvt.${suffix}.${integer}`,
      `11010 ${fmt} ${number} rs1 rm fd 1010011`,
      assembly,
      () => {
        const { signed, unsigned } = operations.fromInteger;
        const mode = roundingMode();
        const result = integer.endsWith("u")
          ? unsigned({ value: is32 ? rs1.low32() : rs1, mode })
          : signed({ value: is32 ? rs1.signExtend(32) : rs1, mode });
        setResult(format, result);
      },
    );
  });

  return [
    fused("fmadd", "1000011", (mode) => operations.fusedMultiplyAdd({ a, b, c, mode })),
    fused("fmsub", "1000111", (mode) => operations.fusedMultiplyAdd({ a, b, c: negative(c), mode })),
    fused("fnmsub", "1001011", (mode) => operations.fusedMultiplyAdd({ a: negative(a), b, c, mode })),
    fused("fnmadd", "1001111", (mode) =>
      operations.fusedMultiplyAdd({ a: negative(a), b, c: negative(c), mode }),
    ),
    rounded("fadd", "00000", "fs2", (mode) => operations.add({ a, b, mode })),
    rounded("fsub", "00001", "fs2", (mode) => operations.add({ a, b: negative(b), mode })),
    rounded("fmul", "00010", "fs2", (mode) => operations.multiply({ a, b, mode })),
    rounded("fdiv", "00011", "fs2", (mode) => operations.divide({ a, b, mode })),
    rounded("fsqrt", "01011", "00000", (mode) => operations.squareRoot({ a, mode })),

    exact("fsgnj", "00100", "000", () => withSign(signOf(format, b))),
    exact("fsgnjn", "00100", "001", () => withSign(signOf(format, negative(b)))),
    exact("fsgnjx", "00100", "010", () => a.xor(signOf(format, b))),
    exact("fmin", "00101", "000", () => operations.minimum({ a, b })),
    exact("fmax", "00101", "001", () => operations.maximum({ a, b })),

    comparison("feq", "010", () => operations.equal({ a, b })),
    comparison("flt", "001", () => operations.less({ a, b })),
    comparison("fle", "000", () => operations.lessOrEqual({ a, b })),
    describe("fclass", `11100 ${fmt} 00000 fs1 001 rd 1010011`, "rd, fs1", () =>
      rd.set(operations.classify({ a })),
    ),

    ...toInteger,
    ...fromInteger,
  ];
}
