/** Lowers procedures to WebAssembly functions, each when it is first called. */
import { state } from "../hart/layout.ts";
import type { Procedure } from "../language/procedure.ts";
import type { Block } from "../language/statement.ts";
import { Code } from "../wasm/code.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import type { Configuration, Rewrite } from "./engine.ts";
import type { Linkage, Site } from "./lower.ts";
import { Lowering } from "./lower.ts";
import { hostFuses } from "./native-float/host-fusing.ts";
import { nativeFloat } from "./native-float/native-float.ts";

export interface ProcedureLinkage extends Linkage {
  readonly hartGlobal: number;
  /** The procedures that were called so far, and their functions. */
  readonly functions: ReadonlyMap<Procedure, number>;
  /** Emits the functions that were called but not yet defined, and those that they call in turn. */
  defineCalled(): void;
}

/** What an engine supplies besides the description. */
export interface Suppliers {
  /** Function index of each imported host procedure, by name. */
  readonly imported: ReadonlyMap<string, number>;
  /** The procedures that answer hooks, by the hook's name. */
  readonly hooks: ReadonlyMap<string, Procedure>;
}

/** Prepares a module for lowered procedures; imports must have been declared. */
export function linkProcedures(
  module: ModuleBuilder,
  { settings, rewrite }: Pick<Configuration, "settings" | "rewrite">,
  { imported, hooks }: Suppliers,
): ProcedureLinkage {
  const hartGlobal = module.global("i32");
  const raisedGlobal = module.global("i32");
  const indices = new Map<Procedure, number>();
  const waiting: Procedure[] = [];

  const functionOf = (procedure: Procedure): number | undefined => {
    if (procedure.kind === "host") {
      const index = imported.get(procedure.name);
      if (index === undefined) throw new Error(`host procedure "${procedure.name}" is not imported`);
      return index;
    }
    if (procedure.kind === "hook") {
      const answer = hooks.get(procedure.name);
      return answer === undefined ? undefined : functionOf(answer);
    }
    let index = indices.get(procedure);
    if (index === undefined) {
      index = module.declare({
        parameters: procedure.parameters.map((p) => p.type),
        results: procedure.result === undefined ? [] : [procedure.result],
      });
      indices.set(procedure, index);
      waiting.push(procedure);
    }
    return index;
  };

  const linkage: ProcedureLinkage = {
    settings,
    functionOf,
    hartGlobal,
    raisedGlobal,
    functions: indices,
    defineCalled: () => {
      for (let p = waiting.pop(); p !== undefined; p = waiting.pop()) {
        const index = functionOf(p);
        if (index !== undefined) module.define(index, lowerProcedure(p, linkage, rewrite));
      }
    },
  };
  return linkage;
}

function lowerProcedure(procedure: Procedure, linkage: ProcedureLinkage, rewrite: Rewrite | undefined): Code {
  const code = new Code(procedure.parameters.map((p) => p.type));
  const hart = code.local("i32");
  code.getGlobal(linkage.hartGlobal).set(hart);
  const lowering = new Lowering(linkage, procedureSite(code, hart, procedure));
  procedure.parameters.forEach((p, i) => {
    lowering.bind(p.id, i);
  });
  // Behind the host's own arithmetic a seeded fault would hide.
  if (rewrite === undefined) tryNatively(procedure, code, hart);
  const described: Block = procedure.body();
  const body = rewrite?.(procedure.name, described) ?? described;
  lowering.block(body);
  // A body that returns on every path leaves nothing for its end.
  if (procedure.result !== undefined) code.unreachable();
  return code;
}

/** The function of a procedure that has one. */
export function indexOf(linkage: Linkage, procedure: Procedure): number {
  const index = linkage.functionOf(procedure);
  if (index === undefined) throw new Error(`procedure "${procedure.name}" has no function`);
  return index;
}

/** Emits a procedure's body in another function, where locals hold its parameters and get its result. */
export function inlineProcedure(
  procedure: Procedure,
  linkage: Linkage,
  code: Code,
  hart: number,
  { parameters, result }: { readonly parameters: readonly number[]; readonly result: number },
): void {
  code.block((end) => {
    const leaveReturning = () => code.set(result).branch(end);
    const lowering = new Lowering(linkage, { ...procedureSite(code, hart, procedure), leaveReturning });
    procedure.parameters.forEach((p, i) => {
      lowering.bind(p.id, parameters[i] ?? 0);
    });
    lowering.block(procedure.body());
  });
}

/** Emits what leaves the procedure with its result where the host's instructions can compute it. */
function tryNatively(procedure: Procedure, code: Code, hart: number): void {
  const native = nativeFloat(procedure, hostFuses());
  if (native === undefined) return;
  code.block((asDescribed) => {
    const surroundings = {
      code,
      operands: procedure.parameters.map((_, local) => ({ local })),
      fcsr: () => code.get(hart).load("i32.load", state.fcsr.offset),
    };
    const describe = () => code.branch(asDescribed);
    const { usual, exact } = native;
    usual({
      ...surroundings,
      slow: exact === undefined ? describe : () => exact({ ...surroundings, slow: describe }),
    });
    code.return();
  });
}

function procedureSite(code: Code, hart: number, procedure: Procedure): Site {
  const misplaced = (): never => {
    throw new Error(`procedure "${procedure.name}" uses what only instructions have`);
  };
  return {
    code,
    hart: () => code.get(hart),
    leaveRaised: () => {
      if (procedure.result === "i32") code.i32(0);
      if (procedure.result === "i64") code.i64(0);
      code.return();
    },
    leaveReturning: () => code.return(),
    beforeCall: () => {},
    replaceCall: () => false,
    x: misplaced,
    f: misplaced,
    writeX: misplaced,
    writeF: misplaced,
    immediate: misplaced,
    encoding: misplaced,
    pc: misplaced,
    next: misplaced,
    read: misplaced,
    write: misplaced,
    jumpTo: misplaced,
    jumpByImmediate: misplaced,
  };
}
