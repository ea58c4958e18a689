/** What an instruction does, written out for people: the table's own description, nothing added. */
import { state } from "../../emulator/hart/layout.ts";
import type { Decoded } from "../../emulator/isa/decode.ts";
import { floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Arithmetic, Comparison, Node, RegisterOperand } from "../../emulator/language/expression.ts";
import type { Block, Statement } from "../../emulator/language/statement.ts";

const operators: Readonly<Record<Arithmetic | Comparison, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div_s: "/",
  div_u: "/u",
  rem_s: "%",
  rem_u: "%u",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shr_s: ">>",
  shr_u: ">>u",
  rotl: "rotl",
  rotr: "rotr",
  eq: "==",
  ne: "!=",
  lt_s: "<",
  lt_u: "<u",
  gt_s: ">",
  gt_u: ">u",
  le_s: "<=",
  le_u: "<=u",
  ge_s: ">=",
  ge_u: ">=u",
};

const fieldNames = new Map(Object.entries(state).map(([name, { offset }]) => [offset, name]));
const largestDecimal = 4096n;

/** How the operands of an instruction are called: by their part in it, or, in one that was decoded, by what they are. */
interface OperandNames {
  readonly x: (operand: RegisterOperand) => string;
  readonly f: (operand: RegisterOperand) => string;
  readonly immediate: string;
}

const byPart: OperandNames = { x: (operand) => operand, f: (operand) => `f${operand}`, immediate: "imm" };

const byValue = (decoded: Decoded): OperandNames => ({
  x: (operand) => integerRegisterNames[decoded[operand]] ?? "",
  f: (operand) => floatRegisterNames[decoded[operand]] ?? "",
  immediate: describeConstant(BigInt(decoded.immediate)),
});

/**
 * One line for each statement, indented by two spaces within others. `u` after an operator says unsigned; `hart.…` is a
 * field of the hart's state, `machine[…]` any other place in machine memory, `memory[…]` the guest's. With `decoded`,
 * operands are those of this instruction.
 */
export function describeSemantics(block: Block, decoded?: Decoded): string[] {
  return new Writer(decoded).block(block);
}

/** An expression of the vocabulary, in the words of `describeSemantics`. */
export function describeNode(node: Node, decoded?: Decoded): string {
  return new Writer(decoded).expression(node);
}

class Writer {
  readonly #operands: OperandNames;
  /** Variables are numbered over the whole program; here, from 0. */
  readonly #locals = new Map<number, string>();

  constructor(decoded: Decoded | undefined) {
    this.#operands = decoded === undefined ? byPart : byValue(decoded);
  }

  expression(node: Node): string {
    return this.#outer(node);
  }

  block(block: Block): string[] {
    return block.flatMap((statement) => this.#statement(statement));
  }

  #indented(block: Block): string[] {
    return this.block(block).map((line) => `  ${line}`);
  }

  #statement(statement: Statement): string[] {
    switch (statement.kind) {
      case "set":
        return [`${this.#local(statement.id)} = ${this.#outer(statement.value)}`];
      case "evaluate":
        return [this.#outer(statement.value)];
      case "if": {
        const otherwise =
          statement.otherwise.length > 0 ? ["else", ...this.#indented(statement.otherwise)] : [];
        return [`if ${this.#outer(statement.condition)}`, ...this.#indented(statement.taken), ...otherwise];
      }
      case "while":
        return [`while ${this.#outer(statement.condition)}`, ...this.#indented(statement.body)];
      case "match":
        return [
          `match ${this.#outer(statement.value)}`,
          ...[...statement.cases].flatMap(([number, body]) => [
            `  ${number}:`,
            ...this.#indented(body).map(indent),
          ]),
          "  else:",
          ...this.#indented(statement.otherwise).map(indent),
        ];
      case "return":
        return [statement.value === undefined ? "return" : `return ${this.#outer(statement.value)}`];
      case "store":
        return [`${this.#place(statement.address, statement.offset)} = ${this.#outer(statement.value)}`];
      case "fill":
        return [
          `machine[${this.#outer(statement.address)}, ${this.#outer(statement.bytes)} bytes] = ${statement.byte}`,
        ];
      case "write-x":
        return [`${this.#operands.x(statement.operand)} = ${this.#outer(statement.value)}`];
      case "write-f":
        return [`${this.#operands.f(statement.operand)} = ${this.#outer(statement.value)}`];
      case "write":
        return [
          `memory[${this.#outer(statement.address)}, ${statement.bytes} bytes] = ${this.#outer(statement.value)}`,
        ];
      case "raise":
        return [`raise cause ${this.#outer(statement.cause)}, tval ${this.#outer(statement.value)}`];
      case "jump-to":
        return [`jump to ${this.#outer(statement.target)}`];
      case "jump-by-immediate":
        return [`jump to pc + ${this.#operands.immediate}`];
      case "synchronise":
        return ["synchronise"];
    }
  }

  /** An expression on its own, without parentheses around it. */
  #outer(node: Node): string {
    return this.#node(node).replace(/^\((.*)\)$/, (whole, inner: string) =>
      isBalanced(inner) ? inner : whole,
    );
  }

  #node(node: Node): string {
    switch (node.kind) {
      case "constant":
        return describeConstant(node.value);
      case "setting":
        return node.name;
      case "arithmetic":
      case "comparison":
        return `(${this.#node(node.a)} ${operators[node.op]} ${this.#node(node.b)})`;
      case "unary":
        return `${node.op}(${this.#outer(node.a)})`;
      case "convert":
        return node.op === "wrap" ? `low32(${this.#outer(node.a)})` : `${node.op}32(${this.#outer(node.a)})`;
      case "select":
        return `(${this.#node(node.condition)} ? ${this.#node(node.taken)} : ${this.#node(node.otherwise)})`;
      case "local":
        return this.#local(node.id);
      case "call":
        return `${node.procedure.name}(${node.arguments.map((argument) => this.#outer(argument)).join(", ")})`;
      case "cell":
        return this.#place(node.address, node.offset);
      case "x":
      case "f":
        return this.#operands[node.kind](node.operand);
      case "immediate":
        return this.#operands.immediate;
      case "read":
        return `memory[${this.#outer(node.address)}, ${node.bytes} bytes${node.signed ? ", signed" : ""}]`;
      case "hart":
      case "encoding":
      case "pc":
      case "next":
        return node.kind;
    }
  }

  #place(address: Node, offset: number): string {
    const name = address.kind === "hart" ? fieldNames.get(offset) : undefined;
    if (name !== undefined) return `hart.${name}`;
    return `machine[${this.#outer(address)}${offset === 0 ? "" : ` + ${offset}`}]`;
  }

  #local(id: number): string {
    const name = this.#locals.get(id) ?? `v${this.#locals.size}`;
    this.#locals.set(id, name);
    return name;
  }
}

function indent(line: string): string {
  return `  ${line}`;
}

function describeConstant(value: bigint): string {
  const decimal = value > -largestDecimal && value < largestDecimal;
  return decimal ? String(value) : `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/** True when every parenthesis that is closed was opened before. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    else if (character === ")" && --depth < 0) return false;
  }
  return depth === 0;
}
