/** The pieces of the description that can be mutated: what instructions do, and the procedures that they call. */
import { instructions } from "../../emulator/isa/table.ts";
import type { RegisterOperand } from "../../emulator/language/expression.ts";
import { walkBlock } from "../../emulator/language/reach.ts";
import type { Block } from "../../emulator/language/statement.ts";
import { fetch } from "../../emulator/memory/virtual.ts";
import { interruptToTake } from "../../emulator/trap/interrupt.ts";
import { takeInterrupt, takeTrap } from "../../emulator/trap/trap.ts";

export interface Piece {
  readonly kind: "instruction" | "procedure";
  readonly name: string;
  readonly body: Block;
  /** The registers that an instruction's encoding names. */
  readonly operands: ReadonlySet<RegisterOperand>;
}

/** Every piece, in the order of the table; compressed instructions share the body of what they stand for. */
export function allPieces(): readonly Piece[] {
  const own = instructions
    .filter(({ standsFor }) => standsFor === undefined)
    .map(
      ({ name, encoding, semantics }): Piece => ({
        kind: "instruction",
        name,
        body: semantics(),
        operands: new Set(encoding.registers.flatMap(({ operands }) => operands)),
      }),
    );
  return [...own, ...proceduresOf(own)];
}

/** What engines call between instructions. */
const betweenInstructions = [fetch, interruptToTake, takeInterrupt, takeTrap];

function proceduresOf(pieces: readonly Piece[]): Piece[] {
  const found = new Set(betweenInstructions.map(({ procedure }) => procedure));
  const bodies = [...pieces.map(({ body }) => body), ...Array.from(found, ({ body }) => body())];
  for (const body of bodies) {
    walkBlock(body, {
      node: (n) => {
        if (n.kind === "call" && n.procedure.kind === "inside") found.add(n.procedure);
      },
    });
  }
  return Array.from(found, ({ name, body }) => ({
    kind: "procedure",
    name,
    body: body(),
    operands: new Set(),
  }));
}
