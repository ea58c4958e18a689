/** What a procedure may store to, as far as facts about the executing hart's state are concerned. */
import type { Cell, Node } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import { walkBlock } from "../../language/reach.ts";
import type { Statement } from "../../language/statement.ts";

type Store = Extract<Statement, { kind: "store" }>;
type CellNode = Extract<Node, { kind: "cell" }>;

/** Bytes of the hart's state that are stored to. */
export interface HartStore {
  readonly offset: number;
  readonly bytes: number;
  /** Bits that may become 1, where nothing else changes; undefined where anything may. */
  readonly sets: bigint | undefined;
}

export interface Effects {
  readonly stores: readonly HartStore[];
  /** It may store to an address that is worked out. */
  readonly anywhere: boolean;
  /** It may reach the board or the engine. */
  readonly outside: boolean;
}

/** Every bit of a cell. */
export const ALL_BITS = (1n << 64n) - 1n;

export const CELL_BYTES: Record<Cell, number> = { u8: 1, u16: 2, u32: 4, i32: 4, i64: 8 };

/** What a store does to the hart's state; undefined where its address is worked out. */
export function hartStore(s: Store): HartStore | undefined {
  if (s.address.kind !== "hart") return undefined;
  return { offset: s.offset, bytes: CELL_BYTES[s.cell], sets: addedTo(s) };
}

/** The bits that are added where what is stored is what was there with some more. */
function addedTo({ cell, offset, value }: Store): bigint | undefined {
  if (value.kind !== "arithmetic" || value.op !== "or") return undefined;
  const before = (n: Node) =>
    n.kind === "cell" && n.cell === cell && n.offset === offset && n.address.kind === "hart";
  const bits = (n: Node) => (n.kind === "constant" ? BigInt.asUintN(64, n.value) : ALL_BITS);
  if (before(value.a)) return bits(value.b);
  return before(value.b) ? bits(value.a) : undefined;
}

const known = new WeakMap<Procedure, Effects>();

/** What a call of a procedure may do. */
export function effectsOf(procedure: Procedure): Effects {
  let effects = known.get(procedure);
  if (effects === undefined) {
    effects = procedure.kind === "inside" ? examine(procedure) : OUTSIDE;
    known.set(procedure, effects);
  }
  return effects;
}

const OUTSIDE: Effects = { stores: [], anywhere: false, outside: true };

function examine(procedure: Procedure): Effects {
  const stores: HartStore[] = [];
  let anywhere = false;
  let outside = false;
  walkBlock(procedure.body(), {
    statement: (s) => {
      if (s.kind === "store") {
        const store = hartStore(s);
        if (store === undefined) anywhere = true;
        else stores.push(store);
      }
      anywhere ||= s.kind === "fill";
    },
    node: (n) => {
      outside ||= n.kind === "call" && n.procedure.kind !== "inside";
    },
  });
  return { stores, anywhere, outside };
}

/** Whether a node is a whole cell of the executing hart's state, as wide as its value. */
export function isHartCell(n: Node): n is CellNode {
  return (
    n.kind === "cell" && n.address.kind === "hart" && (n.type === "i64" ? n.cell === "i64" : n.cell === "i32")
  );
}

/** Whether a store to the hart's state leaves everything as it is. */
export function storesWhatIsThere({ cell, address, offset, value }: Store): boolean {
  if (address.kind !== "hart" || value.kind !== "cell" || value.address.kind !== "hart") return false;
  return value.cell === cell && value.offset === offset;
}
