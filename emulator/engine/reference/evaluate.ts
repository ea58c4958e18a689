/**
 * Evaluates the vocabulary: every node becomes a small closure that computes exactly what the node says, with 32-bit
 * values as signed numbers and 64-bit values as unsigned bigints. Slow, and made to be trusted.
 */

import { F_OFFSET, state, X_OFFSET, X_SINK } from "../../hart/layout.ts";
import type { Arithmetic, Comparison, Node, RegisterOperand, Unary } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block, Statement } from "../../language/statement.ts";
import type { Configuration, Host } from "../engine.ts";

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

/** What the closures work on while an instruction executes. */
export interface Context {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  hart: number;
  operands: Operands;
  pc: bigint;
  /** Address of the next instruction in memory. */
  next: bigint;
  /** Where execution continues. */
  target: bigint;
}

type Run<T> = (context: Context) => T;
type Signal = { readonly returned: number | bigint | undefined } | undefined;

const MASK64 = 0xffff_ffff_ffff_ffffn;
const signed = (v: bigint) => BigInt.asIntN(64, v);
const unsigned = (v: bigint) => v & MASK64;

const ARITHMETIC_32: Record<Arithmetic, (a: number, b: number) => number> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  div_s: (a, b) => (a / b) | 0,
  div_u: (a, b) => ((a >>> 0) / (b >>> 0)) | 0,
  rem_s: (a, b) => (a % b) | 0,
  rem_u: (a, b) => ((a >>> 0) % (b >>> 0)) | 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr_s: (a, b) => a >> b,
  shr_u: (a, b) => (a >>> b) | 0,
  rotl: (a, b) => (a << (b & 31)) | (a >>> (-b & 31)),
  rotr: (a, b) => (a >>> (b & 31)) | (a << (-b & 31)),
};

const ARITHMETIC_64: Record<Arithmetic, (a: bigint, b: bigint) => bigint> = {
  add: (a, b) => unsigned(a + b),
  sub: (a, b) => unsigned(a - b),
  mul: (a, b) => unsigned(a * b),
  div_s: (a, b) => unsigned(signed(a) / signed(b)),
  div_u: (a, b) => a / b,
  rem_s: (a, b) => unsigned(signed(a) % signed(b)),
  rem_u: (a, b) => a % b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => unsigned(a << (b & 63n)),
  shr_s: (a, b) => unsigned(signed(a) >> (b & 63n)),
  shr_u: (a, b) => a >> (b & 63n),
  rotl: (a, b) => unsigned((a << (b & 63n)) | (a >> (-b & 63n))),
  rotr: (a, b) => unsigned((a >> (b & 63n)) | (a << (-b & 63n))),
};

const COMPARE_32: Record<Comparison, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_s: (a, b) => a < b,
  lt_u: (a, b) => a >>> 0 < b >>> 0,
  gt_s: (a, b) => a > b,
  gt_u: (a, b) => a >>> 0 > b >>> 0,
  le_s: (a, b) => a <= b,
  le_u: (a, b) => a >>> 0 <= b >>> 0,
  ge_s: (a, b) => a >= b,
  ge_u: (a, b) => a >>> 0 >= b >>> 0,
};

const COMPARE_64: Record<Comparison, (a: bigint, b: bigint) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_s: (a, b) => signed(a) < signed(b),
  lt_u: (a, b) => a < b,
  gt_s: (a, b) => signed(a) > signed(b),
  gt_u: (a, b) => a > b,
  le_s: (a, b) => signed(a) <= signed(b),
  le_u: (a, b) => a <= b,
  ge_s: (a, b) => signed(a) >= signed(b),
  ge_u: (a, b) => a >= b,
};

const countOnes = (v: number): number => {
  let n = 0;
  for (let rest = v >>> 0; rest !== 0; rest &= rest - 1) n++;
  return n;
};
const trailingZeros = (v: number): number => (v === 0 ? 32 : 31 - Math.clz32(v & -v));
const high = (v: bigint) => Number(v >> 32n);
const low = (v: bigint) => Number(v & 0xffff_ffffn);

