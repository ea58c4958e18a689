/** Zbs, single-bit instructions (bit-manipulation manual, 1.4). */
import type { I64 } from "../language/expression.ts";
import { u64 } from "../language/expression.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { imm, rd, rs1, rs2 } from "./operands.ts";

/** The two forms of an operation on bit `index` of rs1: the index in rs2 or in the immediate, modulo 64. */
const singleBit = (name: string, funct6: string, funct3: string, value: (index: I64) => I64) => [
  instruction("zbs", name, `${funct6}0 rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () =>
    rd.set(value(rs2)),
  ),
  instruction("zbs", `${name}i`, `${funct6} uimm[5:0] rs1 ${funct3} rd 0010011`, "rd, rs1, imm", () =>
    rd.set(value(imm)),
  ),
];

const bit = (index: I64) => u64(1).shl(index);

export const zbs: readonly Instruction[] = [
  ...singleBit("bclr", "010010", "001", (index) => rs1.and(bit(index).not())),
  ...singleBit("bext", "010010", "101", (index) => rs1.shrU(index).and(1)),
  ...singleBit("binv", "011010", "001", (index) => rs1.xor(bit(index))),
  ...singleBit("bset", "001010", "001", (index) => rs1.or(bit(index))),
];
