/** M, integer multiplication and division (unprivileged manual, chapter 13). */
import type { I64 } from "../language/expression.ts";
import { select, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local } from "../language/statement.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";

/** The upper 64 bits of the unsigned 128-bit product, by the schoolbook method on 32-bit digits. */
const upperProduct = procedure("upper_product", { a: "i64", b: "i64" }, "i64", ({ a, b }) => {
  const lowHigh = local(a.low32().mul(b.shrU(32)));
  const highLow = local(a.shrU(32).mul(b.low32()));
  const carried = local(a.low32().mul(b.low32()).shrU(32).add(lowHigh.low32()).add(highLow.low32()));
  return a.shrU(32).mul(b.shrU(32)).add(lowHigh.shrU(32)).add(highLow.shrU(32)).add(carried.shrU(32));
});

/** A negative factor counts 2^64 too much when it is read as unsigned, so the upper half is off by the other one. */
const excess = (factor: I64, other: I64) => factor.shrS(63).and(other);

const MINIMUM = -(1n << 63n);

interface Division {
  readonly quotient: I64;
  readonly remainder: I64;
}

/**
 * Signed division, rounding towards zero. By zero: quotient -1, remainder the dividend. Overflow: quotient the
 * dividend, remainder 0. In both cases WebAssembly would trap or differ, so the division is made by 1 instead.
 */
function divideSigned(dividend: I64, divisor: I64): Division {
  const a = local(dividend);
  const b = local(divisor);
  const byZero = local(b.isZero());
  const overflow = a.eq(MINIMUM).and(b.eq(-1n));
  const safe = local(select(byZero.or(overflow), u64(1), b));
  return {
    quotient: select(byZero, u64(-1), a.divS(safe)),
    remainder: select(byZero, a, a.remS(safe)),
  };
}

/** Unsigned division. By zero: quotient 2^64 - 1, remainder the dividend. */
function divideUnsigned(dividend: I64, divisor: I64): Division {
  const a = local(dividend);
  const b = local(divisor);
  const byZero = local(b.isZero());
  const safe = local(select(byZero, u64(1), b));
  return {
    quotient: select(byZero, u64(-1), a.divU(safe)),
    remainder: select(byZero, a, a.remU(safe)),
  };
}

const double = (name: string, funct3: string, value: () => I64) =>
  instruction("m", name, `0000001 rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () => rd.set(value()));

// A 32-bit division made in 64 bits cannot overflow; dividing by zero gives the same results, cut to 32 bits.
const word = (name: string, funct3: string, value: () => I64) =>
  instruction("m", name, `0000001 rs2 rs1 ${funct3} rd 0111011`, "rd, rs1, rs2", () =>
    rd.set(value().signExtend(32)),
  );

export const rv64m: readonly Instruction[] = [
  double("mul", "000", () => rs1.mul(rs2)),
  double("mulh", "001", () => upperProduct({ a: rs1, b: rs2 }).sub(excess(rs1, rs2)).sub(excess(rs2, rs1))),
  double("mulhsu", "010", () => upperProduct({ a: rs1, b: rs2 }).sub(excess(rs1, rs2))),
  double("mulhu", "011", () => upperProduct({ a: rs1, b: rs2 })),
  double("div", "100", () => divideSigned(rs1, rs2).quotient),
  double("divu", "101", () => divideUnsigned(rs1, rs2).quotient),
  double("rem", "110", () => divideSigned(rs1, rs2).remainder),
  double("remu", "111", () => divideUnsigned(rs1, rs2).remainder),
  word("mulw", "000", () => rs1.mul(rs2)),
  word("divw", "100", () => divideSigned(rs1.signExtend(32), rs2.signExtend(32)).quotient),
  word("divuw", "101", () => divideUnsigned(rs1.low32(), rs2.low32()).quotient),
  word("remw", "110", () => divideSigned(rs1.signExtend(32), rs2.signExtend(32)).remainder),
  word("remuw", "111", () => divideUnsigned(rs1.low32(), rs2.low32()).remainder),
];