const UNARY_32: Record<Unary, (a: number) => number> = {
  clz: (a) => Math.clz32(a),
  ctz: (a) => trailingZeros(a),
  popcnt: countOnes,
  extend8_s: (a) => (a << 24) >> 24,
  extend16_s: (a) => (a << 16) >> 16,
  extend32_s: (a) => a,
};

const UNARY_64: Record<Unary, (a: bigint) => bigint> = {
  clz: (a) => BigInt(high(a) !== 0 ? Math.clz32(high(a)) : 32 + Math.clz32(low(a))),
  ctz: (a) => BigInt(low(a) !== 0 ? trailingZeros(low(a)) : 32 + trailingZeros(high(a))),
  popcnt: (a) => BigInt(countOnes(high(a)) + countOnes(low(a))),
  extend8_s: (a) => unsigned(BigInt.asIntN(8, a)),
  extend16_s: (a) => unsigned(BigInt.asIntN(16, a)),
  extend32_s: (a) => unsigned(BigInt.asIntN(32, a)),
};

const CELL_BYTES = { u8: 1, u16: 2, u32: 4, i32: 4, i64: 8 } as const;

/** An evaluator of nodes and blocks for one machine. */
export class Evaluator {
  readonly #settings: Configuration["settings"];
  readonly #host: Host;
  readonly #readVirtual: Procedure;
  readonly #writeVirtual: Procedure;
  /** Variables are unique over the whole description and nothing recurs, so one array holds them all. */
  readonly #locals: (number | bigint)[] = [];
  readonly #procedures = new Map<Procedure, Run<Signal>>();

  constructor(
    configuration: Pick<Configuration, "settings" | "host">,
    access: { readonly readVirtual: Procedure; readonly writeVirtual: Procedure },
  ) {
    this.#settings = configuration.settings;
    this.#host = configuration.host;
    this.#readVirtual = access.readVirtual;
    this.#writeVirtual = access.writeVirtual;
  }

  /** The closure that executes a block. */
  block(statements: Block): Run<Signal> {
    const steps = statements.map((s) => this.#statement(s));
    return (c) => {
      for (const step of steps) {
        const signal = step(c);
        if (signal !== undefined) return signal;
      }
      return undefined;
    };
  }

  /** Calls a procedure with 32-bit numbers and 64-bit bigints as its parameters' types say. */
  call(procedure: Procedure, context: Context, values: readonly (number | bigint)[]): number | bigint {
    procedure.parameters.forEach((p, i) => {
      this.#locals[p.id] = values[i] ?? 0;
    });
    return this.#body(procedure)(context)?.returned ?? 0;
  }

  #body(procedure: Procedure): Run<Signal> {
    let body = this.#procedures.get(procedure);
    if (body === undefined) {
      body = this.block(procedure.body());
      this.#procedures.set(procedure, body);
    }
    return body;
  }

