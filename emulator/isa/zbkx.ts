/** Zbkx, crossbar permutations (scalar cryptography manual, 3.3). */
import type { I64 } from "../language/expression.ts";
import { select } from "../language/expression.ts";
import { local } from "../language/statement.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";

/** Every element of rs2 replaced by the one of rs1 whose number it is; by 0 where rs1 has none of that number. */
function permuted(width: 4 | 8): I64 {
  const count = 64 / width;
  const [elements, indices] = [local(rs1), local(rs2)];
  return Array.from({ length: count }, (_, n) => {
    const index = local(indices.bits(n * width, width));
    const element = elements.shrU(index.mul(width)).bits(0, width);
    const chosen = count === 2 ** width ? element : select(index.ltU(count), element, 0);
    return chosen.shl(n * width);
  }).reduce((result, element) => result.or(element));
}

const permutation = (name: string, funct3: string, width: 4 | 8) =>
  instruction("zbkx", name, `0010100 rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () =>
    rd.set(permuted(width)),
  );

export const zbkx: readonly Instruction[] = [
  permutation("xperm4", "010", 4),
  permutation("xperm8", "100", 8),
];
