/** Zbkb, bit manipulation for cryptography (scalar cryptography manual, 3.1): what Zbb has not got already. */
import type { I64 } from "../language/expression.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";
import { reverseBitsInBytes } from "./reversal.ts";

const packing = (name: string, funct3: string, opcode: string, value: () => I64) =>
  instruction("zbkb", name, `0000100 rs2 rs1 ${funct3} rd ${opcode}`, "rd, rs1, rs2", () => rd.set(value()));

export const zbkb: readonly Instruction[] = [
  packing("pack", "100", "0110011", () => rs1.low32().or(rs2.shl(32))),
  packing("packh", "111", "0110011", () => rs1.bits(0, 8).or(rs2.bits(0, 8).shl(8))),
  packing("packw", "100", "0111011", () => rs1.bits(0, 16).or(rs2.shl(16)).signExtend(32)),
  instruction("zbkb", "brev8", "011010000111 rs1 101 rd 0010011", "rd, rs1", () =>
    rd.set(reverseBitsInBytes(rs1)),
  ),
];
