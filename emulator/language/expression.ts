/**
 * The vocabulary in which the machine is written: typed expressions over 32- and 64-bit integers.
 *
 * An expression is data. The reference engine evaluates it, the interpreter compiles it to WebAssembly, tools print
 * it. A value used twice is computed twice: keep it with `local` (statement.ts) where that matters.
 */
import type { Procedure } from "./procedure.ts";

export type Type = "i32" | "i64";

/** Operators named as in WebAssembly; both operands have the same type. */
export type Arithmetic =
  | "add"
  | "sub"
  | "mul"
  | "div_s"
  | "div_u"
  | "rem_s"
  | "rem_u"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr_s"
  | "shr_u"
  | "rotl"
  | "rotr";
/** Comparisons give an i32: 1 or 0. */
export type Comparison = "eq" | "ne" | "lt_s" | "lt_u" | "gt_s" | "gt_u" | "le_s" | "le_u" | "ge_s" | "ge_u";
export type Unary = "clz" | "ctz" | "popcnt" | "extend8_s" | "extend16_s" | "extend32_s";

/** How many bytes of machine memory a cell has, and how a load widens them. */
export type Cell = "u8" | "u16" | "u32" | "i32" | "i64";

/** Fields of a decoded instruction: registers of both files, the immediate, and the encoding itself. */
export type RegisterOperand = "rd" | "rs1" | "rs2" | "rs3";

/** A value that the machine's configuration fixes before the first instruction (see hart/layout.ts). */
export type Setting =
  /** Bytes of RAM, and what added to a guest-physical address in RAM gives its place in machine memory. */
  | "ramBytes"
  | "ramBias"
  /** Address of one flag byte per page of RAM (memory/physical.ts). */
  | "pageFlags"
  /** Address of the trap log (trap/log.ts). */
  | "trapLog"
  /** Address of the room for decoded code (engine/interpreter/slot.ts). */
  | "decodedCode"
  /** How many harts there are, address of the first one's state, and bytes from one to the next. */
  | "harts"
  | "firstHart"
  | "hartStride"
  /** Guest-physical addresses of the CLINT and the serial port; 0 where there is none. */
  | "clint"
  | "serial"
  /** Address of what engines and the serial port share (device/serial-cells.ts). */
  | "serialCells"
  | "tlbSets"
  | "tlbWays"
  /** Deepest page table: 3 for Sv39, 4 for Sv48, 5 for Sv57. */
  | "maximumLevels"
  /** 1 where the extension is there. */
  | "svadu"
  | "svnapot"
  | "svpbmt"
  | "sstc"
  | "zicbom"
  | "zicboz"
  | "zicntr"
  | "zihpm"
  /** 1 on the leaky profile (isa/LEAKY.md). */
  | "leaky"
  | "misa";

export type Node =
  | { readonly kind: "constant"; readonly type: Type; readonly value: bigint }
  | { readonly kind: "setting"; readonly type: Type; readonly name: Setting }
  | {
      readonly kind: "arithmetic";
      readonly type: Type;
      readonly op: Arithmetic;
      readonly a: Node;
      readonly b: Node;
    }
  | {
      readonly kind: "comparison";
      readonly type: "i32";
      readonly op: Comparison;
      readonly a: Node;
      readonly b: Node;
    }
  | { readonly kind: "unary"; readonly type: Type; readonly op: Unary; readonly a: Node }
  | {
      readonly kind: "convert";
      readonly type: Type;
      readonly op: "wrap" | "extend_u" | "extend_s";
      readonly a: Node;
    }
  | {
      readonly kind: "select";
      readonly type: Type;
      readonly condition: Node;
      readonly taken: Node;
      readonly otherwise: Node;
    }
  | { readonly kind: "local"; readonly type: Type; readonly id: number }
  | {
      readonly kind: "call";
      readonly type: Type;
      readonly procedure: Procedure;
      readonly arguments: readonly Node[];
    }
  | {
      readonly kind: "cell";
      readonly type: Type;
      readonly cell: Cell;
      readonly address: Node;
      readonly offset: number;
    }
  /** Address in machine memory of the state of the hart that executes. */
  | { readonly kind: "hart"; readonly type: "i32" }
  | { readonly kind: "x"; readonly type: "i64"; readonly operand: RegisterOperand }
  | { readonly kind: "f"; readonly type: "i64"; readonly operand: RegisterOperand }
  | { readonly kind: "immediate"; readonly type: "i64" }
  | { readonly kind: "encoding"; readonly type: "i32" }
  | { readonly kind: "pc"; readonly type: "i64" }
  /** Address of the instruction that follows in memory. */
  | { readonly kind: "next"; readonly type: "i64" }
  | {
      readonly kind: "read";
      readonly type: "i64";
      readonly address: Node;
      readonly bytes: 1 | 2 | 4 | 8;
      readonly signed: boolean;
    };

