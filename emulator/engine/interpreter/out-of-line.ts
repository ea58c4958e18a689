/**
 * Instructions that call procedures become functions of their own: in the loop, calls would cost all others the registers
 * that the loop keeps its state in. So do some that execute seldom, so that V8 compiles the loop sooner.
 */
import { state } from "../../hart/layout.ts";
import type { Procedure } from "../../language/procedure.ts";
import { searchFor } from "../../language/reach.ts";
import type { Block } from "../../language/statement.ts";
import { Code } from "../../wasm/code.ts";
import { signExtension } from "../guest-access.ts";
import { Lowering } from "../lower.ts";
import { looksAtClock, synchronises } from "../observes.ts";
import type { ProcedureLinkage } from "../procedures.ts";
import { indexOf } from "../procedures.ts";
import { HartState, slotOperands } from "./operands.ts";
import { SLOT_SHIFT } from "./slot.ts";
import { countBefore, slowRead, slowWrite } from "./slow-path.ts";

/** The slot and the slots left after it. Gives by how many bytes of slots execution goes on, or an `Outcome`. */
export const INSTRUCTION_SIGNATURE = { parameters: ["i32", "i32"], results: ["i32"] } as const;
const SLOT = 0;
const BUDGET = 1;

/** What else may come of an instruction; for the latter two, the hart's pc says where execution goes on. */
export const Outcome = { trapped: 0, jumped: -1, synchronises: -2 } as const;

const calls = searchFor({ node: (n) => n.kind === "call" });
const raises = searchFor({ statement: (s) => s.kind === "raise" });
const accessesMemory = searchFor({ statement: (s) => s.kind === "write", node: (n) => n.kind === "read" });

/** Whether an instruction is to be a function: of what can raise a trap, only loads and stores execute often. */
export const isOutOfLine = (semantics: Block): boolean =>
  calls(semantics) || synchronises(semantics) || (raises(semantics) && !accessesMemory(semantics));

/** The function of an instruction of so many bytes. */
export function instructionFunction(
  linkage: ProcedureLinkage,
  onlyHart: number | undefined,
  semantics: Block,
  length: number,
): Code {
  const code = new Code(INSTRUCTION_SIGNATURE.parameters);
  const hartState = new HartState(code, linkage, onlyHart);
  hartState.begin();
  const operands = slotOperands(code, hartState, SLOT, length);
  const ends = synchronises(semantics);
  const call = (p: Procedure) => code.get(BUDGET).call(indexOf(linkage, p));
  const goOnAt = (push: () => void) => {
    operands.hart();
    push();
    code.store("i64.store", state.pc.offset);
    code.i32(ends ? Outcome.synchronises : Outcome.jumped).return();
  };
  const lowering = new Lowering(linkage, {
    ...operands,
    leaveRaised: () => code.i32(Outcome.trapped).return(),
    leaveReturning: () => {
      throw new Error("an instruction cannot return");
    },
    beforeCall: (p) => {
      if (looksAtClock(p)) call(countBefore.procedure);
    },
    replaceCall: () => false,
    read: (node, lower) => {
      lower.node(node.address);
      code.i32(node.bytes);
      call(slowRead.procedure);
      lower.leaveIfRaised();
      const extension = signExtension(node.bytes);
      if (node.signed && extension !== undefined) code.unary("i64", extension);
    },
    write: (statement, lower) => {
      lower.node(statement.address);
      code.i32(statement.bytes);
      lower.node(statement.value);
      call(slowWrite.procedure);
      lower.leaveIfRaised();
    },
    jumpTo: goOnAt,
    jumpByImmediate: () =>
      goOnAt(() => {
        operands.pc();
        operands.immediate();
        code.arithmetic("i64", "add");
      }),
  });
  lowering.block(semantics);
  if (ends) goOnAt(operands.next);
  else code.i32(length << SLOT_SHIFT);
  return code;
}
