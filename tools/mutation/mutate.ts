/** Single-point mutations of a description: what a slip of the hand would have made of it. */
import type {
  Arithmetic,
  Comparison,
  Node,
  RegisterOperand,
  Unary,
} from "../../emulator/language/expression.ts";
import type { Block, Statement } from "../../emulator/language/statement.ts";
import { replaceIn } from "./replace.ts";

export interface Mutant {
  /** What is different, in few words: "lt_s for lt_u". */
  readonly slip: string;
  readonly block: Block;
}

const ARITHMETIC: Readonly<Record<Arithmetic, Arithmetic>> = {
  add: "sub",
  sub: "add",
  mul: "add",
  div_s: "div_u",
  div_u: "div_s",
  rem_s: "rem_u",
  rem_u: "rem_s",
  and: "or",
  or: "and",
  xor: "or",
  shl: "shr_u",
  shr_s: "shr_u",
  shr_u: "shr_s",
  rotl: "rotr",
  rotr: "rotl",
};
const COMPARISONS: Readonly<Record<Comparison, readonly Comparison[]>> = {
  eq: ["ne"],
  ne: ["eq"],
  lt_s: ["lt_u", "le_s"],
  lt_u: ["lt_s", "le_u"],
  gt_s: ["gt_u", "ge_s"],
  gt_u: ["gt_s", "ge_u"],
  le_s: ["le_u", "lt_s"],
  le_u: ["le_s", "lt_u"],
  ge_s: ["ge_u", "gt_s"],
  ge_u: ["ge_s", "gt_u"],
};
const UNARY: Readonly<Record<Unary, Unary | undefined>> = {
  clz: "ctz",
  ctz: "clz",
  popcnt: "clz",
  extend8_s: "extend16_s",
  extend16_s: "extend8_s",
  extend32_s: undefined,
};

/** All mutants of a block, always in the same order. `operands` are the registers that the instruction reads. */
export function* mutantsOf(block: Block, operands: ReadonlySet<RegisterOperand>): Generator<Mutant> {
  const { nodes, statements } = placesOf(block);
  for (const target of nodes) {
    for (const [slip, other] of slipsOfNode(target, operands)) {
      const node = (n: Node) => (n === target ? other : n);
      yield { slip, block: replaceIn(block, { node, statement: (s) => s }) };
    }
  }
  for (const target of statements) {
    for (const [slip, other] of slipsOfStatement(target)) {
      const statement = (s: Statement) => (s === target ? other : s);
      yield { slip, block: replaceIn(block, { node: (n) => n, statement }) };
    }
  }
}

function placesOf(block: Block) {
  const nodes = new Set<Node>();
  const statements = new Set<Statement>();
  replaceIn(block, {
    node: (n) => {
      nodes.add(n);
      return n;
    },
    statement: (s) => {
      statements.add(s);
      return s;
    },
  });
  return { nodes, statements };
}

type Slip<T> = readonly [slip: string, other: T];

function slipsOfNode(n: Node, operands: ReadonlySet<RegisterOperand>): Slip<Node>[] {
  switch (n.kind) {
    case "constant":
      return [[`${n.value + 1n} for ${n.value}`, { ...n, value: n.value + 1n }]];
    case "arithmetic": {
      const op = ARITHMETIC[n.op];
      return [[`${op} for ${n.op}`, { ...n, op }]];
    }
    case "comparison":
      return COMPARISONS[n.op].map((op) => [`${op} for ${n.op}`, { ...n, op }]);
    case "unary": {
      const op = UNARY[n.op];
      return op === undefined ? [[`no ${n.op}`, n.a]] : [[`${op} for ${n.op}`, { ...n, op }]];
    }
    case "convert": {
      if (n.op === "wrap") return [];
      const op = n.op === "extend_s" ? "extend_u" : "extend_s";
      return [[`${op} for ${n.op}`, { ...n, op }]];
    }
    case "select":
      return [["select: arms swapped", { ...n, taken: n.otherwise, otherwise: n.taken }]];
    case "x":
    case "f": {
      const operand = n.operand === "rs1" ? "rs2" : "rs1";
      return operands.has(operand) ? [[`${operand} for ${n.operand}`, { ...n, operand }]] : [];
    }
    case "read":
      return n.bytes === 8 ? [] : [["read: sign or zero", { ...n, signed: !n.signed }]];
    case "next":
      return [["pc for next", { kind: "pc", type: "i64" }]];
    default:
      return [];
  }
}

function slipsOfStatement(s: Statement): Slip<Statement | undefined>[] {
  // A value that is never set is no slip of a hand: the variable would not be there.
  const dropped: Slip<undefined>[] = s.kind === "set" ? [] : [[`no ${s.kind}`, undefined]];
  if (s.kind !== "if") return dropped;
  return [...dropped, ["if: arms swapped", { ...s, taken: s.otherwise, otherwise: s.taken }]];
}
