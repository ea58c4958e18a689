/** The vocabulary as text, to compare specialised blocks with what is expected of them. */
import { state } from "../../../hart/layout.ts";
import type { Node } from "../../../language/expression.ts";
import type { Block, Statement } from "../../../language/statement.ts";

const fields = new Map<number, string>(Object.entries(state).map(([name, { offset }]) => [offset, name]));

/** Lines, a statement on each; variables are numbered in the order in which they first occur. */
export function textOf(block: Block): string[] {
  const variables = new Map<number, number>();
  const local = (id: number): string => {
    const number = variables.get(id) ?? variables.size;
    variables.set(id, number);
    return `v${number}`;
  };

  const node = (n: Node): string => {
    switch (n.kind) {
      case "constant":
        return n.value > -4096n && n.value < 4096n
          ? `${n.value}`
          : `0x${BigInt.asUintN(n.type === "i32" ? 32 : 64, n.value).toString(16)}`;
      case "setting":
        return `setting.${n.name}`;
      case "arithmetic":
      case "comparison":
        return `${n.op}(${node(n.a)}, ${node(n.b)})`;
      case "unary":
      case "convert":
        return `${n.op}(${node(n.a)})`;
      case "select":
        return `select(${node(n.condition)}, ${node(n.taken)}, ${node(n.otherwise)})`;
      case "local":
        return local(n.id);
      case "call":
        return `${n.procedure.name}(${n.arguments.map(node).join(", ")})`;
      case "cell":
        return cell(n.cell, n.address, n.offset);
      case "x":
      case "f":
        return `${n.kind}.${n.operand}`;
      case "read":
        return `read${n.bytes}${n.signed ? "s" : ""}(${node(n.address)})`;
      default:
        return n.kind;
    }
  };
  const cell = (kind: string, address: Node, offset: number): string =>
    address.kind === "hart"
      ? (fields.get(offset) ?? `hart + ${offset}`)
      : `${kind}[${node(address)} + ${offset}]`;

  const lines = (b: Block): string[] => b.flatMap(statement);
  const inner = (b: Block): string[] => lines(b).map((line) => `  ${line}`);
  const statement = (s: Statement): string[] => {
    switch (s.kind) {
      case "set":
        return [`${local(s.id)} = ${node(s.value)}`];
      case "evaluate":
        return [node(s.value)];
      case "if":
        return [
          `if ${node(s.condition)}`,
          ...inner(s.taken),
          ...(s.otherwise.length > 0 ? ["else", ...inner(s.otherwise)] : []),
        ];
      case "while":
        return [`while ${node(s.condition)}`, ...inner(s.body)];
      case "match":
        return [
          `match ${node(s.value)}`,
          ...[...s.cases].flatMap(([number, b]) => [`case ${number}`, ...inner(b)]),
          "else",
          ...inner(s.otherwise),
        ];
      case "return":
        return [s.value === undefined ? "return" : `return ${node(s.value)}`];
      case "store":
        return [`${cell(s.cell, s.address, s.offset)} = ${node(s.value)}`];
      case "fill":
        return [`fill(${node(s.address)}, ${s.byte}, ${node(s.bytes)})`];
      case "write-x":
      case "write-f":
        return [`${s.kind === "write-x" ? "x" : "f"}.${s.operand} = ${node(s.value)}`];
      case "write":
        return [`write${s.bytes}(${node(s.address)}, ${node(s.value)})`];
      case "raise":
        return [`raise(${node(s.cause)}, ${node(s.value)})`];
      case "jump-to":
        return [`jump(${node(s.target)})`];
      case "jump-by-immediate":
      case "synchronise":
        return [s.kind];
    }
  };
  return lines(block);
}
