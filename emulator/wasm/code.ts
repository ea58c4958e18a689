/** The body of a WebAssembly function, written instruction by instruction with structured labels. */
import type { Arithmetic, Comparison, Unary } from "../language/expression.ts";
import { signedLeb, unsignedLeb, vector } from "./binary.ts";

export type IntegerType = "i32" | "i64";
export type FloatType = "f32" | "f64";
export type ValueType = IntegerType | FloatType;
export const VALUE_TYPE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

const ARITHMETIC: Record<Arithmetic, readonly [i32: number, i64: number]> = {
  add: [0x6a, 0x7c],
  sub: [0x6b, 0x7d],
  mul: [0x6c, 0x7e],
  div_s: [0x6d, 0x7f],
  div_u: [0x6e, 0x80],
  rem_s: [0x6f, 0x81],
  rem_u: [0x70, 0x82],
  and: [0x71, 0x83],
  or: [0x72, 0x84],
  xor: [0x73, 0x85],
  shl: [0x74, 0x86],
  shr_s: [0x75, 0x87],
  shr_u: [0x76, 0x88],
  rotl: [0x77, 0x89],
  rotr: [0x78, 0x8a],
};

const COMPARISON: Record<Comparison, readonly [i32: number, i64: number]> = {
  eq: [0x46, 0x51],
  ne: [0x47, 0x52],
  lt_s: [0x48, 0x53],
  lt_u: [0x49, 0x54],
  gt_s: [0x4a, 0x55],
  gt_u: [0x4b, 0x56],
  le_s: [0x4c, 0x57],
  le_u: [0x4d, 0x58],
  ge_s: [0x4e, 0x59],
  ge_u: [0x4f, 0x5a],
};

const UNARY: Record<Unary, readonly [i32: number, i64: number]> = {
  clz: [0x67, 0x79],
  ctz: [0x68, 0x7a],
  popcnt: [0x69, 0x7b],
  extend8_s: [0xc0, 0xc2],
  extend16_s: [0xc1, 0xc3],
  // A 32-bit value needs no extension to 32 bits: nop.
  extend32_s: [0x01, 0xc4],
};

const FLOAT_ARITHMETIC = {
  add: [0x92, 0xa0],
  sub: [0x93, 0xa1],
  mul: [0x94, 0xa2],
  div: [0x95, 0xa3],
} as const;
const FLOAT_COMPARISON = {
  eq: [0x5b, 0x61],
  ne: [0x5c, 0x62],
  lt: [0x5d, 0x63],
  gt: [0x5e, 0x64],
  le: [0x5f, 0x65],
  ge: [0x60, 0x66],
} as const;
const FLOAT_UNARY = {
  abs: [0x8b, 0x99],
  neg: [0x8c, 0x9a],
  ceil: [0x8d, 0x9b],
  floor: [0x8e, 0x9c],
  trunc: [0x8f, 0x9d],
  nearest: [0x90, 0x9e],
  sqrt: [0x91, 0x9f],
} as const;
const FLOAT_CONVERSION = {
  "f32.convert_i64_s": [0xb4],
  "f32.demote_f64": [0xb6],
  "f64.convert_i64_s": [0xb9],
  "f64.promote_f32": [0xbb],
  "i32.reinterpret_f32": [0xbc],
  "i64.reinterpret_f64": [0xbd],
  "f32.reinterpret_i32": [0xbe],
  "f64.reinterpret_i64": [0xbf],
  "i64.trunc_sat_f32_s": [0xfc, 4],
  "i64.trunc_sat_f64_s": [0xfc, 6],
} as const;

export type FloatArithmetic = keyof typeof FLOAT_ARITHMETIC;
export type FloatComparison = keyof typeof FLOAT_COMPARISON;
export type FloatUnary = keyof typeof FLOAT_UNARY;
export type FloatConversion = keyof typeof FLOAT_CONVERSION;

const LOADS = {
  "i32.load": 0x28,
  "i64.load": 0x29,
  "i32.load8_s": 0x2c,
  "i32.load8_u": 0x2d,
  "i32.load16_s": 0x2e,
  "i32.load16_u": 0x2f,
  "i64.load8_s": 0x30,
  "i64.load8_u": 0x31,
  "i64.load16_s": 0x32,
  "i64.load16_u": 0x33,
  "i64.load32_s": 0x34,
  "i64.load32_u": 0x35,
} as const;
const STORES = {
  "i32.store": 0x36,
  "i64.store": 0x37,
  "i32.store8": 0x3a,
  "i32.store16": 0x3b,
  "i64.store8": 0x3c,
  "i64.store16": 0x3d,
  "i64.store32": 0x3e,
} as const;

export type Load = keyof typeof LOADS;
export type Store = keyof typeof STORES;

/** A branch target: the depth at which its block was opened. */
export type Label = number;

const EMPTY = 0x40;

export class Code {
  readonly #bytes: number[] = [];
  readonly #locals: ValueType[];
  readonly #parameters: number;
  readonly #scratch = new Map<string, number>();
  /** Where branches stand that are hardly ever taken, or nearly always: offsets in `#bytes`, and which. */
  readonly #hints: { readonly at: number; readonly likely: boolean }[] = [];
  #depth = 0;

  constructor(parameters: readonly ValueType[]) {
    this.#locals = [...parameters];
    this.#parameters = parameters.length;
  }

