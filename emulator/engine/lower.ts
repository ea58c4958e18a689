/**
 * Lowers the vocabulary to WebAssembly. What depends on where the code runs (operands, registers, guest memory, traps)
 * is asked of a `Site`; procedures have a site of their own kind.
 */

import { state } from "../hart/layout.ts";
import type { Cell, Node, RegisterOperand, Setting } from "../language/expression.ts";
import type { Procedure } from "../language/procedure.ts";
import type { Block, Statement } from "../language/statement.ts";
import type { Code, Load, Store, ValueType } from "../wasm/code.ts";

/** Names that procedures and globals have in the module under construction. */
export interface Linkage {
  readonly settings: Readonly<Record<Setting, bigint>>;
  /** Index of the function for a procedure; undefined for a hook that nobody listens to. */
  functionOf(procedure: Procedure): number | undefined;
  /** Global that is 1 while a trap has been raised and not yet taken. */
  readonly raisedGlobal: number;
}

type ReadNode = Extract<Node, { kind: "read" }>;
export type CallNode = Extract<Node, { kind: "call" }>;
type WriteStatement = Extract<Statement, { kind: "write" }>;

/** The surroundings of lowered code. */
export interface Site {
  readonly code: Code;
  /** Pushes the address of the hart's state. */
  hart(): void;
  /** Leaves after a trap has been raised. */
  leaveRaised(): void;
  /** Leaves with the result (if any) on the stack. */
  leaveReturning(): void;
  /** Called before a call to a procedure, which may look at the clock. */
  beforeCall(procedure: Procedure): void;
  /** Emits something shorter that gives what the call would; false where there is nothing. */
  replaceCall(call: CallNode, lower: Lowering): boolean;
  x(operand: RegisterOperand): void;
  f(operand: RegisterOperand): void;
  writeX(operand: RegisterOperand, value: () => void): void;
  writeF(operand: RegisterOperand, value: () => void): void;
  immediate(): void;
  encoding(): void;
  pc(): void;
  next(): void;
  read(node: ReadNode, lower: Lowering): void;
  write(statement: WriteStatement, lower: Lowering): void;
  jumpTo(target: () => void): void;
  jumpByImmediate(): void;
}

const LOAD_32: Record<Exclude<Cell, "i64">, Load> = {
  u8: "i32.load8_u",
  u16: "i32.load16_u",
  u32: "i32.load",
  i32: "i32.load",
};
const LOAD_64: Record<Cell, Load> = {
  u8: "i64.load8_u",
  u16: "i64.load16_u",
  u32: "i64.load32_u",
  i32: "i64.load32_s",
  i64: "i64.load",
};
const STORE_32: Record<Exclude<Cell, "i64">, Store> = {
  u8: "i32.store8",
  u16: "i32.store16",
  u32: "i32.store",
  i32: "i32.store",
};
const STORE_64: Record<Cell, Store> = {
  u8: "i64.store8",
  u16: "i64.store16",
  u32: "i64.store32",
  i32: "i64.store32",
  i64: "i64.store",
};

export class Lowering {
  readonly #linkage: Linkage;
  readonly #site: Site;
  readonly #code: Code;
  readonly #locals = new Map<number, number>();

  constructor(linkage: Linkage, site: Site) {
    this.#linkage = linkage;
    this.#site = site;
    this.#code = site.code;
  }

  /** Says which WebAssembly local holds a variable from the start (a parameter). */
  bind(variable: number, local: number): void {
    this.#locals.set(variable, local);
  }

  block(statements: Block): void {
    for (const s of statements) this.#statement(s);
  }