/** What integers of both widths can do; `Given` is what passes for an operand of the width `Self` has. */
abstract class Integer<Self, Given> {
  abstract readonly type: Type;
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  protected abstract make(node: Node): Self;
  protected abstract nodeOf(given: Given): Node;
  protected abstract constant(value: number): Given;

  #arithmetic(op: Arithmetic, b: Given): Self {
    return this.make({ kind: "arithmetic", type: this.type, op, a: this.node, b: this.nodeOf(b) });
  }
  #compare(op: Comparison, b: Given): I32 {
    return new I32({ kind: "comparison", type: "i32", op, a: this.node, b: this.nodeOf(b) });
  }
  protected unary(op: Unary): Self {
    return this.make({ kind: "unary", type: this.type, op, a: this.node });
  }

  add(b: Given): Self {
    return this.#arithmetic("add", b);
  }
  sub(b: Given): Self {
    return this.#arithmetic("sub", b);
  }
  mul(b: Given): Self {
    return this.#arithmetic("mul", b);
  }
  divS(b: Given): Self {
    return this.#arithmetic("div_s", b);
  }
  divU(b: Given): Self {
    return this.#arithmetic("div_u", b);
  }
  remS(b: Given): Self {
    return this.#arithmetic("rem_s", b);
  }
  remU(b: Given): Self {
    return this.#arithmetic("rem_u", b);
  }
  and(b: Given): Self {
    return this.#arithmetic("and", b);
  }
  or(b: Given): Self {
    return this.#arithmetic("or", b);
  }
  xor(b: Given): Self {
    return this.#arithmetic("xor", b);
  }
  shl(b: Given): Self {
    return this.#arithmetic("shl", b);
  }
  shrS(b: Given): Self {
    return this.#arithmetic("shr_s", b);
  }
  shrU(b: Given): Self {
    return this.#arithmetic("shr_u", b);
  }
  rotl(b: Given): Self {
    return this.#arithmetic("rotl", b);
  }
  rotr(b: Given): Self {
    return this.#arithmetic("rotr", b);
  }
  clz(): Self {
    return this.unary("clz");
  }
  ctz(): Self {
    return this.unary("ctz");
  }
  popcnt(): Self {
    return this.unary("popcnt");
  }
  eq(b: Given): I32 {
    return this.#compare("eq", b);
  }
  ne(b: Given): I32 {
    return this.#compare("ne", b);
  }
  ltS(b: Given): I32 {
    return this.#compare("lt_s", b);
  }
  ltU(b: Given): I32 {
    return this.#compare("lt_u", b);
  }
  gtS(b: Given): I32 {
    return this.#compare("gt_s", b);
  }
  gtU(b: Given): I32 {
    return this.#compare("gt_u", b);
  }
  leS(b: Given): I32 {
    return this.#compare("le_s", b);
  }
  leU(b: Given): I32 {
    return this.#compare("le_u", b);
  }
  geS(b: Given): I32 {
    return this.#compare("ge_s", b);
  }
  geU(b: Given): I32 {
    return this.#compare("ge_u", b);
  }
  /** 1 where the value is zero: for a condition, logical not. */
  isZero(): I32 {
    return this.eq(this.constant(0));
  }
}

