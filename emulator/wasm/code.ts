/** The body of a WebAssembly function, written instruction by instruction with structured labels. */
import type { Arithmetic, Comparison, Unary } from "../language/expression.ts";
import { Bytes } from "./binary.ts";
import {
  ARITHMETIC,
  BR_TABLE,
  CALL_INDIRECT,
  COMPARISON,
  CONSTANT,
  ELSE,
  END,
  FLOAT_ARITHMETIC,
  FLOAT_COMPARISON,
  FLOAT_CONVERSION,
  FLOAT_UNARY,
  LOADS,
  MEMORY_FILL,
  NUMBERED,
  PLAIN,
  PREFIX,
  STORES,
  STRUCTURED,
  UNARY,
} from "./opcode.ts";

export type IntegerType = "i32" | "i64";
export type FloatType = "f32" | "f64";
export type ValueType = IntegerType | FloatType | "v128";
export const VALUE_TYPE: Record<ValueType, number> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export type FloatArithmetic = keyof typeof FLOAT_ARITHMETIC;
export type FloatComparison = keyof typeof FLOAT_COMPARISON;
export type FloatUnary = keyof typeof FLOAT_UNARY;
export type FloatConversion = keyof typeof FLOAT_CONVERSION;

export type Load = keyof typeof LOADS;
export type Store = keyof typeof STORES;

const CONVERSION = {
  wrap: PLAIN["i32.wrap_i64"],
  extend_s: PLAIN["i64.extend_i32_s"],
  extend_u: PLAIN["i64.extend_i32_u"],
} as const;

/** A branch target: the depth at which its block was opened. */
export type Label = number;

/** No offset. */
const NOWHERE = -1;
const EMPTY = 0x40;
/** A hint's value in the branch-hint section. */
const UNLIKELY = 0;
const LIKELY = 1;

/** What operations on vectors begin with. */
const VECTOR_PREFIX = 0xfd;

export class Code {
  readonly #bytes = new Bytes(1024);
  readonly #locals: ValueType[];
  readonly #names = new Map<number, string>();
  readonly #parameters: number;
  readonly #scratch = new Map<string, number>();
  /** Where branches stand that are hardly ever taken, or nearly always: offsets in `#bytes`, and which. */
  readonly #hints: { readonly at: number; readonly value: number }[] = [];
  #depth = 0;
  /** The end of the last i64.reinterpret_f64, and the last i64.load. */
  #reinterpreted = NOWHERE;
  #loaded = { at: NOWHERE, end: NOWHERE, offset: 0 };

  constructor(parameters: readonly ValueType[]) {
    this.#locals = [...parameters];
    this.#parameters = parameters.length;
  }

  /** A new local variable's index; parameters come first. The name is for those who read the code. */
  local(type: ValueType, name?: string): number {
    const index = this.#locals.push(type) - 1;
    if (name !== undefined) this.#names.set(index, name);
    return index;
  }

  /** What a local was called when it was made. */
  nameOf(local: number): string | undefined {
    return this.#names.get(local);
  }

  /** The n-th scratch local of a type: what one puts there lasts until somebody else uses scratch locals. */
  scratch(type: ValueType, n: number): number {
    const key = `${type}.${n}`;
    let local = this.#scratch.get(key);
    if (local === undefined) {
      local = this.local(type);
      this.#scratch.set(key, local);
    }
    return local;
  }

