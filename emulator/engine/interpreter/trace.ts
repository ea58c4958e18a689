/** Traces: execution instruction by instruction, with a record of each in machine memory. */
import { state } from "../../hart/layout.ts";
import { cell32, select32, u32 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { local, returns, storeCell, when } from "../../language/statement.ts";
import { Code, type ValueType } from "../../wasm/code.ts";
import type { Linkage } from "../lower.ts";
import { indexOf } from "../procedures.ts";
import { leftOften, memoryIsFlat, rememberedCode } from "./lookaside.ts";
import { RunResult } from "./loop.ts";
import { PageRecord } from "./slot.ts";

/** Bytes of a record. */
export const STEP_BYTES = 24;
/**
 * What stands where in it: pc (8 bytes), where in machine memory the code is (0: it is not remembered), its word (0: where
 * its second half is, is not), and whether memory is flat.
 */
export const StepRecord = { pc: 0, cell: 8, word: 12, flat: 16 } as const;

/** Where in machine memory the code at an address lies, as far as it is remembered; 0 otherwise. */
export const codeCell = procedure("codeCell", { pc: "i64" }, "i32", ({ pc }) => {
  const page = local(rememberedCode({ pc }));
  when(page.isZero(), () => returns(u32(0)));
  return cell32("i32", page, PageRecord.source).add(pc.toI32().and(0xfff));
});

/** Writes down what has just been executed at pc: it was fetched, so its page is remembered unless it had that forgotten. */
const record = procedure("record", { pc: "i64", at: "i32" }, "none", ({ pc, at }) => {
  const cell = local(codeCell({ pc }));
  const word = local(cell32("u16", cell));
  when(word.and(3).eq(3), () => {
    const second = local(cell.add(2));
    when(pc.toI32().and(0xfff).eq(0xffe), () => second.set(codeCell({ pc: pc.add(2) })));
    word.set(select32(second, word.or(cell32("u16", second).shl(16)), 0));
  });
  storeCell("i64", at, pc, StepRecord.pc);
  storeCell("i32", at, cell, StepRecord.cell);
  storeCell("i32", at, word, StepRecord.word);
  storeCell("i32", at, memoryIsFlat.get(), StepRecord.flat);
});

/**
 * Hart, steps to make, whether the first executes even if there is a breakpoint at it, and where records go. Gives how
 * many there are of them, and what the last step ended with (`RunResult`): only one that went on has a record.
 */
export const TRACE_SIGNATURE: { readonly parameters: ValueType[]; readonly results: ValueType[] } = {
  parameters: ["i32", "i32", "i32", "i32"],
  results: ["i32", "i32"],
};
const HART = 0;
const STEPS = 1;
const PAST = 2;
const AT = 3;

/** The function that traces by means of the loop, whose function is given. */
export function traceFunction(linkage: Linkage, run: number): Code {
  const code = new Code(TRACE_SIGNATURE.parameters);
  const pc = code.local("i64");
  const made = code.local("i32");
  const result = code.local("i32");
  code.i32(RunResult.slots).set(result);
  code.block((done) => {
    code.loop((again) => {
      code.get(made).get(STEPS).compare("i32", "ge_u").branchIf(done);
      code.get(HART).load("i64.load", state.pc.offset).set(pc);
      code.get(HART).i32(1).get(PAST).call(run).set(result);
      // Where regions were left often is for nobody to look at.
      code.get(HART).i32(0).store("i32.store", leftOften.offset);
      code.get(result).i32(RunResult.slots).compare("i32", "ne").branchIf(done);
      code.get(pc).get(AT).call(indexOf(linkage, record.procedure));
      code.i32(0).set(PAST);
      code.get(AT).i32(STEP_BYTES).arithmetic("i32", "add").set(AT);
      code.get(made).i32(1).arithmetic("i32", "add").set(made);
      code.branch(again);
    });
  });
  return code.get(made).get(result);
}
