/** What the cache-block instructions have in common (cache-management specification, 2.4 and 2.7). */
import { state } from "../hart/layout.ts";
import type { I64 } from "../language/expression.ts";
import { when } from "../language/statement.ts";
import { illegalInstruction } from "../trap/cause.ts";
import { innocuous } from "./class.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rs1 } from "./operands.ts";

/**
 * Describes a cache-block instruction. Below M-mode it is illegal where its field of menvcfg is zero, in U-mode also
 * where that of senvcfg is: `enable` gives the field's value.
 */
export function cacheBlockInstruction(
  extension: string,
  name: string,
  operation: string,
  enable: (envcfg: I64) => I64,
  effect: (address: I64) => void,
): Instruction {
  const semantics = () => {
    const mode = state.mode.get();
    const byMachine = mode.ltU(3).and(enable(state.menvcfg.get()).isZero());
    const bySupervisor = mode.eq(0).and(enable(state.senvcfg.get()).isZero());
    when(byMachine.or(bySupervisor), illegalInstruction);
    effect(rs1);
  };
  return instruction(extension, name, `${operation} rs1 010 00000 0001111`, "(rs1)", semantics, {
    class: { ...innocuous, privilege: "held" },
  });
}
