/**
 * A function's instructions as text, for people: as in WebAssembly's text format with operands folded into what takes
 * them, but a constant and a local stand for themselves, and what is a line of its own has no parentheses around it.
 */
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

/** What numbers in the code are called. */
export interface Names {
  local(index: number): string;
  global(index: number): string;
  function(index: number): { readonly name: string; readonly parameters: number; readonly results: number };
  /** What lies so many bytes from an address, which is text as `textOf` writes it; undefined for nothing known. */
  field(address: string, offset: number): string | undefined;
}

export interface TextLine {
  /** Where in the code its first instruction stands. */
  readonly at: number;
  readonly depth: number;
  readonly text: string;
}

/** An instruction with its operands, as far as these are not on the stack already. */
interface Expression {
  readonly at: number;
  readonly head: string;
  readonly operands: readonly Expression[];
}

/** The lines of a function's body (`Code.instructions`), none longer than `width` with its indentation if it can be broken. */
export function textOf(code: Uint8Array, names: Names, width: number): TextLine[] {
  return new Printer(code, names, width).print();
}

const nameByOpcode = new Map<number, { readonly name: string; readonly operands: number }>();
const nameByPrefixed = new Map<number, string>();

function enter(opcode: number, name: string, operands: number): void {
  nameByOpcode.set(opcode, { name, operands });
}

function enterBoth(
  table: Readonly<Record<string, readonly number[]>>,
  types: string[],
  operands: number,
): void {
  for (const [name, opcodes] of Object.entries(table)) {
    opcodes.forEach((opcode, i) => {
      enter(opcode, `${types[i]}.${name}`, operands);
    });
  }
}

enterBoth(ARITHMETIC, ["i32", "i64"], 2);
enterBoth(COMPARISON, ["i32", "i64"], 2);
enterBoth(UNARY, ["i32", "i64"], 1);
enterBoth(FLOAT_ARITHMETIC, ["f32", "f64"], 2);
enterBoth(FLOAT_COMPARISON, ["f32", "f64"], 2);
enterBoth(FLOAT_UNARY, ["f32", "f64"], 1);
for (const [name, [opcode, second]] of Object.entries(FLOAT_CONVERSION)) {
  if (second === undefined) enter(opcode, name, 1);
  else nameByPrefixed.set(second, name);
}
for (const [name, opcode] of Object.entries(PLAIN)) enter(opcode, name, name === "select" ? 3 : 1);

const inverse = (table: Readonly<Record<string, number>>) =>
  new Map(Object.entries(table).map(([name, opcode]) => [opcode, name]));
const loads = inverse(LOADS);
const stores = inverse(STORES);
const numbered = inverse(NUMBERED);
const structured = inverse(STRUCTURED);
const constants = inverse(CONSTANT);

/** Instructions that leave nothing on the stack, and after which nothing of this block executes. */
const WITHOUT_RESULT = new Set(["drop", "return", "unreachable"]);

class Printer {
  readonly #code: Uint8Array;
  readonly #names: Names;
  readonly #width: number;
  readonly #lines: TextLine[] = [];
  /** What is on the stack and has not been written yet. */
  #pending: Expression[] = [];
  #position = 0;
  #depth = 0;

  constructor(code: Uint8Array, names: Names, width: number) {
    this.#code = code;
    this.#names = names;
    this.#width = width;
  }

  print(): TextLine[] {
    while (this.#position < this.#code.length) this.#instruction();
    this.#flush();
    return this.#lines;
  }

  #instruction(): void {
    const at = this.#position;
    const opcode = this.#byte();
    const plain = nameByOpcode.get(opcode);
    if (plain !== undefined) {
      if (WITHOUT_RESULT.has(plain.name)) this.#does(at, plain.name, plain.name === "unreachable" ? 0 : 1);
      else this.#gives(at, plain.name, plain.operands);
      return;
    }
    const constant = constants.get(opcode);
    if (constant !== undefined) {
      this.#gives(at, this.#constant(constant), 0);
      return;
    }
    const nesting = structured.get(opcode);
    if (nesting !== undefined) {
      this.#byte();
      this.#does(at, nesting === "if" ? nesting : `${nesting} $${this.#depth + 1}`, nesting === "if" ? 1 : 0);
      this.#depth++;
      return;
    }
    const load = loads.get(opcode);
    const store = stores.get(opcode);
    if (load !== undefined || store !== undefined) this.#memory(at, load, store);
    else if (opcode === ELSE || opcode === END) this.#boundary(at, opcode);
    else this.#withNumber(at, opcode);
  }

