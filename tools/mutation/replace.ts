/** Copies of a description in which one node or one statement is another. */
import type { Node } from "../../emulator/language/expression.ts";
import type { Block, Statement } from "../../emulator/language/statement.ts";

/** What stands in the place of what: an expression that is used twice is one node, and replaced in both places. */
export interface Replacement {
  node(node: Node): Node;
  /** Undefined: the statement is left out. */
  statement(statement: Statement): Statement | undefined;
}

/** The block with every node and statement replaced; the insides of what is replaced by something else are not visited. */
export function replaceIn(block: Block, replacement: Replacement): Block {
  return block.flatMap((s) => {
    const replaced = replacement.statement(s);
    if (replaced === undefined) return [];
    return [replaced === s ? insideStatement(s, replacement) : replaced];
  });
}

function replaceNode(node: Node, replacement: Replacement): Node {
  const replaced = replacement.node(node);
  return replaced === node ? insideNode(node, replacement) : replaced;
}

function insideStatement(s: Statement, replacement: Replacement): Statement {
  const node = (n: Node) => replaceNode(n, replacement);
  const block = (b: Block) => replaceIn(b, replacement);
  switch (s.kind) {
    case "set":
    case "evaluate":
    case "write-x":
    case "write-f":
      return { ...s, value: node(s.value) };
    case "if":
      return {
        ...s,
        condition: node(s.condition),
        taken: block(s.taken),
        otherwise: block(s.otherwise),
      };
    case "while":
      return { ...s, condition: node(s.condition), body: block(s.body) };
    case "match": {
      const cases = new Map([...s.cases].map(([number, b]) => [number, block(b)]));
      return { ...s, value: node(s.value), cases, otherwise: block(s.otherwise) };
    }
    case "return":
      return { ...s, value: s.value && node(s.value) };
    case "store":
    case "write":
      return { ...s, address: node(s.address), value: node(s.value) };
    case "fill":
      return { ...s, address: node(s.address), bytes: node(s.bytes) };
    case "raise":
      return { ...s, cause: node(s.cause), value: node(s.value) };
    case "jump-to":
      return { ...s, target: node(s.target) };
    case "jump-by-immediate":
    case "synchronise":
      return s;
  }
}

function insideNode(n: Node, replacement: Replacement): Node {
  const node = (child: Node) => replaceNode(child, replacement);
  switch (n.kind) {
    case "arithmetic":
    case "comparison":
      return { ...n, a: node(n.a), b: node(n.b) };
    case "unary":
    case "convert":
      return { ...n, a: node(n.a) };
    case "select":
      return {
        ...n,
        condition: node(n.condition),
        taken: node(n.taken),
        otherwise: node(n.otherwise),
      };
    case "call":
      return { ...n, arguments: n.arguments.map(node) };
    case "cell":
    case "read":
      return { ...n, address: node(n.address) };
    default:
      return n;
  }
}
