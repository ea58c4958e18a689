/**
 * Builds nodes of the vocabulary, worked out as far as their operands are known. Constants are kept signed, as
 * expression.ts makes them, and on the right; a division that would trap is left as it is.
 */
import type { Arithmetic, Comparison, Node, Type, Unary } from "../../language/expression.ts";
import { someNode } from "../../language/parts.ts";

type Constant = Extract<Node, { kind: "constant" }>;

const widthOf = (type: Type): number => (type === "i32" ? 32 : 64);
export const lowWord = 0xffff_ffffn;

/** The constant of a type that is equal to `value` modulo its width. */
export function constant(type: Type, value: bigint): Constant {
  return { kind: "constant", type, value: BigInt.asIntN(widthOf(type), value) };
}

export const constantOf = (n: Node | undefined): bigint | undefined =>
  n?.kind === "constant" ? n.value : undefined;

/** Whether computing a node does nothing but give its value: it calls nothing and accesses no guest memory. */
export const isPure = (n: Node): boolean => !someNode(n, hasEffects);
const hasEffects = ({ kind }: Node): boolean => kind === "call" || kind === "read";

/** Whether a node is pure, and nothing that a procedure does can change its value. */
export const isStable = (n: Node): boolean => !someNode(n, changes);
const changes = (n: Node): boolean => n.kind === "cell" || hasEffects(n);

/** Whether two nodes are written alike, so that at one point of execution, if pure, they have one value. */
export function alike(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.type !== b.type) return false;
  switch (a.kind) {
    case "constant":
      return b.kind === "constant" && a.value === b.value;
    case "setting":
      return b.kind === "setting" && a.name === b.name;
    case "arithmetic":
    case "comparison":
      return b.kind === a.kind && a.op === b.op && alike(a.a, b.a) && alike(a.b, b.b);
    case "unary":
    case "convert":
      return b.kind === a.kind && a.op === b.op && alike(a.a, b.a);
    case "select":
      return (
        b.kind === "select" &&
        alike(a.condition, b.condition) &&
        alike(a.taken, b.taken) &&
        alike(a.otherwise, b.otherwise)
      );
    case "local":
      return b.kind === "local" && a.id === b.id;
    case "call":
      return (
        b.kind === "call" &&
        a.procedure === b.procedure &&
        a.arguments.every((argument, i) => {
          const other = b.arguments[i];
          return other !== undefined && alike(argument, other);
        })
      );
    case "cell":
      return b.kind === "cell" && a.cell === b.cell && a.offset === b.offset && alike(a.address, b.address);
    case "x":
    case "f":
      return b.kind === a.kind && a.operand === b.operand;
    case "read":
      return b.kind === "read" && a.bytes === b.bytes && a.signed === b.signed && alike(a.address, b.address);
    default:
      return a.kind === b.kind;
  }
}

const COMMUTATIVE: ReadonlySet<Arithmetic> = new Set(["add", "mul", "and", "or", "xor"]);

export function arithmetic(type: Type, op: Arithmetic, a: Node, b: Node): Node {
  if (a.kind === "constant") {
    if (b.kind === "constant") {
      const value = compute(type, op, a.value, b.value);
      if (value !== undefined) return constant(type, value);
    } else if (COMMUTATIVE.has(op)) {
      return withConstant(type, op, b, a);
    }
  } else if (b.kind === "constant") {
    return withConstant(type, op, a, b);
  }
  const changed = op === "or" ? partlyChanged(a, b) : undefined;
  return changed ?? { kind: "arithmetic", type, op, a, b };
}

/**
 * Of bits that a value has under a mask, and under the opposite mask with some of them inverted: the value with these
 * inverted.
 */
function partlyChanged(a: Node, b: Node): Node | undefined {
  if (a.kind !== "arithmetic" || a.op !== "and" || a.b.kind !== "constant" || !isPure(a.a)) return undefined;
  if (b.kind !== "arithmetic" || b.op !== "and" || b.b.kind !== "constant") return undefined;
  if (a.b.value !== ~b.b.value) return undefined;
  if (alike(a.a, b.a)) return a.a;
  const { a: inverted } = b;
  if (inverted.kind !== "arithmetic" || inverted.op !== "xor" || inverted.b.kind !== "constant")
    return undefined;
  if (!alike(a.a, inverted.a)) return undefined;
  return withConstant(a.type, "xor", a.a, constant(a.type, inverted.b.value & b.b.value));
}

