/**
 * Which handler executes an instruction. Instructions that differ only in where their operands are have the same one, for
 * slots say where those are. Two instructions that often follow each other have one for both: the host predicts most
 * dispatches of cold code wrongly, and that takes it longer than what most instructions do.
 */
import type { Instruction } from "../../isa/instruction.ts";
import { Handler, PAIRED_HANDLERS } from "./slot.ts";

/** Two instructions, by their own handlers, and the handler that executes both in a row. */
export interface Pair {
  readonly handler: number;
  readonly first: number;
  readonly second: number;
}

/** The handlers of an instruction set. */
export interface Handlers {
  readonly byInstruction: ReadonlyMap<Instruction, number>;
  readonly pairs: readonly Pair[];
}

/**
 * The pairs, as what may follow what: the 60 most frequent ones in what is interpreted while Linux boots. More gain
 * nothing, and take the host longer to compile. c.NAME is here whatever compressed instruction stands for NAME: c.add is
 * c.mv, too, and c.addi is c.li.
 */
export const FOLLOWERS: readonly (readonly [first: string, seconds: string])[] = [
  ["c.add", "c.add c.addi addi auipc beq bne c.ld ld"],
  ["c.addi", "c.add c.addi addi auipc beq bltu bne c.jalr c.ld c.sd"],
  ["addi", "c.add c.addi addi auipc"],
  ["addw", "addw srliw"],
  ["auipc", "addi jalr"],
  ["lbu", "c.addi lbu"],
  ["c.ld", "c.add c.addi c.ld ld"],
  ["ld", "c.add c.addi beq ld sd"],
  ["lw", "lw"],
  ["or", "addw or sd xor"],
  ["sb", "sb"],
  ["c.sd", "c.addi c.sd"],
  ["sd", "c.addi addi ld sd"],
  ["c.slli", "c.add"],
  ["slli", "c.add c.srli srli"],
  ["slliw", "or srliw"],
  ["sltu", "c.sd"],
  ["srliw", "slliw srliw"],
  ["xor", "srliw xor"],
];

/** Numbers the handlers of these instructions and their pairs. Throws an error when they are too many. */
export function handlersOf(instructions: readonly Instruction[]): Handlers {
  const numbers = new Map<string, number>();
  const handlerOf = (kind: string): number => {
    const handler = numbers.get(kind) ?? Handler.firstInstruction + numbers.size;
    numbers.set(kind, handler);
    return handler;
  };
  const kinds = new Set(instructions.map(kindOf));
  const known = (kind: string): string => {
    if (!kinds.has(kind)) throw new Error(`"${kind}" is in pairs, but there is no such instruction`);
    return kind;
  };
  // Numbers are given to what is in pairs before all else, so that the table of pairs is small.
  const both = FOLLOWERS.flatMap(([first, seconds]) =>
    seconds
      .split(" ")
      .map((second) => ({ first: handlerOf(known(first)), second: handlerOf(known(second)) })),
  );
  demand("of instructions in pairs", Handler.firstInstruction + numbers.size, PAIRED_HANDLERS);
  const byInstruction = new Map(instructions.map((entry) => [entry, handlerOf(kindOf(entry))]));
  const end = Handler.firstInstruction + numbers.size;
  demand("in all", end + both.length, Handler.firstRegion);
  return { byInstruction, pairs: both.map((pair, i) => ({ ...pair, handler: end + i })) };
}

/** The name of what is executed alike: that of a compressed instruction is made of what it stands for. */
const kindOf = ({ name, standsFor = name, encoding }: Instruction): string =>
  encoding.length === 2 ? `c.${standsFor}` : standsFor;

function demand(what: string, end: number, limit: number): void {
  if (end > limit)
    throw new Error(`the handlers ${what} take the numbers below ${end}, ${limit} is the limit`);
}