  #statement(s: Statement): Run<Signal> {
    switch (s.kind) {
      case "set": {
        const value = this.#any(s.value);
        return (c) => {
          this.#locals[s.id] = value(c);
          return undefined;
        };
      }
      case "evaluate": {
        const value = this.#any(s.value);
        return (c) => {
          value(c);
          return undefined;
        };
      }
      case "if": {
        const condition = this.#i32(s.condition);
        const then = this.block(s.taken);
        const otherwise = this.block(s.otherwise);
        return (c) => (condition(c) !== 0 ? then(c) : otherwise(c));
      }
      case "while": {
        const condition = this.#i32(s.condition);
        const body = this.block(s.body);
        return (c) => {
          while (condition(c) !== 0) {
            const signal = body(c);
            if (signal !== undefined) return signal;
          }
          return undefined;
        };
      }
      case "match": {
        const value = this.#i32(s.value);
        const cases = new Map([...s.cases].map(([n, b]) => [n, this.block(b)]));
        const otherwise = this.block(s.otherwise);
        return (c) => (cases.get(value(c)) ?? otherwise)(c);
      }
      case "return": {
        if (s.value === undefined) return () => ({ returned: undefined });
        const value = this.#any(s.value);
        return (c) => ({ returned: value(c) });
      }
      case "store":
        return this.#store(s);
      case "fill": {
        const address = this.#i32(s.address);
        const bytes = this.#i32(s.bytes);
        return (c) => {
          const from = address(c) >>> 0;
          c.bytes.fill(s.byte, from, from + (bytes(c) >>> 0));
          return undefined;
        };
      }
      case "write-x": {
        const value = this.#i64(s.value);
        return (c) => {
          const result = value(c);
          const register = c.operands[s.operand] === 0 ? X_SINK : c.operands[s.operand];
          c.view.setBigUint64(c.hart + X_OFFSET + register * 8, result, true);
          return undefined;
        };
      }
      case "write-f": {
        const value = this.#i64(s.value);
        return (c) => {
          c.view.setBigUint64(c.hart + F_OFFSET + c.operands[s.operand] * 8, value(c), true);
          return undefined;
        };
      }
      case "write": {
        const address = this.#i64(s.address);
        const value = this.#i64(s.value);
        return (c) => {
          const to = address(c);
          this.call(this.#writeVirtual, c, [to, s.bytes, value(c)]);
          return undefined;
        };
      }
      case "raise": {
        const cause = this.#i32(s.cause);
        const value = this.#i64(s.value);
        return (c) => {
          c.view.setInt32(c.hart + state.raisedCause.offset, cause(c), true);
          c.view.setBigUint64(c.hart + state.raisedValue.offset, value(c), true);
          throw RAISED;
        };
      }
      case "jump-to": {
        const target = this.#i64(s.target);
        return (c) => {
          c.target = target(c);
          return undefined;
        };
      }
      case "jump-by-immediate":
        return (c) => {
          c.target = unsigned(c.pc + BigInt(c.operands.immediate));
          return undefined;
        };
      case "synchronise":
        return () => undefined;
    }
  }

