/**
 * Generates the interpreter's module: the loop over decoded slots, a function for every instruction that the loop does not
 * execute itself, and the procedures that these call.
 */
import type { Instruction } from "../../isa/instruction.ts";
import { codeStored } from "../../memory/physical.ts";
import { protectionChanged } from "../../memory/pmp.ts";
import { translationDropped } from "../../memory/tlb.ts";
import { accessAllowed, knownPlace } from "../../memory/virtual.ts";
import { controlChanged } from "../../trap/control.ts";
import type { ValueType } from "../../wasm/code.ts";
import { Code } from "../../wasm/code.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import type { Configuration } from "../engine.ts";
import { indexOf, linkProcedures } from "../procedures.ts";
import { slowPaths } from "../translator/slow-path.ts";
import { forgetCode } from "./decoded-code.ts";
import { ENTER_REGION, ENTER_SIGNATURE, exportName, REGION_SIGNATURE } from "./exports.ts";
import { handlersOf } from "./handlers.ts";
import {
  demandAttention,
  forgetAll,
  forgetTranslation,
  placeRemembered,
  rememberAccess,
} from "./lookaside.ts";
import { type Handled, LOOP_SIGNATURE, Loop } from "./loop.ts";
import { onlyOf } from "./operands.ts";
import { INSTRUCTION_SIGNATURE, instructionFunction, isOutOfLine } from "./out-of-line.ts";
import { MOST_REGIONS } from "./slot.ts";
import { TRACE_SIGNATURE, traceFunction } from "./trace.ts";

/** Host procedures of the interpreter itself, and of the board. */
const IMPORTS: Record<string, { parameters: ValueType[]; results: ValueType[] }> = {
  deviceAt: { parameters: ["i32", "i32"], results: ["i32"] },
  deviceRead: { parameters: ["i32", "i32"], results: ["i32"] },
  deviceWrite: { parameters: ["i32", "i32", "i32"], results: [] },
  storeObserved: { parameters: ["i32", "i32"], results: [] },
  makeDecodedPage: { parameters: ["i32"], results: ["i32"] },
  dropDecodedPage: { parameters: ["i32"], results: [] },
  translatedCodeStored: { parameters: ["i32", "i32"], results: [] },
  decodeWord: { parameters: ["i32", "i32"], results: [] },
};

/**
 * The interpreter's module for a machine of this configuration. Handlers have the numbers that `handlersOf` gives them.
 * `records` is where what is kept of translated regions lies in machine memory.
 */
export function generateInterpreter(
  configuration: Configuration,
  instructions: readonly Instruction[],
  records: number,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory(configuration.memory.buffer.byteLength / 65536);
  const imported = new Map(Object.entries(IMPORTS).map(([n, s]) => [n, module.importFunction(n, s)]));
  const hooks = new Map([
    [accessAllowed.procedure.name, rememberAccess.procedure],
    [knownPlace.procedure.name, placeRemembered.procedure],
    [translationDropped.procedure.name, forgetTranslation.procedure],
    [codeStored.procedure.name, forgetCode.procedure],
    [protectionChanged.procedure.name, forgetAll.procedure],
    [controlChanged.procedure.name, demandAttention.procedure],
  ]);
  const linkage = linkProcedures(module, configuration, { imported, hooks });
  const run = module.declare(LOOP_SIGNATURE);
  const regions = { records, type: module.type(REGION_SIGNATURE) };
  const onlyHart = onlyOf(configuration.harts);
  const handle = ({ name, standsFor = name, semantics, encoding: { length } }: Instruction): Handled => {
    const described = semantics();
    const executed = configuration.rewrite?.(standsFor, described) ?? described;
    if (!isOutOfLine(executed)) return { kind: "in line", length, semantics: executed };
    const index = module.declare(INSTRUCTION_SIGNATURE);
    module.define(index, instructionFunction(linkage, onlyHart, executed, length));
    return { kind: "function", index };
  };
  const { byInstruction, pairs } = handlersOf(instructions);
  const handled = new Map<number, Handled>();
  for (const [instruction, handler] of byInstruction) {
    if (!handled.has(handler)) handled.set(handler, handle(instruction));
  }
  for (const pair of pairs) {
    const [first, second] = [handled.get(pair.first), handled.get(pair.second)];
    if (first?.kind === "in line" && second?.kind === "in line") {
      handled.set(pair.handler, { kind: "pair", first, second, expected: pair.second });
    } else if (first !== undefined) {
      // What was rewritten may be a function now: the first is executed alone.
      handled.set(pair.handler, first);
    }
  }
  module.define(run, new Loop(linkage, regions, onlyHart).generate(handled));
  module.exportFunction("run", run);
  const trace = module.declare(TRACE_SIGNATURE);
  module.define(trace, traceFunction(linkage, run));
  module.exportFunction("trace", trace);
  module.exportTable("regions", MOST_REGIONS);
  module.exportFunction(ENTER_REGION, enterRegion(module, regions.type));
  module.exportGlobal("raised", linkage.raisedGlobal);
  for (const p of slowPaths) linkage.functionOf(p);
  linkage.defineCalled();
  for (const [p, index] of linkage.functions) module.exportFunction(exportName(p.name), index);
  for (const [name, index] of imported) module.exportFunction(exportName(name), index);
  for (const [hook, answer] of hooks) module.exportFunction(exportName(hook), indexOf(linkage, answer));
  return module.finish();
}

/** Goes on in the region whose number is the last parameter. */
function enterRegion(module: ModuleBuilder, type: number): number {
  const code = new Code(ENTER_SIGNATURE.parameters);
  for (let parameter = 0; parameter < ENTER_SIGNATURE.parameters.length; parameter++) code.get(parameter);
  code.tailCallIndirect(type);
  const index = module.declare(ENTER_SIGNATURE);
  module.define(index, code);
  return index;
}
