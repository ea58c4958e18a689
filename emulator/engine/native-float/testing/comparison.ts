/** Executes procedures as described and natively, side by side, on many arguments at a time. */
import { NO_SETTINGS } from "../../../float/testing/executor.ts";
import { state, TLB_OFFSET } from "../../../hart/layout.ts";
import type { Procedure } from "../../../language/procedure.ts";
import { Code } from "../../../wasm/code.ts";
import { ModuleBuilder } from "../../../wasm/module.ts";
import type { Rewrite } from "../../engine.ts";
import type { ProcedureLinkage } from "../../procedures.ts";
import { linkProcedures } from "../../procedures.ts";
import { hostFuses } from "../host-fusing.ts";
import { nativeFloat } from "../native-float.ts";

export interface Comparison {
  /** How many cases fit. */
  readonly room: number;
  /** Where cases are: fcsr and then the values, eight bytes each. */
  readonly cases: DataView;
  readonly caseBytes: number;
  /** Executes the first `count` cases; the first one in which result, fcsr or mstatus differ, or -1. */
  compare(count: number): number;
  /** In how many of these cases the usual native path calls the procedure after all. */
  countSlow(count: number): number;
}

const PAGES = 64;
const PAGE_BYTES = 65536;
/** The hart's state is at 0. */
const CASES = Math.ceil(TLB_OFFSET / PAGE_BYTES) * PAGE_BYTES;

/**
 * The procedure, as described (with a fault, where one is given) by the one linkage and natively by the other; and its
 * usual path among other code.
 */
export function compareNatively(procedure: Procedure, rewrite: Rewrite = (_, body) => body): Comparison {
  const module = new ModuleBuilder();
  module.importMemory(PAGES);
  const suppliers = { imported: new Map<string, number>(), hooks: new Map<string, Procedure>() };
  const described = linkProcedures(module, { settings: NO_SETTINGS, rewrite }, suppliers);
  const native = linkProcedures(module, { settings: NO_SETTINGS }, suppliers);
  const caseBytes = 8 * (1 + procedure.parameters.length);

  const compare = eachCase(procedure, caseBytes, (code, { index, result, load }) => {
    code.i32(-1).set(result);
    const [expected, flags, status] = [code.local("i64"), code.local("i64"), code.local("i64")];
    const execute = (linkage: ProcedureLinkage) => {
      code.i32(0).i64(0).store("i64.store", state.mstatus.offset);
      load();
      call(code, linkage, procedure);
    };
    execute(described);
    code.set(expected);
    code.i32(0).load("i64.load", state.fcsr.offset).set(flags);
    code.i32(0).load("i64.load", state.mstatus.offset).set(status);
    execute(native);
    code.get(expected).compare("i64", "ne");
    code.i32(0).load("i64.load", state.fcsr.offset).get(flags).compare("i64", "ne").arithmetic("i32", "or");
    code.i32(0).load("i64.load", state.mstatus.offset).get(status).compare("i64", "ne");
    code.arithmetic("i32", "or").if(() => code.get(index).return());
  });
  module.exportFunction("compare", define(module, compare));

  const countSlow = eachCase(procedure, caseBytes, (code, { operands, result }) => {
    nativeFloat(procedure, hostFuses())?.usual({
      code,
      operands: operands.map((local) => ({ local })),
      fcsr: () => code.i32(0).load("i32.load", state.fcsr.offset),
      slow: () => {
        code.get(result).i32(1).arithmetic("i32", "add").set(result);
        if (procedure.result === "i32") code.i32(0);
        else code.i64(0);
      },
    });
    code.drop();
  });
  module.exportFunction("countSlow", define(module, countSlow));

  described.defineCalled();
  native.defineCalled();
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
    memory: { memory },
  });
  const execute = exports as unknown as Pick<Comparison, "compare" | "countSlow">;
  return {
    room: Math.floor((PAGES * PAGE_BYTES - CASES) / caseBytes),
    cases: new DataView(memory.buffer, CASES),
    caseBytes,
    compare: execute.compare,
    countSlow: execute.countSlow,
  };
}

function define(module: ModuleBuilder, code: Code): number {
  const index = module.declare({ parameters: ["i32"], results: ["i32"] });
  module.define(index, code);
  return index;
}

function call(code: Code, linkage: ProcedureLinkage, procedure: Procedure): void {
  const index = linkage.functionOf(procedure);
  if (index === undefined) throw new Error(`there is no "${procedure.name}"`);
  code.call(index);
  if (procedure.result === "i32") code.convert("extend_u");
}

interface CaseCode {
  readonly index: number;
  /** What the function gives in the end, at first 0. */
  readonly result: number;
  /** The arguments' locals. */
  readonly operands: readonly number[];
  /** Sets fcsr and pushes the arguments. */
  load(): void;
}

/** A function of a number of cases, which does the same with each. */
function eachCase(
  procedure: Procedure,
  caseBytes: number,
  body: (code: Code, current: CaseCode) => void,
): Code {
  const code = new Code(["i32"]);
  const [index, result] = [code.local("i32"), code.local("i32")];
  const operands = procedure.parameters.map(({ type }) => code.local(type));
  const at = (offset: number) => {
    code
      .get(index)
      .i32(caseBytes)
      .arithmetic("i32", "mul")
      .load("i64.load", CASES + offset);
  };
  const prepare = () => {
    code.i32(0);
    at(0);
    code.store("i64.store", state.fcsr.offset);
    procedure.parameters.forEach(({ type }, i) => {
      at(8 * (i + 1));
      if (type === "i32") code.convert("wrap");
      code.set(operands[i] ?? 0);
    });
  };
  code.block((leave) =>
    code.loop((again) => {
      code.get(index).get(0).compare("i32", "ge_u").branchIf(leave);
      prepare();
      body(code, {
        index,
        result,
        operands,
        load: () => {
          prepare();
          for (const local of operands) code.get(local);
        },
      });
      code.get(index).i32(1).arithmetic("i32", "add").set(index);
      code.branch(again);
    }),
  );
  return code.get(result);
}
