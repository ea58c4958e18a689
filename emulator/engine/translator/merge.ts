/** Puts values where they are used: a variable that is set once, just before it is read once, is not needed. */
import type { Node } from "../../language/expression.ts";
import { evaluated, someNode, walkNode, walkStatements } from "../../language/parts.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { isStable, rebuilt } from "./fold.ts";

export function mergeVariables(block: Block): Block {
  const sets = new Map<number, number>();
  const reads = new Map<number, number>();
  const count = (counts: Map<number, number>, id: number) => counts.set(id, (counts.get(id) ?? 0) + 1);
  walkStatements(block, (s) => {
    if (s.kind === "set") count(sets, s.id);
    for (const n of evaluated(s)) {
      walkNode(n, (m) => {
        if (m.kind === "local") count(reads, m.id);
      });
    }
  });
  return merge(block, (id) => sets.get(id) === 1 && reads.get(id) === 1);
}

function merge(block: Block, passing: (variable: number) => boolean): Block {
  const merged: Statement[] = [];
  for (const s of block) {
    let statement = mergeWithin(s, passing);
    for (;;) {
      const last = merged.at(-1);
      if (last?.kind !== "set" || !passing(last.id)) break;
      const united = unite(statement, last.id, last.value);
      if (united === undefined) break;
      merged.pop();
      statement = united;
    }
    merged.push(statement);
  }
  return merged;
}

function mergeWithin(s: Statement, passing: (variable: number) => boolean): Statement {
  switch (s.kind) {
    case "if":
      return { ...s, taken: merge(s.taken, passing), otherwise: merge(s.otherwise, passing) };
    case "while":
      return { ...s, body: merge(s.body, passing) };
    case "match":
      return {
        ...s,
        cases: new Map([...s.cases].map(([number, body]) => [number, merge(body, passing)])),
        otherwise: merge(s.otherwise, passing),
      };
    default:
      return s;
  }
}

/** The statement with a value in the place of a variable, where it evaluates that, at the same time as before. */
function unite(s: Statement, id: number, value: Node): Statement | undefined {
  const reads = (n: Node) => n.kind === "local" && n.id === id;
  if (!evaluated(s).some((n) => someNode(n, reads))) return undefined;
  const place = new Place(id, value);
  const nodes = evaluated(s).map((n) => place.fill(n));
  return place.filled ? withEvaluated(s, nodes) : undefined;
}

/** Where in a statement a variable is read. */
class Place {
  readonly #id: number;
  readonly #value: Node;
  /** Whether it does not matter when the value is computed, and whether nothing so far depends on that. */
  readonly #stable: boolean;
  #free = true;
  filled = false;

  constructor(id: number, value: Node) {
    this.#id = id;
    this.#value = value;
    this.#stable = isStable(value);
  }

  fill(n: Node): Node {
    if (this.filled) return n;
    if (n.kind === "local" && n.id === this.#id) {
      this.filled = this.#stable || this.#free;
      return this.filled ? this.#value : n;
    }
    const made = rebuilt(n, (part) => this.fill(part));
    if (this.filled) return made;
    this.#free &&= n.kind !== "cell" && n.kind !== "call" && n.kind !== "read";
    return n;
  }
}

function withEvaluated(s: Statement, [first, second]: readonly Node[]): Statement | undefined {
  if (first === undefined) return undefined;
  switch (s.kind) {
    case "if":
      return { ...s, condition: first };
    case "jump-to":
      return { ...s, target: first };
    case "set":
    case "evaluate":
    case "match":
    case "return":
    case "write-x":
    case "write-f":
      return { ...s, value: first };
  }
  if (second === undefined) return undefined;
  switch (s.kind) {
    case "store":
    case "write":
      return { ...s, address: first, value: second };
    case "raise":
      return { ...s, cause: first, value: second };
    default:
      return undefined;
  }
}
