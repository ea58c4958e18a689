/** Atomic operations: they find their place in memory first, and then use it (isa/a.ts). */
import type { Procedure } from "../../language/procedure.ts";
import { walkWithin } from "../../language/reach.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { Access } from "../../memory/access.ts";
import { checkWritable, readPhysical, writePhysical } from "../../memory/physical.ts";
import { placeAtomic } from "../../memory/virtual.ts";
import type { CallNode } from "../lower.ts";
import { constantOf } from "./fold.ts";

export interface Atomic {
  /** The variable that holds the place's physical address. */
  readonly variable: number;
  readonly bytes: 4 | 8;
  /** Whether it may write there. */
  readonly writes: boolean;
}

/** Undefined for what is no such operation, or calls more than what uses the place. */
export function atomicOf(body: Block): Atomic | undefined {
  const [first] = body;
  if (first?.kind !== "set") return undefined;
  const { value } = first;
  if (value.kind !== "call" || value.procedure !== placeAtomic.procedure) return undefined;
  if (body.some((s) => s !== first && sets(s, first.id))) return undefined;
  const [, width, access] = value.arguments;
  const bytes = Number(constantOf(width));
  if (bytes !== 4 && bytes !== 8) return undefined;
  const atomic: Atomic = { variable: first.id, bytes, writes: constantOf(access) !== BigInt(Access.read) };
  return callsIn(body).every((call) => call === value || usesPlace(atomic, call)) ? atomic : undefined;
}

const sets = (s: Statement, variable: number): boolean => s.kind === "set" && s.id === variable;

function callsIn(body: Block): CallNode[] {
  const calls: CallNode[] = [];
  walkWithin(body, {
    node: (n) => {
      if (n.kind === "call") calls.push(n);
    },
  });
  return calls;
}

const USES: ReadonlySet<Procedure> = new Set(
  [checkWritable, readPhysical, writePhysical].map((p) => p.procedure),
);

/** Whether a call accesses all of the place, and nothing else. */
function usesPlace(
  { variable, bytes }: Atomic,
  { procedure, arguments: [address, width] }: CallNode,
): boolean {
  const isThere = address?.kind === "local" && address.id === variable;
  return USES.has(procedure) && isThere && constantOf(width) === BigInt(bytes);
}