  /** Pushes the node's value. */
  node(n: Node): void {
    const code = this.#code;
    switch (n.kind) {
      case "constant":
        if (n.type === "i32") code.i32(n.value);
        else code.i64(n.value);
        return;
      case "setting":
        if (n.type === "i32") code.i32(this.#linkage.settings[n.name]);
        else code.i64(this.#linkage.settings[n.name]);
        return;
      case "arithmetic":
        this.node(n.a);
        this.node(n.b);
        code.arithmetic(n.type, n.op);
        return;
      case "comparison":
        this.#comparison(n);
        return;
      case "unary":
        this.node(n.a);
        code.unary(n.type, n.op);
        return;
      case "convert":
        this.node(n.a);
        code.convert(n.op);
        return;
      case "select":
        this.node(n.taken);
        this.node(n.otherwise);
        this.node(n.condition);
        code.select();
        return;
      case "local":
        code.get(this.#local(n.id, n.type));
        return;
      case "call":
        this.#call(n);
        return;
      case "cell":
        this.node(n.address);
        code.load(n.type === "i32" ? LOAD_32[n.cell as Exclude<Cell, "i64">] : LOAD_64[n.cell], n.offset);
        return;
      case "hart":
        this.#site.hart();
        return;
      case "x":
        this.#site.x(n.operand);
        return;
      case "f":
        this.#site.f(n.operand);
        return;
      case "immediate":
        this.#site.immediate();
        return;
      case "encoding":
        this.#site.encoding();
        return;
      case "pc":
        this.#site.pc();
        return;
      case "next":
        this.#site.next();
        return;
      case "read":
        this.#site.read(n, this);
        return;
    }
  }

  /** After a call that may have raised a trap: leaves if it did. */
  leaveIfRaised(): void {
    this.#code.getGlobal(this.#linkage.raisedGlobal).if(() => this.#site.leaveRaised());
  }

  #comparison(n: Extract<Node, { kind: "comparison" }>): void {
    this.node(n.a);
    if (n.op === "eq" && n.a.type === "i32" && n.b.kind === "constant" && n.b.value === 0n) {
      this.#code.isZero();
      return;
    }
    this.node(n.b);
    this.#code.compare(n.a.type, n.op);
  }

  #call(n: CallNode): void {
    if (!this.#site.replaceCall(n, this)) this.call(n);
  }

  /** Pushes what a call gives, whatever could replace it. */
  call(n: CallNode): void {
    const code = this.#code;
    const index = this.#linkage.functionOf(n.procedure);
    if (index === undefined) {
      if (n.procedure.result === "i32") code.i32(0);
      if (n.procedure.result === "i64") code.i64(0);
      return;
    }
    for (const a of n.arguments) this.node(a);
    this.#site.beforeCall(n.procedure);
    code.call(index);
    if (n.procedure.raises()) this.leaveIfRaised();
  }

  #statement(s: Statement): void {
    const code = this.#code;
    switch (s.kind) {
      case "set":
        this.node(s.value);
        code.set(this.#local(s.id, s.value.type));
        return;
      case "evaluate":
        this.node(s.value);
        if (s.value.kind !== "call" || s.value.procedure.result !== undefined) code.drop();
        return;
      case "if":
        // What the configuration has decided costs nothing.
        if (s.condition.kind === "setting") {
          this.block(this.#linkage.settings[s.condition.name] === 0n ? s.otherwise : s.taken);
          return;
        }
        this.node(s.condition);
        code.if(
          () => this.block(s.taken),
          s.otherwise.length === 0 ? undefined : () => this.block(s.otherwise),
        );
        return;
      case "while":
        code.block((leave) =>
          code.loop((again) => {
            this.node(s.condition);
            code.isZero().branchIf(leave);
            this.block(s.body);
            code.branch(again);
          }),
        );
        return;
      case "match":
        this.#match(s);
        return;
      case "return":
        if (s.value !== undefined) this.node(s.value);
        this.#site.leaveReturning();
        return;
      case "store":
        this.node(s.address);
        this.node(s.value);
        code.store(
          s.value.type === "i32" ? STORE_32[s.cell as Exclude<Cell, "i64">] : STORE_64[s.cell],
          s.offset,
        );
        return;
      case "fill":
        this.node(s.address);
        code.i32(s.byte);
        this.node(s.bytes);
        code.fill();
        return;
      case "write-x":
        this.#site.writeX(s.operand, () => this.node(s.value));
        return;
      case "write-f":
        this.#site.writeF(s.operand, () => this.node(s.value));
        return;
      case "write":
        this.#site.write(s, this);
        return;
      case "raise":
        this.#site.hart();
        this.node(s.cause);
        code.store("i32.store", state.raisedCause.offset);
        this.#site.hart();
        this.node(s.value);
        code.store("i64.store", state.raisedValue.offset);
        code.i32(1).setGlobal(this.#linkage.raisedGlobal);
        this.#site.leaveRaised();
        return;
      case "jump-to":
        this.#site.jumpTo(() => this.node(s.target));
        return;
      case "jump-by-immediate":
        this.#site.jumpByImmediate();
        return;
      case "synchronise":
        // The engine finds it by scanning the instruction; there is nothing to execute.
        return;
    }
  }

  #match(s: Extract<Statement, { kind: "match" }>): void {
    const blocks = [...s.cases];
    const largest = Math.max(-1, ...s.cases.keys());
    const table = new Array<number>(largest + 2).fill(blocks.length);
    blocks.forEach(([number], i) => {
      table[number] = i;
    });
    const selector = this.#code.local("i32");
    this.node(s.value);
    this.#code.set(selector);
    this.#code.switchOn(selector, table, blocks.length + 1, (i) => this.block(blocks[i]?.[1] ?? s.otherwise));
  }

  #local(id: number, type: ValueType): number {
    let local = this.#locals.get(id);
    if (local === undefined) {
      local = this.#code.local(type);
      this.#locals.set(id, local);
    }
    return local;
  }
}