  #boundary(at: number, opcode: number): void {
    this.#flush();
    this.#depth--;
    this.#line(at, opcode === ELSE ? "else" : "end");
    if (opcode === ELSE) this.#depth++;
  }

  #memory(at: number, load: string | undefined, store: string | undefined): void {
    this.#byte();
    const offset = this.#unsigned();
    const address = this.#pending.at(store === undefined ? -1 : -2);
    const known = address && this.#names.field(inline(address), offset);
    const place = known === undefined ? (offset === 0 ? "" : ` offset=${offset}`) : ` offset=${known}`;
    if (store === undefined) this.#gives(at, `${load}${place}`, 1);
    else this.#does(at, `${store}${place}`, 2);
  }

  #withNumber(at: number, opcode: number): void {
    const number = this.#unsigned();
    const name = numbered.get(opcode);
    switch (name) {
      case "local.get":
        this.#gives(at, `$${this.#names.local(number)}`, 0);
        return;
      case "local.tee":
        this.#gives(at, `local.tee $${this.#names.local(number)}`, 1);
        return;
      case "local.set":
        this.#does(at, `local.set $${this.#names.local(number)}`, 1);
        return;
      case "global.get":
        this.#gives(at, `global.get $${this.#names.global(number)}`, 0);
        return;
      case "global.set":
        this.#does(at, `global.set $${this.#names.global(number)}`, 1);
        return;
      case "br":
      case "br_if":
        this.#does(at, `${name} $${this.#depth - number}`, name === "br" ? 0 : 1);
        return;
      case "call":
      case "return_call": {
        const called = this.#names.function(number);
        const head = `${name} $${called.name}`;
        if (name === "call" && called.results > 0) this.#gives(at, head, called.parameters);
        else this.#does(at, head, called.parameters);
        return;
      }
    }
    if (opcode === BR_TABLE) {
      const labels = Array.from({ length: number + 1 }, () => `$${this.#depth - this.#unsigned()}`);
      this.#does(at, `br_table ${labels.join(" ")}`, 1);
    } else if (opcode === CALL_INDIRECT) {
      this.#byte();
      // What it takes depends on a type that only the module knows.
      this.#does(at, `call_indirect (type ${number})`, 0);
    } else if (opcode === PREFIX && number === MEMORY_FILL) {
      this.#byte();
      this.#does(at, "memory.fill", 3);
    } else if (opcode === PREFIX && nameByPrefixed.has(number)) {
      this.#gives(at, nameByPrefixed.get(number) ?? "", 1);
    } else {
      throw new Error(`opcode 0x${opcode.toString(16)} at ${at} is none that is written here`);
    }
  }

  #constant(type: string): string {
    if (type === "i32" || type === "i64") return constantText(this.#signed(), type);
    const bytes = Uint8Array.from({ length: type === "f32" ? 4 : 8 }, () => this.#byte());
    const view = new DataView(bytes.buffer);
    return `${type === "f32" ? view.getFloat32(0, true) : view.getFloat64(0, true)}`;
  }

  /** An instruction that leaves a value on the stack. */
  #gives(at: number, head: string, operands: number): void {
    const expression = this.#take(at, head, operands);
    this.#pending.push(expression);
  }

  /** An instruction that leaves none. */
  #does(at: number, head: string, operands: number): void {
    const expression = this.#take(at, head, operands);
    this.#flush();
    this.#write(expression, this.#depth);
  }

  #take(at: number, head: string, count: number): Expression {
    const operands = count === 0 ? [] : this.#pending.slice(-count);
    this.#pending = this.#pending.slice(0, this.#pending.length - operands.length);
    return { at: operands[0]?.at ?? at, head, operands };
  }

  /** Writes what is on the stack: it stays there for instructions that come after other lines. */
  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const expression of pending) this.#write(expression, this.#depth);
  }

  #write(expression: Expression, depth: number, inner = false): void {
    const { at, head, operands } = expression;
    const whole = inner ? inline(expression) : [head, ...operands.map(inline)].join(" ");
    if (operands.length === 0 || whole.length + 2 * depth <= this.#width) {
      this.#lines.push({ at, depth, text: whole });
      return;
    }
    this.#lines.push({ at, depth, text: inner ? `(${head}` : head });
    for (const operand of operands) this.#write(operand, depth + 1, true);
    const last = this.#lines.pop();
    if (last !== undefined) this.#lines.push(inner ? { ...last, text: `${last.text})` } : last);
  }

  #line(at: number, text: string): void {
    this.#lines.push({ at, depth: this.#depth, text });
  }

  #byte(): number {
    return this.#code[this.#position++] ?? 0;
  }

  #unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  #signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; ) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }
}

function inline({ head, operands }: Expression): string {
  if (operands.length === 0) return head.includes(" ") ? `(${head})` : head;
  return `(${[head, ...operands.map(inline)].join(" ")})`;
}

const LARGEST_DECIMAL = 4096n;

function constantText(value: bigint, type: "i32" | "i64"): string {
  if (value > -LARGEST_DECIMAL && value <= LARGEST_DECIMAL) return `${value}`;
  return `0x${BigInt.asUintN(type === "i32" ? 32 : 64, value).toString(16)}`;
}
