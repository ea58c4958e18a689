/** The names that an instruction's semantics are written with. */
import type { RegisterOperand } from "../language/expression.ts";
import { I32, I64 } from "../language/expression.ts";
import { writeRegister } from "../language/statement.ts";

const x = (operand: RegisterOperand) => new I64({ kind: "x", type: "i64", operand });
const f = (operand: RegisterOperand) => new I64({ kind: "f", type: "i64", operand });

/** Integer registers the instruction reads; x0 reads as zero. */
export const rs1 = x("rs1");
export const rs2 = x("rs2");
/** The integer register it writes; a write to x0 is dropped. */
export const rd = { set: (value: I64) => writeRegister("x", "rd", value) };

/** Floating-point registers, all 64 bits of them (NaN-boxed where narrower). */
export const fs1 = f("rs1");
export const fs2 = f("rs2");
export const fs3 = f("rs3");
export const fd = { set: (value: I64) => writeRegister("f", "rd", value) };

/** The immediate, extended to 64 bits as the format says. */
export const imm = new I64({ kind: "immediate", type: "i64" });
/** The instruction's own bits (16 of them for a compressed one), for rarely used fields. */
export const encoding = new I32({ kind: "encoding", type: "i32" });
/** Address of this instruction, and of the one that follows it in memory. */
export const pc = new I64({ kind: "pc", type: "i64" });
export const nextPc = new I64({ kind: "next", type: "i64" });

/** Loads from the guest's address space, zero- or sign-extended to 64 bits; may trap. */
export function readMemory(address: I64, bytes: 1 | 2 | 4 | 8, signed: boolean): I64 {
  return new I64({ kind: "read", type: "i64", address: address.node, bytes, signed });
}
