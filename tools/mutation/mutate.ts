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
  // Not shr_s: mostly a field is cut out of the result, and then there is no difference.
  shr_u: "shl",
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
    case "constant": {
      // Of a mask or a pattern the lowest bit often means nothing, so all bits move.
      const value = n.value >= 0n && n.value < 256n ? n.value + 1n : n.value >> 1n;
      return value === n.value ? [] : [[`${value} for ${n.value}`, { ...n, value }]];
    }
    case "arithmetic": {
      // By nothing, either way is as far.
      if ((n.op === "shl" || n.op === "shr_u") && isZero(n.b)) return [];
      const op = ARITHMETIC[n.op];
      return [[`${op} for ${n.op}`, { ...n, op }]];
    }
    case "comparison":
      return COMPARISONS[n.op]
        .filter((op) => !(isSmall(n.a) && sameBut(op, n.op)))
        .map((op) => [`${op} for ${n.op}`, { ...n, op }]);
    case "unary": {
      const op = UNARY[n.op];
      return op === undefined ? [[`no ${n.op}`, n.a]] : [[`${op} for ${n.op}`, { ...n, op }]];
    }
    case "convert": {
      if (n.op === "wrap" || isSmall(n.a)) return [];
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

/** Never negative, so that signed and unsigned make no difference: a mode, a condition, most encodings. */
const isSmall = (n: Node): boolean =>
  n.type === "i32" && (n.kind === "cell" || n.kind === "comparison" || n.kind === "encoding" || isField(n));

/** Cut out by a mask below 2^31. */
const isField = (n: Node): boolean =>
  n.kind === "convert"
    ? n.op === "wrap" && isField(n.a)
    : n.kind === "arithmetic" && n.op === "and" && n.b.kind === "constant" && n.b.value >> 31n === 0n;

const isZero = (n: Node): boolean => n.kind === "constant" && n.value === 0n;

/** Whether two comparisons differ in what they take for the sign only. */
const sameBut = (a: Comparison, b: Comparison): boolean => a.slice(0, 2) === b.slice(0, 2);

function slipsOfStatement(s: Statement): Slip<Statement | undefined>[] {
  // A variable that is never set is no slip of a hand; and where an engine looks at everything before each
  // instruction, as the one that judges does, it need not be told to.
  const kept = s.kind === "set" || s.kind === "synchronise";
  const dropped: Slip<undefined>[] = kept ? [] : [[`no ${s.kind}`, undefined]];
  if (s.kind !== "if") return dropped;
  return [...dropped, ["if: arms swapped", { ...s, taken: s.otherwise, otherwise: s.taken }]];
}
