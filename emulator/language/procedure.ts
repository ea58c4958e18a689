/**
 * Procedures: named blocks with parameters, shared by instructions and by each other. Two special kinds reach outside:
 * a `host` procedure is answered by the board (devices), a `hook` tells an engine of an event or asks it, and does nothing
 * where the engine has nothing to do.
 */
import type { Node, Type } from "./expression.ts";
import { I32, I64 } from "./expression.ts";
import { searchFor } from "./reach.ts";
import type { Block } from "./statement.ts";
import { block, evaluate, freshLocal, Local32, Local64, returns } from "./statement.ts";

export interface Procedure {
  readonly name: string;
  readonly kind: "inside" | "host" | "hook";
  readonly parameters: readonly { readonly id: number; readonly type: Type }[];
  readonly result: Type | undefined;
  /** Described at first use, so that procedures may be declared in any order. */
  readonly body: () => Block;
  /** True when a call may end in a trap instead of a result. */
  readonly raises: () => boolean;
}

type Parameters = Record<string, Type>;
type Variable<T extends Type> = T extends "i32" ? Local32 : Local64;
type Variables<P extends Parameters> = { readonly [K in keyof P]: Variable<P[K]> };
type Argument<T extends Type> = T extends "i32" ? I32 | number : I64 | number | bigint;
type Arguments<P extends Parameters> = { readonly [K in keyof P]: Argument<P[K]> };
// biome-ignore lint/suspicious/noConfusingVoidType: the result of a description that gives nothing back.
type Result<R extends Type | "none"> = R extends "i32" ? I32 : R extends "i64" ? I64 : void;

/** A callable procedure; arguments are passed by name. */
export interface Callable<P extends Parameters, R extends Type | "none"> {
  (args: Arguments<P>): Result<R>;
  readonly procedure: Procedure;
}

function declare<P extends Parameters, R extends Type | "none">(
  kind: Procedure["kind"],
  name: string,
  parameters: P,
  result: R,
  describe: (variables: Variables<P>) => Result<R>,
): Callable<P, R> {
  const names = Object.keys(parameters);
  const list = names.map((n) => ({ id: freshLocal(), type: parameters[n] ?? "i64" }));
  const variables = Object.fromEntries(
    list.map((p, i) => [names[i], p.type === "i32" ? new Local32(p.id) : new Local64(p.id)]),
  ) as Variables<P>;
  let described: Block | undefined;
  let raises: boolean | undefined;
  const procedure: Procedure = {
    name,
    kind,
    parameters: list,
    result: result === "none" ? undefined : (result as Type),
    body: () => {
      described ??= block(() => {
        const value: unknown = describe(variables);
        if (value instanceof I32 || value instanceof I64) returns(value);
      });
      return described;
    },
    raises: () => {
      raises ??= kind === "inside" && mayRaise(procedure.body());
      return raises;
    },
  };
  const call = (args: Arguments<P>) => {
    const nodes = names.map((n, i) => {
      const given = args[n as keyof P] as I32 | I64 | number | bigint;
      if (given instanceof I32 || given instanceof I64) return given.node;
      return list[i]?.type === "i32" ? I32.of(Number(given)).node : I64.of(given).node;
    });
    const type = procedure.result ?? "i32";
    const node: Node = { kind: "call", type, procedure, arguments: nodes };
    if (result === "none") evaluate({ node });
    return (result === "none" ? undefined : type === "i32" ? new I32(node) : new I64(node)) as Result<R>;
  };
  return Object.assign(call, { procedure });
}

/** Declares a procedure. What `describe` gives back is its result; `returns` leaves it earlier. */
export function procedure<P extends Parameters, R extends Type | "none">(
  name: string,
  parameters: P,
  result: R,
  describe: (variables: Variables<P>) => Result<R>,
): Callable<P, R> {
  return declare("inside", name, parameters, result, describe);
}

/** Declares a procedure that the board answers. */
export function hostProcedure<P extends Parameters, R extends Type | "none">(
  name: string,
  parameters: P,
  result: R,
) {
  return declare("host", name, parameters, result, () => undefined as Result<R>);
}

/** Declares an event that an engine may want to know of, or with a result a question: where no engine answers it, 0. */
export function hook<P extends Parameters>(name: string, parameters: P): Callable<P, "none">;
export function hook<P extends Parameters, R extends Type>(
  name: string,
  parameters: P,
  result: R,
): Callable<P, R>;
export function hook<P extends Parameters>(name: string, parameters: P, result: Type | "none" = "none") {
  return declare("hook", name, parameters, result, () => undefined as Result<typeof result>);
}

/** Whether executing the block may end in a trap. */
const mayRaise = searchFor({
  statement: (s) => s.kind === "raise" || s.kind === "write",
  node: (n) => n.kind === "read",
});
