/**
 * Evaluates the vocabulary in JavaScript: every procedure and every instruction becomes a function that computes, node by
 * node, exactly what the description says, with 32-bit values as signed numbers and 64-bit values as unsigned bigints.
 * One node is one JavaScript expression; nothing is cached, reordered or left out.
 */
import { F_OFFSET, state, X_OFFSET, X_SINK } from "../../hart/layout.ts";
import type { Arithmetic, Cell, Comparison, Node, Type, Unary } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block, Statement } from "../../language/statement.ts";
import type { Configuration, Host, Rewrite } from "../engine.ts";

/** The decoded instruction that semantics refer to. */
export interface Operands {
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
  readonly immediate: number;
  readonly word: number;
}

/** Thrown to end an instruction; cause and value are in the hart's state. One object, for stack traces are slow. */
export const RAISED = new Error("raised a trap");

/** What the functions work on while an instruction executes. */
export interface Context {
  /** Machine memory, by bytes and by aligned 64-bit cells. */
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly longs: BigUint64Array;
  hart: number;
  operands: Operands;
  pc: bigint;
  /** Address of the next instruction in memory. */
  next: bigint;
  /** Where execution continues. */
  target: bigint;
}

/** A context in which a hart has executed nothing yet; `memory` is a whole number of 64-bit cells. */
export function contextOf(memory: ArrayBufferLike, hart: number): Context {
  return {
    view: new DataView(memory),
    bytes: new Uint8Array(memory),
    longs: new BigUint64Array(memory),
    hart,
    operands: { rd: 0, rs1: 0, rs2: 0, rs3: 0, immediate: 0, word: 0 },
    pc: 0n,
    next: 0n,
    target: 0n,
  };
}

type Value = number | bigint;
/** What a description has become: a function of the context and of its parameters. */
export type Evaluated = (context: Context, ...values: Value[]) => Value | undefined;

const signed = (v: string) => `BigInt.asIntN(64, ${v})`;
/** Also where it changes nothing: V8 computes in registers what is cut to 64 bits, and allocates what is not. */
const unsigned = (v: string) => `BigInt.asUintN(64, ${v})`;
const count64 = (b: string) => (/^\d+n$/.test(b) ? `${BigInt(b.slice(0, -1)) & 63n}n` : `(${b} & 63n)`);

type Form = (a: string, b: string) => string;

const ARITHMETIC_32: Record<Arithmetic, Form> = {
  add: (a, b) => `(${a} + ${b} | 0)`,
  sub: (a, b) => `(${a} - ${b} | 0)`,
  mul: (a, b) => `Math.imul(${a}, ${b})`,
  div_s: (a, b) => `(${a} / ${b} | 0)`,
  div_u: (a, b) => `((${a} >>> 0) / (${b} >>> 0) | 0)`,
  rem_s: (a, b) => `(${a} % ${b} | 0)`,
  rem_u: (a, b) => `((${a} >>> 0) % (${b} >>> 0) | 0)`,
  and: (a, b) => `(${a} & ${b})`,
  or: (a, b) => `(${a} | ${b})`,
  xor: (a, b) => `(${a} ^ ${b})`,
  shl: (a, b) => `(${a} << ${b})`,
  shr_s: (a, b) => `(${a} >> ${b})`,
  shr_u: (a, b) => `(${a} >>> ${b} | 0)`,
  rotl: (a, b) => `bits.rotateLeft32(${a}, ${b})`,
  rotr: (a, b) => `bits.rotateLeft32(${a}, -(${b}))`,
};