  /** Appends the body with its size and its local declarations. */
  appendTo(bytes: Bytes): void {
    const declared = this.#declarations();
    bytes.unsigned(declared.length + this.#bytes.length + 1);
    bytes.append(declared);
    bytes.append(this.#bytes);
    bytes.byte(END);
  }

  /** Whether a branch is hinted. */
  get isHinted(): boolean {
    return this.#hints.length > 0;
  }

  /** Appends the function's entry of a branch-hint section, without its index. */
  appendHints(bytes: Bytes): void {
    const before = this.#declarations().length;
    bytes.unsigned(this.#hints.length);
    for (const { at, value } of this.#hints) {
      bytes.unsigned(before + at);
      bytes.byte(1);
      bytes.byte(value);
    }
  }

  /** Bytes emitted so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** What was emitted so far, without the body's end. */
  get instructions(): Uint8Array {
    return this.#bytes.written;
  }

  #declarations(): Bytes {
    const declared = new Bytes();
    declared.unsigned(this.#locals.length - this.#parameters);
    for (let i = this.#parameters; i < this.#locals.length; i++) {
      declared.byte(1);
      declared.byte(VALUE_TYPE[this.#locals[i] ?? "i32"]);
    }
    return declared;
  }

  i32(value: number | bigint): this {
    this.#emit(CONSTANT.i32);
    this.#bytes.signed32(typeof value === "number" ? value : Number(BigInt.asIntN(32, value)));
    return this;
  }
  i64(value: number | bigint): this {
    this.#emit(CONSTANT.i64);
    if (typeof value === "bigint") this.#bytes.signed64(value);
    else if (value === (value | 0)) this.#bytes.signed32(value);
    else this.#bytes.signed64(BigInt(value));
    return this;
  }
  get(local: number): this {
    return this.#numbered(NUMBERED["local.get"], local);
  }
  set(local: number): this {
    return this.#numbered(NUMBERED["local.set"], local);
  }
  tee(local: number): this {
    return this.#numbered(NUMBERED["local.tee"], local);
  }
  getGlobal(index: number): this {
    return this.#numbered(NUMBERED["global.get"], index);
  }
  setGlobal(index: number): this {
    return this.#numbered(NUMBERED["global.set"], index);
  }
  arithmetic(type: IntegerType, op: Arithmetic): this {
    return this.#emit(ARITHMETIC[op][type === "i32" ? 0 : 1]);
  }
  compare(type: IntegerType, op: Comparison): this {
    return this.#emit(COMPARISON[op][type === "i32" ? 0 : 1]);
  }
  unary(type: IntegerType, op: Unary): this {
    return this.#emit(UNARY[op][type === "i32" ? 0 : 1]);
  }
  convert(op: "wrap" | "extend_u" | "extend_s"): this {
    return this.#emit(CONVERSION[op]);
  }
  float(type: FloatType, value: number): this {
    const view = new DataView(new ArrayBuffer(8));
    if (type === "f32") view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    const bytes = new Uint8Array(view.buffer, 0, type === "f32" ? 4 : 8);
    this.#emit(CONSTANT[type]);
    for (const byte of bytes) this.#emit(byte);
    return this;
  }
  floatArithmetic(type: FloatType, op: FloatArithmetic): this {
    return this.#emit(FLOAT_ARITHMETIC[op][type === "f32" ? 0 : 1]);
  }
  floatCompare(type: FloatType, op: FloatComparison): this {
    return this.#emit(FLOAT_COMPARISON[op][type === "f32" ? 0 : 1]);
  }
  floatUnary(type: FloatType, op: FloatUnary): this {
    return this.#emit(FLOAT_UNARY[op][type === "f32" ? 0 : 1]);
  }
  /** A vector of the number on the stack, over and over. */
  splat(type: FloatType): this {
    return this.#emit(VECTOR_PREFIX).#unsigned(type === "f32" ? 0x13 : 0x14);
  }
  /** Product of two vectors plus a third, rounded once or twice as the host likes. */
  relaxedMultiplyAdd(type: FloatType): this {
    return this.#emit(VECTOR_PREFIX).#unsigned(type === "f32" ? 0x105 : 0x107);
  }
  /** The first number of a vector. */
  firstLane(type: FloatType): this {
    return this.#emit(VECTOR_PREFIX)
      .#unsigned(type === "f32" ? 0x1f : 0x21)
      .#emit(0);
  }
  /** By its name in WebAssembly's text format. Bits go back and forth, and to and from memory, without being moved. */
  floatConvert(op: FloatConversion): this {
    if (op === "f64.reinterpret_i64") {
      if (this.#takeBackReinterpretation()) return this;
      const loaded = this.#loaded;
      if (loaded.end === this.#bytes.length) {
        this.#bytes.truncate(loaded.at);
        this.#loaded = { ...loaded, end: NOWHERE };
        return this.load("f64.load", loaded.offset);
      }
    }
    for (const byte of FLOAT_CONVERSION[op]) this.#emit(byte);
    if (op === "i64.reinterpret_f64") this.#reinterpreted = this.#bytes.length;
    return this;
  }
  isZero(): this {
    return this.#emit(PLAIN["i32.eqz"]);
  }
  load(op: Load, offset: number): this {
    const at = this.#bytes.length;
    this.#emit(LOADS[op]).#emit(0).#unsigned(offset);
    if (op === "i64.load") this.#loaded = { at, end: this.#bytes.length, offset };
    return this;
  }
  store(op: Store, offset: number): this {
    const number = op === "i64.store" && this.#takeBackReinterpretation();
    return this.#emit(STORES[number ? "f64.store" : op])
      .#emit(0)
      .#unsigned(offset);
  }
  /** memory.fill: address, byte and length are on the stack. */
  fill(): this {
    return this.#emit(PREFIX).#emit(MEMORY_FILL).#emit(0);
  }
  call(functionIndex: number): this {
    return this.#numbered(NUMBERED.call, functionIndex);
  }
  /** Leaves the function with the result of another, whose frame takes this one's place. */
  tailCall(functionIndex: number): this {
    return this.#numbered(NUMBERED.return_call, functionIndex);
  }
  /** The same with the function in the table at the index on the stack, of the type with this number. */
  tailCallIndirect(type: number): this {
    return this.#numbered(0x13, type).#emit(0);
  }
  /** Calls the function in the table at the index on the stack, of the type with this number. */
  callIndirect(type: number): this {
    return this.#numbered(CALL_INDIRECT, type).#emit(0);
  }
  select(): this {
    return this.#emit(PLAIN.select);
  }
  drop(): this {
    return this.#emit(PLAIN.drop);
  }
  return(): this {
    return this.#emit(PLAIN.return);
  }
  unreachable(): this {
    return this.#emit(PLAIN.unreachable);
  }

  /** Branching to the label leaves the block. */
  block(body: (label: Label) => void): this {
    return this.#structured(STRUCTURED.block, EMPTY, body);
  }
  /** Branching to the label starts the loop again. */
  loop(body: (label: Label) => void): this {
    return this.#structured(STRUCTURED.loop, EMPTY, body);
  }
  /** The condition is on the stack. */
  if(then: () => void, otherwise?: () => void, result?: ValueType): this {
    return this.#structured(STRUCTURED.if, result === undefined ? EMPTY : VALUE_TYPE[result], () => {
      then();
      if (otherwise !== undefined) {
        this.#emit(ELSE);
        otherwise();
      }
    });
  }
  /** As `if` and `branchIf`, where the condition is nearly never true. */
  ifUnlikely(then: () => void, otherwise?: () => void): this {
    this.#hint(UNLIKELY);
    return this.if(then, otherwise);
  }
  /** As `if`, where the condition is nearly always true. */
  ifLikely(then: () => void, otherwise?: () => void, result?: ValueType): this {
    this.#hint(LIKELY);
    return this.if(then, otherwise, result);
  }
  branchIfUnlikely(label: Label): this {
    this.#hint(UNLIKELY);
    return this.branchIf(label);
  }
  branch(label: Label): this {
    return this.#numbered(NUMBERED.br, this.#depth - label);
  }
  branchIf(label: Label): this {
    return this.#numbered(NUMBERED.br_if, this.#depth - label);
  }

  /**
   * Jumps by the value of a local: entry `n` of `table` names the case to execute, and its last entry the case for all
   * numbers beyond it. `body` emits a case; one that does not branch away falls out of the switch.
   */
  switchOn(selector: number, table: readonly number[], cases: number, body: (index: number) => void): this {
    return this.block((leave) => {
      // Case c is reached by leaving c + 1 blocks: the innermost one is case 0.
      for (let opened = 0; opened < cases; opened++) this.#open(STRUCTURED.block, EMPTY);
      this.get(selector).#numbered(BR_TABLE, table.length - 1);
      for (const entry of table) this.#unsigned(entry);
      for (let index = 0; index < cases; index++) {
        this.#close();
        body(index);
        this.branch(leave);
      }
    });
  }

  /** Leaves on the stack the number whose bits were just asked for; false where something else was. */
  #takeBackReinterpretation(): boolean {
    if (this.#reinterpreted !== this.#bytes.length) return false;
    this.#bytes.truncate(this.#reinterpreted - 1);
    this.#reinterpreted = NOWHERE;
    return true;
  }

  #hint(value: number): void {
    this.#hints.push({ at: this.#bytes.length, value });
  }

  #structured(opcode: number, type: number, body: (label: Label) => void): this {
    this.#open(opcode, type);
    body(this.#depth);
    return this.#close();
  }

  #open(opcode: number, type: number): void {
    this.#emit(opcode).#emit(type);
    this.#depth++;
  }

  #close(): this {
    this.#depth--;
    return this.#emit(END);
  }

  /** An instruction with a number, such as a local's or a function's. */
  #numbered(opcode: number, number: number): this {
    return this.#emit(opcode).#unsigned(number);
  }

  #unsigned(number: number): this {
    this.#bytes.unsigned(number);
    return this;
  }

  #emit(byte: number): this {
    this.#bytes.byte(byte);
    return this;
  }
}
