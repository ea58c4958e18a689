/** Zbb, basic bit manipulation (bit-manipulation manual, 1.2). */
import type { I64 } from "../language/expression.ts";
import { select } from "../language/expression.ts";
import { local } from "../language/statement.ts";
import type { Instruction } from "./instruction.ts";
import { instruction, sharedWith } from "./instruction.ts";
import { imm, rd, rs1, rs2 } from "./operands.ts";
import { reverseBytes } from "./reversal.ts";

const register = (name: string, funct7: string, funct3: string, value: () => I64) =>
  instruction("zbb", name, `${funct7} rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () => rd.set(value()));

const registerWord = (name: string, funct7: string, funct3: string, value: () => I64) =>
  instruction("zbb", name, `${funct7} rs2 rs1 ${funct3} rd 0111011`, "rd, rs1, rs2", () => rd.set(value()));

const unary = (name: string, funct12: string, funct3: string, value: () => I64) =>
  instruction("zbb", name, `${funct12} rs1 ${funct3} rd 0010011`, "rd, rs1", () => rd.set(value()));

const unaryWord = (name: string, funct12: string, value: () => I64) =>
  instruction("zbb", name, `${funct12} rs1 001 rd 0011011`, "rd, rs1", () => rd.set(value()));

/** The 32-bit rotations give their results sign-extended, as all word instructions do. */
const rotateRightWord = (count: I64) => rs1.toI32().rotr(count.toI32()).toS64();

/** 0xff in every byte of `value` that is not zero, 0 elsewhere. */
function spreadBytes(value: I64): I64 {
  const low7 = 0x7f7f_7f7f_7f7f_7f7fn;
  const v = local(value);
  // Bit 7 of a byte ends up set if any bit of it is: the low seven carry into it, or it was set before.
  const any = local(v.and(low7).add(low7).or(v).and(~low7).shrU(7));
  return any.shl(8).sub(any);
}

export const zbb: readonly Instruction[] = [
  ...sharedWith("zbkb", [
    register("andn", "0100000", "111", () => rs1.and(rs2.not())),
    register("orn", "0100000", "110", () => rs1.or(rs2.not())),
    register("xnor", "0100000", "100", () => rs1.xor(rs2).not()),

    register("rol", "0110000", "001", () => rs1.rotl(rs2)),
    register("ror", "0110000", "101", () => rs1.rotr(rs2)),
    instruction("zbb", "rori", "011000 uimm[5:0] rs1 101 rd 0010011", "rd, rs1, imm", () =>
      rd.set(rs1.rotr(imm)),
    ),
    registerWord("rolw", "0110000", "001", () => rs1.toI32().rotl(rs2.toI32()).toS64()),
    registerWord("rorw", "0110000", "101", () => rotateRightWord(rs2)),
    instruction("zbb", "roriw", "0110000 uimm[4:0] rs1 101 rd 0011011", "rd, rs1, imm", () =>
      rd.set(rotateRightWord(imm)),
    ),
    unary("rev8", "011010111000", "101", () => reverseBytes(rs1)),
  ]),

  unary("clz", "011000000000", "001", () => rs1.clz()),
  unary("ctz", "011000000001", "001", () => rs1.ctz()),
  unary("cpop", "011000000010", "001", () => rs1.popcnt()),
  unaryWord("clzw", "011000000000", () => rs1.toI32().clz().toU64()),
  unaryWord("ctzw", "011000000001", () => rs1.toI32().ctz().toU64()),
  unaryWord("cpopw", "011000000010", () => rs1.low32().popcnt()),

  register("max", "0000101", "110", () => select(rs1.gtS(rs2), rs1, rs2)),
  register("maxu", "0000101", "111", () => select(rs1.gtU(rs2), rs1, rs2)),
  register("min", "0000101", "100", () => select(rs1.ltS(rs2), rs1, rs2)),
  register("minu", "0000101", "101", () => select(rs1.ltU(rs2), rs1, rs2)),

  unary("sext.b", "011000000100", "001", () => rs1.signExtend(8)),
  unary("sext.h", "011000000101", "001", () => rs1.signExtend(16)),
  instruction("zbb", "zext.h", "000010000000 rs1 100 rd 0111011", "rd, rs1", () => rd.set(rs1.and(0xffff))),

  unary("orc.b", "001010000111", "101", () => spreadBytes(rs1)),
];