const ARITHMETIC_64: Record<Arithmetic, Form> = {
  add: (a, b) => unsigned(`${a} + ${b}`),
  sub: (a, b) => unsigned(`${a} - ${b}`),
  mul: (a, b) => unsigned(`${a} * ${b}`),
  div_s: (a, b) => unsigned(`${signed(a)} / ${signed(b)}`),
  div_u: (a, b) => `(${a} / ${b})`,
  rem_s: (a, b) => unsigned(`${signed(a)} % ${signed(b)}`),
  rem_u: (a, b) => `(${a} % ${b})`,
  and: (a, b) => unsigned(`${a} & ${b}`),
  or: (a, b) => unsigned(`${a} | ${b}`),
  xor: (a, b) => unsigned(`${a} ^ ${b}`),
  shl: (a, b) => unsigned(`${a} << ${count64(b)}`),
  shr_s: (a, b) => unsigned(`${signed(a)} >> ${count64(b)}`),
  shr_u: (a, b) => unsigned(`${a} >> ${count64(b)}`),
  rotl: (a, b) => `bits.rotateLeft64(${a}, ${b})`,
  rotr: (a, b) => `bits.rotateLeft64(${a}, -(${b}))`,
};

const COMPARISON: Record<Comparison, { readonly sign: "s" | "u"; readonly op: string }> = {
  eq: { sign: "u", op: "===" },
  ne: { sign: "u", op: "!==" },
  lt_s: { sign: "s", op: "<" },
  lt_u: { sign: "u", op: "<" },
  gt_s: { sign: "s", op: ">" },
  gt_u: { sign: "u", op: ">" },
  le_s: { sign: "s", op: "<=" },
  le_u: { sign: "u", op: "<=" },
  ge_s: { sign: "s", op: ">=" },
  ge_u: { sign: "u", op: ">=" },
};

const UNARY_32: Record<Unary, (a: string) => string> = {
  clz: (a) => `Math.clz32(${a})`,
  ctz: (a) => `bits.trailingZeros32(${a})`,
  popcnt: (a) => `bits.ones32(${a})`,
  extend8_s: (a) => `(${a} << 24 >> 24)`,
  extend16_s: (a) => `(${a} << 16 >> 16)`,
  extend32_s: (a) => a,
};

const UNARY_64: Record<Unary, (a: string) => string> = {
  clz: (a) => `bits.leadingZeros64(${a})`,
  ctz: (a) => `bits.trailingZeros64(${a})`,
  popcnt: (a) => `bits.ones64(${a})`,
  extend8_s: (a) => unsigned(`BigInt.asIntN(8, ${a})`),
  extend16_s: (a) => unsigned(`BigInt.asIntN(16, ${a})`),
  extend32_s: (a) => unsigned(`BigInt.asIntN(32, ${a})`),
};

/** A 64-bit value and its halves: the host's compiler makes calls of the conversions that these stand for. */
const long = new BigUint64Array(1);
const halves = new Int32Array(long.buffer);

/** Operations on bits that JavaScript has no operator for, or a slow one. */
const bits = {
  wrap: (a: bigint) => {
    long[0] = a;
    return halves[0] ?? 0;
  },
  load64: (view: DataView, at: number) => {
    halves[0] = view.getInt32(at, true);
    halves[1] = view.getInt32(at + 4, true);
    return long[0];
  },
  store64: (view: DataView, at: number, value: bigint) => {
    long[0] = value;
    view.setInt32(at, halves[0] ?? 0, true);
    view.setInt32(at + 4, halves[1] ?? 0, true);
  },
  rotateLeft32: (a: number, n: number) => (a << (n & 31)) | (a >>> (-n & 31)),
  rotateLeft64: (a: bigint, n: bigint) => BigInt.asUintN(64, (a << (n & 63n)) | (a >> (-n & 63n))),
  trailingZeros32: (v: number) => (v === 0 ? 32 : 31 - Math.clz32(v & -v)),
  ones32: (v: number): number => {
    let n = 0;
    for (let rest = v >>> 0; rest !== 0; rest &= rest - 1) n++;
    return n;
  },
  leadingZeros64: (a: bigint) => BigInt(high(a) !== 0 ? Math.clz32(high(a)) : 32 + Math.clz32(low(a))),
  trailingZeros64: (a: bigint) =>
    BigInt(low(a) !== 0 ? bits.trailingZeros32(low(a)) : 32 + bits.trailingZeros32(high(a))),
  ones64: (a: bigint) => BigInt(bits.ones32(high(a)) + bits.ones32(low(a))),
  /** WebAssembly's select: both values are computed, then the condition. */
  select: (taken: Value, otherwise: Value, condition: number) => [otherwise, taken][condition === 0 ? 0 : 1],
};
/**
 * Calls a procedure. All calls go through here, and all variables through arrays, for a reason: Node 20's compiler
 * aborts the process when it proves that a value which two paths meet in is an unsigned 64-bit bigint, so it must never
 * see a procedure's inside from its caller, or a variable's history.
 */