type In32 = I32 | number | boolean;
type In64 = I64 | number | bigint;

/** A 32-bit integer; conditions are I32 too, true when not zero. */
export class I32 extends Integer<I32, In32> {
  override readonly type = "i32" as const;

  static of(value: In32): I32 {
    if (value instanceof I32) return value;
    return new I32({ kind: "constant", type: "i32", value: BigInt.asIntN(32, BigInt(value)) });
  }

  protected override make(node: Node): I32 {
    return new I32(node);
  }
  protected override nodeOf(given: In32): Node {
    return I32.of(given).node;
  }
  protected override constant(value: number): In32 {
    return value;
  }

  signExtend(bits: 8 | 16): I32 {
    return this.unary(bits === 8 ? "extend8_s" : "extend16_s");
  }
  toU64(): I64 {
    return new I64({ kind: "convert", type: "i64", op: "extend_u", a: this.node });
  }
  toS64(): I64 {
    return new I64({ kind: "convert", type: "i64", op: "extend_s", a: this.node });
  }
}

/** A 64-bit integer. Shift counts are taken modulo 64, as in WebAssembly and in RISC-V. */
export class I64 extends Integer<I64, In64> {
  override readonly type = "i64" as const;

  static of(value: In64): I64 {
    if (value instanceof I64) return value;
    return new I64({ kind: "constant", type: "i64", value: BigInt.asIntN(64, BigInt(value)) });
  }

  protected override make(node: Node): I64 {
    return new I64(node);
  }
  protected override nodeOf(given: In64): Node {
    return I64.of(given).node;
  }
  protected override constant(value: number): In64 {
    return value;
  }

  not(): I64 {
    return this.xor(-1n);
  }
  negate(): I64 {
    return I64.of(0n).sub(this);
  }
  signExtend(bits: 8 | 16 | 32): I64 {
    return this.unary(bits === 8 ? "extend8_s" : bits === 16 ? "extend16_s" : "extend32_s");
  }
  /** The low 32 bits, zero-extended. */
  low32(): I64 {
    return this.and(0xffff_ffffn);
  }
  toI32(): I32 {
    return new I32({ kind: "convert", type: "i32", op: "wrap", a: this.node });
  }
  /** Bits `from` (lowest) to `from + count - 1`, moved down to bit 0. */
  bits(from: number, count = 1): I64 {
    return this.shrU(from).and((1n << BigInt(count)) - 1n);
  }
  /** Bit `index` as a condition. */
  bit(index: number): I32 {
    return this.bits(index).toI32();
  }
}

/** `condition ? then : otherwise`; both sides are always computed, so neither may raise a trap. */
export function select(condition: I32, then: In64, otherwise: In64): I64 {
  const a = I64.of(then).node;
  const b = I64.of(otherwise).node;
  return new I64({ kind: "select", type: "i64", condition: condition.node, taken: a, otherwise: b });
}

/** `select` for 32-bit values. */
export function select32(condition: I32, then: In32, otherwise: In32): I32 {
  const a = I32.of(then).node;
  const b = I32.of(otherwise).node;
  return new I32({ kind: "select", type: "i32", condition: condition.node, taken: a, otherwise: b });
}

export const u32 = (value: In32) => I32.of(value);
export const u64 = (value: In64) => I64.of(value);

/** A value fixed by the machine's configuration. */
export const setting32 = (name: Setting) => new I32({ kind: "setting", type: "i32", name });
export const setting64 = (name: Setting) => new I64({ kind: "setting", type: "i64", name });

/** Address of the executing hart's state in machine memory. */
export const hart = new I32({ kind: "hart", type: "i32" });

/** Loads a cell of machine memory (not of the guest's address space). */
export function cell32(cell: Exclude<Cell, "i64">, address: I32, offset = 0): I32 {
  return new I32({ kind: "cell", type: "i32", cell, address: address.node, offset });
}
export function cell64(cell: Cell, address: I32, offset = 0): I64 {
  return new I64({ kind: "cell", type: "i64", cell, address: address.node, offset });
}