/** `a op b` where only b is known. */
function withConstant(type: Type, op: Arithmetic, a: Node, b: Constant): Node {
  const c = b.value;
  switch (op) {
    case "sub":
      return withConstant(type, "add", a, constant(type, -c));
    case "add":
      if (c === 0n) return a;
      break;
    case "mul":
      if (c === 1n) return a;
      if (c === 0n && isPure(a)) return b;
      break;
    case "and": {
      if (c === -1n) return a;
      if (c === 0n && isPure(a)) return b;
      if (c === lowWord && a.kind === "convert" && a.op === "extend_u") return a;
      if (c === 1n && isTruth(a)) return a;
      const masked = lookedAt(a, c);
      if (masked !== a) return withConstant(type, op, masked, b);
      break;
    }
    case "or":
      if (c === 0n) return a;
      if (c === -1n && isPure(a)) return b;
      break;
    case "xor":
      if (c === 0n) return a;
      break;
    case "shl":
    case "shr_s":
    case "shr_u":
    case "rotl":
    case "rotr":
      if (BigInt.asUintN(type === "i32" ? 5 : 6, c) === 0n) return a;
      break;
    case "div_s":
    case "div_u":
      if (c === 1n) return a;
      break;
    case "rem_s":
    case "rem_u":
      if (c === 1n && isPure(a)) return constant(type, 0n);
      break;
  }
  // (x op c1) op c2 is x op (c1 op c2) for these.
  if (COMMUTATIVE.has(op) && a.kind === "arithmetic" && a.op === op && a.b.kind === "constant") {
    const united = compute(type, op, a.b.value, c);
    if (united !== undefined) return withConstant(type, op, a.a, constant(type, united));
  }
  return { kind: "arithmetic", type, op, a, b };
}

/** What has the same bits as a value where `mask` has ones, and may be simpler. */
function lookedAt(n: Node, mask: bigint): Node {
  if (n.kind !== "arithmetic" || n.b.kind !== "constant") return n;
  const c = n.b.value;
  switch (n.op) {
    case "and":
      return (c & mask) === mask ? lookedAt(n.a, mask) : n;
    case "or":
    case "xor":
      return (c & mask) === 0n ? lookedAt(n.a, mask) : n;
    case "shr_u": {
      const width = widthOf(n.type);
      const count = BigInt.asUintN(n.type === "i32" ? 5 : 6, c);
      const a = lookedAt(n.a, BigInt.asIntN(width, BigInt.asUintN(width, mask) << count));
      return a === n.a ? n : { ...n, a };
    }
    default:
      return n;
  }
}

/** Whether a value is 0 or 1. */
const isTruth = (n: Node): boolean =>
  n.kind === "comparison" || (n.kind === "convert" && n.op !== "extend_s" && isTruth(n.a));

/** The mathematical result modulo the width, or undefined where WebAssembly would trap. */
function compute(type: Type, op: Arithmetic, a: bigint, b: bigint): bigint | undefined {
  const width = widthOf(type);
  const unsigned = (value: bigint) => BigInt.asUintN(width, value);
  const count = BigInt.asUintN(type === "i32" ? 5 : 6, b);
  const rotateLeft = (by: bigint) => (unsigned(a) << by) | (unsigned(a) >> (BigInt(width) - by));
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div_s":
      return b === 0n || (b === -1n && a === -(1n << BigInt(width - 1))) ? undefined : a / b;
    case "div_u":
      return b === 0n ? undefined : unsigned(a) / unsigned(b);
    case "rem_s":
      return b === 0n ? undefined : a % b;
    case "rem_u":
      return b === 0n ? undefined : unsigned(a) % unsigned(b);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << count;
    case "shr_s":
      return a >> count;
    case "shr_u":
      return unsigned(a) >> count;
    case "rotl":
      return rotateLeft(count);
    case "rotr":
      return rotateLeft(BigInt(width) - count);
  }
}