const call = (p: Evaluated, context: Context, a: Value, b: Value, c: Value, d: Value, e: Value) =>
  p(context, a, b, c, d, e);
/** The most parameters a procedure may have; a call passes so many. */
const PARAMETERS = 5;

const numbers = new WeakMap<Procedure, number>();
let procedureCount = 0;

/** The same in every evaluator, so that the host finds the same text again and need not learn anew what is hot. */
function numberOf(procedure: Procedure): number {
  const number = numbers.get(procedure) ?? procedureCount++;
  numbers.set(procedure, number);
  return number;
}

const high = (v: bigint) => Number(v >> 32n);
const low = (v: bigint) => Number(v & 0xffff_ffffn);

const LOAD: Record<Cell, (at: string) => string> = {
  u8: (at) => `view.getUint8(${at})`,
  u16: (at) => `view.getUint16(${at}, true)`,
  u32: (at) => `view.getUint32(${at}, true)`,
  i32: (at) => `view.getInt32(${at}, true)`,
  i64: (at) => `bits.load64(view, ${at})`,
};
const STORE_32: Record<Cell, (at: string, value: string) => string> = {
  u8: (at, value) => `view.setInt8(${at}, ${value});`,
  u16: (at, value) => `view.setInt16(${at}, ${value}, true);`,
  u32: (at, value) => `view.setInt32(${at}, ${value}, true);`,
  i32: (at, value) => `view.setInt32(${at}, ${value}, true);`,
  i64: () => {
    throw new Error("a 32-bit value does not fill a 64-bit cell");
  },
};

/** Turns descriptions into functions for one machine. */
export class Evaluator {
  readonly #settings: Configuration["settings"];
  readonly #host: Host;
  readonly #rewrite: Rewrite | undefined;
  readonly #readVirtual: Procedure;
  readonly #writeVirtual: Procedure;
  /** The places of the variables in the function that is being compiled, by their ids. */
  #places = new Map<number, number>();
  /** By number, compiled when first called. */
  readonly #procedures: Evaluated[] = [];

  constructor(
    configuration: Pick<Configuration, "settings" | "host" | "rewrite">,
    access: { readonly readVirtual: Procedure; readonly writeVirtual: Procedure },
  ) {
    this.#settings = configuration.settings;
    this.#host = configuration.host;
    this.#rewrite = configuration.rewrite;
    this.#readVirtual = access.readVirtual;
    this.#writeVirtual = access.writeVirtual;
  }

  /** The function that executes a block. */
  block(statements: Block): Evaluated {
    return this.#compile("instruction", [], statements);
  }

  /** Calls a procedure with 32-bit numbers and 64-bit bigints as its parameters' types say. */
  call(procedure: Procedure, context: Context, values: readonly Value[]): Value {
    return this.#procedures[this.#number(procedure)]?.(context, ...values) ?? 0;
  }

