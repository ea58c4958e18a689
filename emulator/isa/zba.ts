/** Zba, address generation (bit-manipulation manual, 1.1). */
import type { I64 } from "../language/expression.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { imm, rd, rs1, rs2 } from "./operands.ts";

const shiftAndAdd = (name: string, funct3: string, shift: number) =>
  register(name, "0010000", funct3, "0110011", () => rs2.add(rs1.shl(shift)));

const shiftAndAddWord = (name: string, funct3: string, shift: number) =>
  register(name, "0010000", funct3, "0111011", () => rs2.add(rs1.low32().shl(shift)));

function register(name: string, funct7: string, funct3: string, opcode: string, value: () => I64) {
  return instruction("zba", name, `${funct7} rs2 rs1 ${funct3} rd ${opcode}`, "rd, rs1, rs2", () =>
    rd.set(value()),
  );
}

export const zba: readonly Instruction[] = [
  shiftAndAdd("sh1add", "010", 1),
  shiftAndAdd("sh2add", "100", 2),
  shiftAndAdd("sh3add", "110", 3),
  register("add.uw", "0000100", "000", "0111011", () => rs2.add(rs1.low32())),
  shiftAndAddWord("sh1add.uw", "010", 1),
  shiftAndAddWord("sh2add.uw", "100", 2),
  shiftAndAddWord("sh3add.uw", "110", 3),
  instruction("zba", "slli.uw", "000010 uimm[5:0] rs1 001 rd 0011011", "rd, rs1, imm", () =>
    rd.set(rs1.low32().shl(imm)),
  ),
];