const OPPOSITE: Record<Comparison, Comparison> = {
  eq: "ne",
  ne: "eq",
  lt_s: "ge_s",
  lt_u: "ge_u",
  gt_s: "le_s",
  gt_u: "le_u",
  le_s: "gt_s",
  le_u: "gt_u",
  ge_s: "lt_s",
  ge_u: "lt_u",
};
const MIRRORED: Record<Comparison, Comparison> = {
  eq: "eq",
  ne: "ne",
  lt_s: "gt_s",
  lt_u: "gt_u",
  gt_s: "lt_s",
  gt_u: "lt_u",
  le_s: "ge_s",
  le_u: "ge_u",
  ge_s: "le_s",
  ge_u: "le_u",
};

export function comparison(op: Comparison, a: Node, b: Node): Node {
  if (a.kind === "constant") {
    if (b.kind === "constant") return truth(compare(op, a, b));
    return comparison(MIRRORED[op], b, a);
  }
  if (b.kind === "constant") {
    const c = b.value;
    if (c === 0n) {
      if (op === "eq" && a.kind === "comparison") return negation(a);
      if (op === "ne" && a.kind === "comparison") return a;
      if ((op === "lt_u" || op === "ge_u") && isPure(a)) return truth(op === "ge_u");
      if (op === "gt_u") return comparison("ne", a, b);
      if (op === "le_u") return comparison("eq", a, b);
    }
    if (c === 1n && op === "lt_u") return comparison("eq", a, constant(a.type, 0n));
    if (c === 1n && op === "ge_u") return comparison("ne", a, constant(a.type, 0n));
    if (op === "eq" || op === "ne") return equality(op, a, b);
  }
  return { kind: "comparison", type: "i32", op, a, b };
}

/** A comparison of bits under a mask is made where the bits stand. */
function equality(op: "eq" | "ne", a: Node, b: Constant): Node {
  const c = b.value;
  if (a.kind === "convert" && a.op === "extend_u") {
    if (c >= 0n && c <= lowWord) return comparison(op, a.a, constant("i32", c));
    if (isPure(a)) return truth(op === "ne");
  }
  if (a.kind === "convert" && a.op === "wrap" && c >= 0n && isMasked(a.a, lowWord >> 1n))
    return comparison(op, a.a, constant("i64", c));
  if (a.kind === "arithmetic" && a.op === "and" && a.a.kind === "arithmetic" && a.a.op === "shr_u") {
    const { a: shifted, b: mask } = a;
    const count = shifted.b;
    const width = BigInt(widthOf(a.type));
    if (mask.kind === "constant" && count.kind === "constant" && count.value >= 0n && count.value < width) {
      const placed = mask.value << count.value;
      if (mask.value > 0n && placed >> width === 0n && (c & ~mask.value) === 0n) {
        const bits = arithmetic(a.type, "and", shifted.a, constant(a.type, placed));
        return comparison(op, bits, constant(a.type, c << count.value));
      }
    }
  }
  return { kind: "comparison", type: "i32", op, a, b };
}

/** Whether a value has ones only where `mask` has. */
const isMasked = (n: Node, mask: bigint): boolean =>
  n.kind === "arithmetic" && n.op === "and" && n.b.kind === "constant" && (n.b.value & ~mask) === 0n;

const truth = (holds: boolean): Node => constant("i32", holds ? 1n : 0n);

function compare(op: Comparison, left: Constant, right: Constant): boolean {
  const signed = op === "eq" || op === "ne" || op.endsWith("_s");
  const width = widthOf(left.type);
  const a = signed ? left.value : BigInt.asUintN(width, left.value);
  const b = signed ? right.value : BigInt.asUintN(width, right.value);
  switch (op) {
    case "eq":
      return a === b;
    case "ne":
      return a !== b;
    case "lt_s":
    case "lt_u":
      return a < b;
    case "gt_s":
    case "gt_u":
      return a > b;
    case "le_s":
    case "le_u":
      return a <= b;
    case "ge_s":
    case "ge_u":
      return a >= b;
  }
}