  #store(s: Extract<Statement, { kind: "store" }>): Run<Signal> {
    const address = this.#i32(s.address);
    const wide = this.#any(s.value);
    const bytes = CELL_BYTES[s.cell];
    return (c) => {
      const to = (address(c) >>> 0) + s.offset;
      const value = wide(c);
      if (bytes === 8) c.view.setBigUint64(to, unsigned(BigInt(value)), true);
      else {
        const narrow = typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : value;
        if (bytes === 4) c.view.setInt32(to, narrow, true);
        else if (bytes === 2) c.view.setInt16(to, narrow, true);
        else c.view.setInt8(to, narrow);
      }
      return undefined;
    };
  }

  #any(n: Node): Run<number | bigint> {
    return n.type === "i32" ? this.#i32(n) : this.#i64(n);
  }

  #i32(n: Node): Run<number> {
    switch (n.kind) {
      case "constant": {
        const value = Number(n.value);
        return () => value;
      }
      case "setting": {
        const value = Number(BigInt.asIntN(32, this.#settings[n.name]));
        return () => value;
      }
      case "arithmetic": {
        const [op, a, b] = [ARITHMETIC_32[n.op], this.#i32(n.a), this.#i32(n.b)];
        return (c) => op(a(c), b(c));
      }
      case "comparison": {
        if (n.a.type === "i32") {
          const [op, a, b] = [COMPARE_32[n.op], this.#i32(n.a), this.#i32(n.b)];
          return (c) => (op(a(c), b(c)) ? 1 : 0);
        }
        const [op, a, b] = [COMPARE_64[n.op], this.#i64(n.a), this.#i64(n.b)];
        return (c) => (op(a(c), b(c)) ? 1 : 0);
      }
      case "unary": {
        const [op, a] = [UNARY_32[n.op], this.#i32(n.a)];
        return (c) => op(a(c));
      }
      case "convert": {
        const a = this.#i64(n.a);
        return (c) => Number(BigInt.asIntN(32, a(c)));
      }
      case "select": {
        const [condition, then, otherwise] = [
          this.#i32(n.condition),
          this.#i32(n.taken),
          this.#i32(n.otherwise),
        ];
        return (c) => {
          const [a, b] = [then(c), otherwise(c)];
          return condition(c) !== 0 ? a : b;
        };
      }
      case "local":
        return () => this.#locals[n.id] as number;
      case "call":
        return this.#call(n) as Run<number>;
      case "cell": {
        const address = this.#i32(n.address);
        const at: Run<number> = (c) => (address(c) >>> 0) + n.offset;
        if (n.cell === "u8") return (c) => c.view.getUint8(at(c));
        if (n.cell === "u16") return (c) => c.view.getUint16(at(c), true);
        return (c) => c.view.getInt32(at(c), true);
      }
      case "hart":
        return (c) => c.hart;
      case "encoding":
        return (c) => c.operands.word | 0;
      default:
        throw new Error(`"${n.kind}" is not a 32-bit value`);
    }
  }

  #i64(n: Node): Run<bigint> {
    switch (n.kind) {
      case "constant": {
        const value = unsigned(n.value);
        return () => value;
      }
      case "setting": {
        const value = unsigned(this.#settings[n.name]);
        return () => value;
      }
      case "arithmetic": {
        const [op, a, b] = [ARITHMETIC_64[n.op], this.#i64(n.a), this.#i64(n.b)];
        return (c) => op(a(c), b(c));
      }
      case "unary": {
        const [op, a] = [UNARY_64[n.op], this.#i64(n.a)];
        return (c) => op(a(c));
      }
      case "convert": {
        const a = this.#i32(n.a);
        return n.op === "extend_u" ? (c) => BigInt(a(c) >>> 0) : (c) => unsigned(BigInt(a(c)));
      }
      case "select": {
        const [condition, then, otherwise] = [
          this.#i32(n.condition),
          this.#i64(n.taken),
          this.#i64(n.otherwise),
        ];
        return (c) => {
          const [a, b] = [then(c), otherwise(c)];
          return condition(c) !== 0 ? a : b;
        };
      }
      case "local":
        return () => this.#locals[n.id] as bigint;
      case "call":
        return this.#call(n) as Run<bigint>;
      case "cell": {
        const address = this.#i32(n.address);
        const at: Run<number> = (c) => (address(c) >>> 0) + n.offset;
        if (n.cell === "i64") return (c) => c.view.getBigUint64(at(c), true);
        if (n.cell === "u32") return (c) => BigInt(c.view.getUint32(at(c), true));
        if (n.cell === "i32") return (c) => unsigned(BigInt(c.view.getInt32(at(c), true)));
        if (n.cell === "u16") return (c) => BigInt(c.view.getUint16(at(c), true));
        return (c) => BigInt(c.view.getUint8(at(c)));
      }
      case "x":
        return registerReader(X_OFFSET, n.operand);
      case "f":
        return registerReader(F_OFFSET, n.operand);
      case "immediate":
        return (c) => unsigned(BigInt(c.operands.immediate));
      case "pc":
        return (c) => c.pc;
      case "next":
        return (c) => c.next;
      case "read": {
        const address = this.#i64(n.address);
        const narrow = n.bytes * 8;
        if (!n.signed) return (c) => this.call(this.#readVirtual, c, [address(c), n.bytes]) as bigint;
        return (c) => {
          const value = this.call(this.#readVirtual, c, [address(c), n.bytes]) as bigint;
          return unsigned(BigInt.asIntN(narrow, value));
        };
      }
      default:
        throw new Error(`"${n.kind}" is not a 64-bit value`);
    }
  }

  #call(n: Extract<Node, { kind: "call" }>): Run<number | bigint> {
    const { procedure } = n;
    const values = n.arguments.map((a) => this.#any(a));
    if (procedure.kind === "host") {
      const answer = this.#host[procedure.name as keyof Host] as (...args: number[]) => number | undefined;
      return (c) =>
        (answer.apply(
          this.#host,
          values.map((v) => Number(v(c)) >>> 0),
        ) ?? 0) | 0;
    }
    // Hooks tell of caches to keep consistent, and the reference engine has none.
    if (procedure.kind === "hook") return () => 0;
    const { parameters } = procedure;
    return (c) => {
      const given = values.map((v) => v(c));
      parameters.forEach((p, i) => {
        this.#locals[p.id] = given[i] ?? 0;
      });
      return this.#body(procedure)(c)?.returned ?? 0;
    };
  }
}

const registerReader = (offset: number, operand: RegisterOperand): Run<bigint> => {
  return (c) => c.view.getBigUint64(c.hart + offset + c.operands[operand] * 8, true);
};