  #compile(name: string, parameters: Procedure["parameters"], statements: Block): Evaluated {
    if (parameters.length > PARAMETERS) throw new Error(`procedure "${name}" has too many parameters`);
    this.#places = new Map();
    const received = parameters.map((p) => `${this.#variable(p)} = p${p.id};`);
    const body = this.#block(statements);
    const source = `"use strict"; return function ${name.replaceAll(/\W/g, "_")}(${["c", ...parameters.map((p) => `p${p.id}`)].join(", ")}) {
      const { view, longs, hart } = c;
      ${received.join("\n")}
      ${body}
    };`;
    // Nothing recurs, so a function's variables have their places once and for all, as unsigned bigints and signed words.
    const make = new Function("v", "w", "call", "procedures", "host", "bits", "raised", source);
    const v = new BigUint64Array(this.#places.size);
    const w = new Int32Array(this.#places.size);
    return make(v, w, call, this.#procedures, this.#host, bits, RAISED) as Evaluated;
  }

  #variable({ id, type }: { readonly id: number; readonly type: Type }): string {
    const place = this.#places.get(id) ?? this.#places.size;
    this.#places.set(id, place);
    return `${type === "i64" ? "v" : "w"}[${place}]`;
  }

  #number(procedure: Procedure): number {
    const number = numberOf(procedure);
    this.#procedures[number] ??= (context, ...values) => {
      const { name, parameters } = procedure;
      const body = procedure.body();
      const compiled = this.#compile(name, parameters, this.#rewrite?.(name, body) ?? body);
      this.#procedures[number] = compiled;
      return compiled(context, ...values);
    };
    return number;
  }

  #block(statements: Block): string {
    return statements.map((s) => this.#statement(s)).join("\n");
  }

  #statement(s: Statement): string {
    const inner = (b: Block) => `{ ${this.#block(b)} }`;
    switch (s.kind) {
      case "set":
        return `${this.#variable({ id: s.id, type: s.value.type })} = ${this.#node(s.value)};`;
      case "evaluate":
        return `${this.#node(s.value)};`;
      case "if":
        return `if (${this.#node(s.condition)} !== 0) ${inner(s.taken)} else ${inner(s.otherwise)}`;
      case "while":
        return `while (${this.#node(s.condition)} !== 0) ${inner(s.body)}`;
      case "match": {
        const cases = [...s.cases].map(([n, b]) => `case ${n}: ${inner(b)} break;`);
        return `switch (${this.#node(s.value)}) { ${cases.join("\n")} default: ${inner(s.otherwise)} }`;
      }
      case "return":
        return s.value === undefined ? "return;" : `return ${this.#node(s.value)};`;
      case "store":
        return this.#store(s);
      case "fill": {
        const from = `${this.#node(s.address)} >>> 0`;
        return `{ const from = ${from}; c.bytes.fill(${s.byte}, from, from + ${this.#node(s.bytes)}); }`;
      }
      case "write-x": {
        // The value first: it may depend on the register.
        const register = `(c.operands.${s.operand} === 0 ? ${X_SINK} : c.operands.${s.operand})`;
        return `{ const value = ${this.#node(s.value)}; ${cell(`${X_OFFSET} + ${register} * 8`)} = value; }`;
      }
      case "write-f":
        return `{ const value = ${this.#node(s.value)}; ${cell(`${F_OFFSET} + c.operands.${s.operand} * 8`)} = value; }`;
      case "write":
        return `${this.#invoke(this.#writeVirtual, [this.#node(s.address), `${s.bytes}`, this.#node(s.value)])};`;
      case "raise":
        return `view.setInt32(hart + ${state.raisedCause.offset}, ${this.#node(s.cause)}, true);
          ${cell(`${state.raisedValue.offset}`)} = ${this.#node(s.value)};
          throw raised;`;
      case "jump-to":
        return `c.target = ${this.#node(s.target)};`;
      case "jump-by-immediate":
        return `c.target = ${unsigned("c.pc + BigInt(c.operands.immediate)")};`;
      case "synchronise":
        return "";
    }
  }

  #store(s: Extract<Statement, { kind: "store" }>): string {
    const at = this.#place(s.address, s.offset);
    const value = this.#node(s.value);
    if (s.value.type === "i32") return STORE_32[s.cell](at, value);
    if (s.cell === "i64") {
      return isAligned(s) ? `${cell(`${s.offset}`)} = ${value};` : `bits.store64(view, ${at}, ${value});`;
    }
    return STORE_32[s.cell](at, `bits.wrap(${value})`);
  }

  #place(address: Node, offset: number): string {
    if (address.kind === "hart") return `hart + ${offset}`;
    return `(${this.#node(address)} >>> 0) + ${offset}`;
  }

  #node(n: Node): string {
    switch (n.kind) {
      case "constant":
        return literal(n.type, n.value);
      case "setting":
        return literal(n.type, this.#settings[n.name]);
      case "arithmetic":
        return (n.type === "i32" ? ARITHMETIC_32 : ARITHMETIC_64)[n.op](this.#node(n.a), this.#node(n.b));
      case "comparison": {
        const { sign, op } = COMPARISON[n.op];
        const [a, b] = [n.a, n.b].map((v) => {
          const value = this.#node(v);
          if (v.type === "i32") return sign === "u" ? `(${value} >>> 0)` : value;
          return sign === "s" ? signed(value) : value;
        });
        return `(${a} ${op} ${b} ? 1 : 0)`;
      }
      case "unary":
        return (n.type === "i32" ? UNARY_32 : UNARY_64)[n.op](this.#node(n.a));
      case "convert": {
        const a = this.#node(n.a);
        if (n.op === "wrap") return `bits.wrap(${a})`;
        return n.op === "extend_u" ? `BigInt(${a} >>> 0)` : unsigned(`BigInt(${a})`);
      }
      case "select":
        return `bits.select(${this.#node(n.taken)}, ${this.#node(n.otherwise)}, ${this.#node(n.condition)})`;
      case "local":
        return this.#variable(n);
      case "call":
        return this.#invoke(
          n.procedure,
          n.arguments.map((a) => this.#node(a)),
        );
      case "cell": {
        if (n.cell === "i64" && isAligned(n)) return cell(`${n.offset}`);
        const value = LOAD[n.cell](this.#place(n.address, n.offset));
        if (n.type === "i32") return n.cell === "u32" ? `(${value} | 0)` : value;
        return n.cell === "i64"
          ? value
          : n.cell === "i32"
            ? unsigned(`BigInt(${value})`)
            : `BigInt(${value})`;
      }
      case "hart":
        return "hart";
      case "x":
        return cell(`${X_OFFSET} + c.operands.${n.operand} * 8`);
      case "f":
        return cell(`${F_OFFSET} + c.operands.${n.operand} * 8`);
      case "immediate":
        return unsigned("BigInt(c.operands.immediate)");
      case "encoding":
        return "(c.operands.word | 0)";
      case "pc":
        return "c.pc";
      case "next":
        return "c.next";
      case "read": {
        const value = this.#invoke(this.#readVirtual, [this.#node(n.address), `${n.bytes}`]);
        return n.signed ? unsigned(`BigInt.asIntN(${n.bytes * 8}, ${value})`) : value;
      }
    }
  }

  #invoke(procedure: Procedure, values: readonly string[]): string {
    if (procedure.kind === "host") {
      return `(host.${procedure.name}(${values.map((v) => `${v} >>> 0`).join(", ")}) | 0)`;
    }
    // Hooks tell of caches to keep consistent or ask for what they hold, and there are none here.
    if (procedure.kind === "hook") return literal(procedure.result ?? "i32", 0n);
    return `call(${[`procedures[${this.#number(procedure)}]`, "c", ...values].join(", ")})`;
  }
}

/** Whether something is at a multiple of 8 bytes: states of harts are. */
const isAligned = ({ address, offset }: { readonly address: Node; readonly offset: number }): boolean =>
  address.kind === "hart" && offset % 8 === 0;

/** A 64-bit cell of the hart's state, which is aligned: DataView's methods for bigints are slow calls. */
const cell = (offset: string) => `longs[hart + ${offset} >>> 3]`;

const literal = (type: Type, value: bigint): string =>
  type === "i32" ? `${BigInt.asIntN(32, value)}` : `${BigInt.asUintN(64, value)}n`;