/** A condition that holds where `condition` does not. */
export function negation(condition: Node): Node {
  if (condition.kind === "comparison") return { ...condition, op: OPPOSITE[condition.op] };
  return comparison("eq", condition, constant(condition.type, 0n));
}

/** Whether the upper half of a 64-bit value, and the bit below it, are alike already. */
function isWord(n: Node): boolean {
  if (n.kind === "unary") return n.op === "extend32_s";
  if (isMasked(n, lowWord >> 1n)) return true;
  if (n.kind !== "arithmetic" || n.b.kind !== "constant") return false;
  const count = BigInt.asUintN(6, n.b.value);
  if (n.op === "shr_s") return count >= 32n || isWord(n.a);
  return n.op === "shr_u" && (count > 32n || (count > 0n && isMasked(n.a, lowWord)));
}

export function unary(type: Type, op: Unary, a: Node): Node {
  if (a.kind === "constant") return constant(type, computeUnary(type, op, a.value));
  if (op === "extend32_s") {
    if (type === "i32") return a;
    if (isWord(a)) return a;
    if (a.kind === "convert") return convert("extend_s", a.a);
    return { kind: "unary", type, op, a: lookedAt(a, lowWord) };
  }
  return { kind: "unary", type, op, a };
}

function computeUnary(type: Type, op: Unary, value: bigint): bigint {
  const width = widthOf(type);
  const bits = BigInt.asUintN(width, value);
  switch (op) {
    case "clz":
      return BigInt(width - (bits === 0n ? 0 : bits.toString(2).length));
    case "ctz":
      return bits === 0n ? BigInt(width) : BigInt((bits & -bits).toString(2).length - 1);
    case "popcnt":
      return BigInt(bits.toString(2).replaceAll("0", "").length);
    case "extend8_s":
      return BigInt.asIntN(8, value);
    case "extend16_s":
      return BigInt.asIntN(16, value);
    case "extend32_s":
      return BigInt.asIntN(32, value);
  }
}

export function convert(op: "wrap" | "extend_u" | "extend_s", a: Node): Node {
  const type = op === "wrap" ? "i32" : "i64";
  if (a.kind === "constant") return constant(type, op === "extend_u" ? BigInt.asUintN(32, a.value) : a.value);
  if (op === "wrap") {
    if (a.kind === "convert") return a.a;
    if (a.kind === "unary" && a.op === "extend32_s") return convert("wrap", a.a);
    return { kind: "convert", type, op, a: lookedAt(a, lowWord) };
  }
  return { kind: "convert", type, op, a };
}

export function select(condition: Node, taken: Node, otherwise: Node): Node {
  if (condition.kind === "constant") {
    const [chosen, other] = condition.value === 0n ? [otherwise, taken] : [taken, otherwise];
    if (isPure(other)) return chosen;
  }
  if (isPure(condition) && isPure(taken) && alike(taken, otherwise)) return taken;
  return { kind: "select", type: taken.type, condition, taken, otherwise };
}

/** A node with its parts replaced, in the order in which they are evaluated, and worked out anew. */
export function rebuilt(n: Node, replace: (part: Node) => Node): Node {
  switch (n.kind) {
    case "arithmetic": {
      const a = replace(n.a);
      return arithmetic(n.type, n.op, a, replace(n.b));
    }
    case "comparison": {
      const a = replace(n.a);
      return comparison(n.op, a, replace(n.b));
    }
    case "unary":
      return unary(n.type, n.op, replace(n.a));
    case "convert":
      return convert(n.op, replace(n.a));
    case "select": {
      const taken = replace(n.taken);
      const otherwise = replace(n.otherwise);
      return select(replace(n.condition), taken, otherwise);
    }
    case "cell":
    case "read":
      return { ...n, address: replace(n.address) };
    case "call":
      return { ...n, arguments: n.arguments.map(replace) };
    default:
      return n;
  }
}
