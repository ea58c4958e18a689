/** From operands to instruction words: the inverse of decode.ts. */
import type { RegisterOperand } from "../language/expression.ts";
import { immediateOf } from "./encoding.ts";
import type { Instruction } from "./instruction.ts";

export type Operands = Partial<Record<RegisterOperand | "immediate", number>>;

/**
 * The word of an instruction with these operands; those left out are 0. Fields that are neither (rm, aq, zimm…) are 0
 * too. Throws when an operand does not fit its field.
 */
export function encode(instruction: Instruction, operands: Operands): number {
  const { encoding, fixed } = instruction;
  let word = encoding.match;
  for (const { operands: names, low, width } of encoding.registers) {
    const base = width === 3 ? 8 : 0;
    for (const name of names) {
      const number = operands[name] ?? base;
      const field = number - base;
      if (field < 0 || field >= 1 << width)
        throw new Error(`${instruction.name} cannot have ${name} = ${number}`);
      word |= field << low;
    }
  }
  const immediate = operands.immediate ?? fixed.imm ?? 0;
  for (const { low, to, width } of encoding.slices) word |= ((immediate >> to) & ((1 << width) - 1)) << low;
  if ((fixed.imm ?? immediateOf(encoding, word)) !== immediate) {
    throw new Error(`${instruction.name} cannot have an immediate of ${immediate}`);
  }
  return word >>> 0;
}
