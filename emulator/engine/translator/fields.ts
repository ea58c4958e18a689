/**
 * The fields of an instruction that each word brings anew: its immediate, and the encoding itself. Where they are no more
 * than data, a description is specialised once for all words, and the fields are put in afterwards.
 */
import type { Decoded } from "../../isa/decode.ts";
import type { Node } from "../../language/expression.ts";
import { evaluated, someNode, walkStatements } from "../../language/parts.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { isLeaf } from "./facts.ts";
import { constant, rebuilt } from "./fold.ts";
import type { Form } from "./form.ts";

/** How fields occur in a block: as operands of arithmetic, or so that they may decide what executes. */
export type FieldUse = "none" | "data" | "decisive";

type Fields = Pick<Decoded, "immediate" | "word">;

const isField = ({ kind }: Node): boolean => kind === "immediate" || kind === "encoding";
const mentions = (n: Node): boolean => someNode(n, isField);
const passesOn = (n: Node): boolean => n.kind === "call" && mentions(n);

/** How fields occur in a block. */
export function fieldUse(block: Block): FieldUse {
  let use: FieldUse = "none";
  walkStatements(block, (s) => {
    if (use === "decisive" || !evaluated(s).some(mentions)) return;
    use = isControl(s) || evaluated(s).some((n) => someNode(n, passesOn)) ? "decisive" : "data";
  });
  return use;
}

const isControl = ({ kind }: Statement): boolean => kind === "if" || kind === "while" || kind === "match";

/** A form in which fields are data, with those of a word in it; undefined where that makes it another one. */
export function withFields(form: Form, fields: Fields): Form | undefined {
  const filler = new Filler(fields);
  const body = filler.block(form.body);
  const { ending } = form;
  const filled = ending.kind === "indirect" ? { ...ending, target: filler.node(ending.target) } : ending;
  return filler.changed ? undefined : { ...form, body, ending: filled };
}

class Filler {
  readonly #fields: Fields;
  /** Whether more follows from the fields than what is in their place. */
  changed = false;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  block(block: Block): Block {
    return block.map((s) => this.#statement(s));
  }

  #statement(s: Statement): Statement {
    switch (s.kind) {
      case "set": {
        const value = this.node(s.value);
        // What can be used in the variable's place.
        this.changed ||= value !== s.value && isLeaf(value);
        return { ...s, value };
      }
      case "evaluate":
      case "write-x":
      case "write-f":
        return { ...s, value: this.node(s.value) };
      case "store":
      case "write":
        return { ...s, address: this.node(s.address), value: this.node(s.value) };
      case "raise":
        return { ...s, cause: this.node(s.cause), value: this.node(s.value) };
      case "jump-to":
        return { ...s, target: this.node(s.target) };
      case "if":
        return { ...s, taken: this.block(s.taken), otherwise: this.block(s.otherwise) };
      case "while":
        return { ...s, body: this.block(s.body) };
      case "match": {
        const cases = [...s.cases].map(([number, body]) => [number, this.block(body)] as const);
        return { ...s, cases: new Map(cases), otherwise: this.block(s.otherwise) };
      }
      default:
        return s;
    }
  }

  node(n: Node): Node {
    switch (n.kind) {
      case "immediate":
        return constant("i64", BigInt(this.#fields.immediate));
      case "encoding":
        return constant("i32", BigInt(this.#fields.word));
      case "arithmetic":
      case "comparison":
      case "unary":
      case "convert":
      case "select":
      case "cell":
      case "read":
        if (!mentions(n)) return n;
        return this.#rebuilt(n);
      default:
        return n;
    }
  }

  #rebuilt(n: Node): Node {
    const made = rebuilt(n, (part) => this.node(part));
    // An operand that may be a register was found not to matter.
    this.changed ||= made.kind === "constant" || n.kind === "select";
    return made;
  }
}
