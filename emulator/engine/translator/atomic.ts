/** Atomic operations: they find their place in memory first, and then use it (isa/a.ts). */
import type { Node } from "../../language/expression.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { Access } from "../../memory/access.ts";
import { placeAtomic } from "../../memory/virtual.ts";
import { constantOf } from "./fold.ts";

export interface Atomic {
  /** The variable that holds the place's physical address. */
  readonly variable: number;
  readonly bytes: 4 | 8;
  /** Whether it may write there. */
  readonly writes: boolean;
}

/** Undefined for what is no such operation. */
export function atomicOf(body: Block): Atomic | undefined {
  const [first] = body;
  if (first?.kind !== "set") return undefined;
  const { value } = first;
  if (value.kind !== "call" || value.procedure !== placeAtomic.procedure) return undefined;
  if (body.some((s) => s !== first && sets(s, first.id))) return undefined;
  const [, width, access] = value.arguments;
  const bytes = Number(constantOf(width));
  if (bytes !== 4 && bytes !== 8) return undefined;
  return { variable: first.id, bytes, writes: constantOf(access) !== BigInt(Access.read) };
}

const sets = (s: Statement, variable: number): boolean => s.kind === "set" && s.id === variable;

/** Whether what is given a physical address, and for how many bytes, is given that place. */
export function isAtPlace({ variable, bytes }: Atomic, given: readonly Node[]): boolean {
  const [address, width] = given;
  return address?.kind === "local" && address.id === variable && constantOf(width) === BigInt(bytes);
}
