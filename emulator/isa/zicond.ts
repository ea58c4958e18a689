/** Zicond, integer conditional operations (unprivileged manual, "Zicond"). */
import type { I32 } from "../language/expression.ts";
import { select } from "../language/expression.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";

const zeroIf = (name: string, funct3: string, condition: () => I32) =>
  instruction("zicond", name, `0000111 rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () =>
    rd.set(select(condition(), 0, rs1)),
  );

export const zicond: readonly Instruction[] = [
  zeroIf("czero.eqz", "101", () => rs2.isZero()),
  zeroIf("czero.nez", "111", () => rs2.ne(0)),
];