  /** A new local variable's index; parameters come first. */
  local(type: ValueType): number {
    return this.#locals.push(type) - 1;
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

  /** The encoded body with its local declarations. */
  body(): number[] {
    const declared = this.#declarations();
    const size = unsignedLeb(declared.length + this.#bytes.length + 1);
    return size.concat(declared, this.#bytes, 0x0b);
  }

  /** The function's entry of a branch-hint section, without its index; undefined where nothing is hinted. */
  hints(): number[] | undefined {
    if (this.#hints.length === 0) return undefined;
    const before = this.#declarations().length;
    return vector(this.#hints.map(({ at, likely }) => [...unsignedLeb(at + before), 1, likely ? 1 : 0]));
  }

  /** Bytes emitted so far. */
  get length(): number {
    return this.#bytes.length;
  }

  #declarations(): number[] {
    const declared = this.#locals.slice(this.#parameters).map((t) => [1, VALUE_TYPE[t]]);
    return vector(declared);
  }

  i32(value: number | bigint): this {
    return this.#emit(0x41, signedLeb(BigInt.asIntN(32, BigInt(value))));
  }
  i64(value: number | bigint): this {
    return this.#emit(0x42, signedLeb(BigInt(value)));
  }
  get(local: number): this {
    return this.#emit(0x20, unsignedLeb(local));
  }
  set(local: number): this {
    return this.#emit(0x21, unsignedLeb(local));
  }
  tee(local: number): this {
    return this.#emit(0x22, unsignedLeb(local));
  }
  getGlobal(index: number): this {
    return this.#emit(0x23, unsignedLeb(index));
  }
  setGlobal(index: number): this {
    return this.#emit(0x24, unsignedLeb(index));
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
    return this.#emit({ wrap: 0xa7, extend_s: 0xac, extend_u: 0xad }[op]);
  }
  float(type: FloatType, value: number): this {
    const view = new DataView(new ArrayBuffer(8));
    if (type === "f32") view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    const bytes = new Uint8Array(view.buffer, 0, type === "f32" ? 4 : 8);
    return this.#emit(type === "f32" ? 0x43 : 0x44, [...bytes]);
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
  /** By its name in WebAssembly's text format. */
  floatConvert(op: FloatConversion): this {
    const [opcode, ...rest] = FLOAT_CONVERSION[op];
    return this.#emit(opcode, rest);
  }
  isZero(): this {
    return this.#emit(0x45);
  }
  load(op: Load, offset: number): this {
    return this.#emit(LOADS[op], [0, ...unsignedLeb(offset)]);
  }
  store(op: Store, offset: number): this {
    return this.#emit(STORES[op], [0, ...unsignedLeb(offset)]);
  }
  /** memory.fill: address, byte and length are on the stack. */
  fill(): this {
    return this.#emit(0xfc, [11, 0]);
  }
  call(functionIndex: number): this {
    return this.#emit(0x10, unsignedLeb(functionIndex));
  }
  /** Leaves the function with the result of another, whose frame takes this one's place. */
  tailCall(functionIndex: number): this {
    return this.#emit(0x12, unsignedLeb(functionIndex));
  }
  /** Calls the function in the table at the index on the stack, of the type with this number. */
  callIndirect(type: number): this {
    return this.#emit(0x11, [...unsignedLeb(type), 0]);
  }
  select(): this {
    return this.#emit(0x1b);
  }
  drop(): this {
    return this.#emit(0x1a);
  }
  return(): this {
    return this.#emit(0x0f);
  }
  unreachable(): this {
    return this.#emit(0x00);
  }

  /** Branching to the label leaves the block. */
  block(body: (label: Label) => void): this {
    return this.#structured(0x02, EMPTY, body);
  }
  /** Branching to the label starts the loop again. */
  loop(body: (label: Label) => void): this {
    return this.#structured(0x03, EMPTY, body);
  }
  /** The condition is on the stack. */
  if(then: () => void, otherwise?: () => void, result?: ValueType): this {
    return this.#structured(0x04, result === undefined ? EMPTY : VALUE_TYPE[result], () => {
      then();
      if (otherwise !== undefined) {
        this.#emit(0x05);
        otherwise();
      }
    });
  }
  /** As `if` and `branchIf`, where the condition is nearly never true. */
  ifUnlikely(then: () => void): this {
    this.#hint(false);
    return this.if(then);
  }
  branchIfUnlikely(label: Label): this {
    this.#hint(false);
    return this.branchIf(label);
  }
  branch(label: Label): this {
    return this.#emit(0x0c, unsignedLeb(this.#depth - label));
  }
  branchIf(label: Label): this {
    return this.#emit(0x0d, unsignedLeb(this.#depth - label));
  }

  /**
   * Jumps by the value of a local: entry `n` of `table` names the case to execute, and its last entry the case for all
   * numbers beyond it. `body` emits a case; one that does not branch away falls out of the switch.
   */
  switchOn(selector: number, table: readonly number[], cases: number, body: (index: number) => void): this {
    return this.block((leave) => {
      const open = (n: number): void => {
        if (n === 0) {
          // Case c is reached by leaving c + 1 blocks: the innermost one is case 0.
          this.get(selector).#emit(0x0e, [...unsignedLeb(table.length - 1), ...table.flatMap(unsignedLeb)]);
          return;
        }
        this.block(() => open(n - 1));
        body(n - 1);
        this.branch(leave);
      };
      open(cases);
    });
  }

  #hint(likely: boolean): void {
    this.#hints.push({ at: this.#bytes.length, likely });
  }

  #structured(opcode: number, type: number, body: (label: Label) => void): this {
    this.#emit(opcode, [type]);
    this.#depth++;
    body(this.#depth);
    this.#depth--;
    return this.#emit(0x0b);
  }

  #emit(opcode: number, rest?: readonly number[]): this {
    this.#bytes.push(opcode);
    if (rest !== undefined) for (const b of rest) this.#bytes.push(b);
    return this;
  }
}
