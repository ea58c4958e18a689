/**
 * Partial evaluation of the vocabulary: what is known of an instruction before it executes (its operands, the machine's
 * settings) is worked out, and what remains does the same, in the same order, with fewer steps. One pass forwards
 * follows execution with what is known (facts.ts) and puts procedures where they are called if constants decide what they
 * do; one backwards drops what nothing reads.
 */
import type { Decoded } from "../../isa/decode.ts";
import type { Node, RegisterOperand, Setting } from "../../language/expression.ts";
import { walkStatements } from "../../language/parts.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block, Statement } from "../../language/statement.ts";
import { freshLocal } from "../../language/statement.ts";
import { effectsOf, hartStore, isHartCell, storesWhatIsThere } from "./effects.ts";
import { Facts } from "./facts.ts";
import {
  arithmetic,
  comparison,
  constant,
  constantOf,
  convert,
  isPure,
  isStable,
  negation,
  select,
  unary,
} from "./fold.ts";
import type { Inlined } from "./inline.ts";
import { decidingParameters, inlined } from "./inline.ts";
import { dropUnused } from "./liveness.ts";
import { mergeVariables } from "./merge.ts";

const SOURCES: readonly RegisterOperand[] = ["rs1", "rs2", "rs3"];

type Settings = Readonly<Record<Setting, bigint>>;
type Call = Extract<Node, { kind: "call" }>;
type If = Extract<Statement, { kind: "if" }>;
type Match = Extract<Statement, { kind: "match" }>;
type Store = Extract<Statement, { kind: "store" }>;

export interface Known {
  readonly settings: Settings;
  readonly decoded: Fields;
}

/** What is known of a decoded instruction: always its registers. */
export type Fields = Pick<Decoded, RegisterOperand> & Partial<Pick<Decoded, "immediate" | "word">>;

/**
 * The block with everything that is known beforehand worked out. `facts` are those after the instruction before, where
 * that one surely executed; afterwards they are those after this one. A block that has been specialised may be again,
 * to learn what it leaves behind or to use more facts.
 */
export function specialise(block: Block, { settings, decoded }: Known, facts = new Facts()): Block {
  const specialiser = new Specialiser(settings, decoded, facts);
  specialiser.block(block);
  facts.instructionEnded();
  return specialiser.finish();
}

/** Forms of procedures that replace calls, by the constants that decide what they do. */
const forms = new WeakMap<Settings, Map<Procedure, Map<string, Inlined | undefined>>>();

class Specialiser {
  readonly #settings: Settings;
  readonly #decoded: Fields | undefined;
  #facts: Facts;
  #out: Statement[] = [];
  #sets = false;
  /** Execution has left: nothing more is reached. */
  #left = false;
  /** Whether statements may be put before what is being evaluated. */
  #hoists = true;
  /** Names of variables while the body of a procedure stands for its call: each time they are other ones. */
  #names: Map<number, number> | undefined;

  constructor(settings: Settings, decoded: Fields | undefined, facts: Facts) {
    this.#settings = settings;
    this.#decoded = decoded;
    this.#facts = facts;
  }

  finish(): Block {
    return this.#sets ? mergeVariables(dropUnused(this.#out)) : this.#out;
  }

  block(block: Block): void {
    for (const s of block) {
      if (this.#left) return;
      this.#statement(s);
    }
  }

  /** Sets a variable of the block that is being made. */
  assign(id: number, value: Node): void {
    if (value.kind === "local" && value.id === id) return;
    this.#emit({ kind: "set", id, value });
    this.#sets = true;
    this.#facts.assigned(id, value);
  }

  #emit(s: Statement): void {
    if (!this.#left) this.#out.push(s);
  }

  #statement(s: Statement): void {
    switch (s.kind) {
      case "set":
        this.assign(this.#name(s.id), this.#node(s.value));
        return;
      case "evaluate":
        this.#evaluate(this.#node(s.value));
        return;
      case "if":
        this.#if(s);
        return;
      case "while":
        this.#while(s);
        return;
      case "match":
        this.#match(s);
        return;
      case "return":
        this.#leave({ kind: "return", value: s.value && this.#node(s.value) });
        return;
      case "store":
        this.#store(s);
        return;
      case "fill": {
        const [address, bytes] = this.#pair(s.address, s.bytes);
        this.#emit({ ...s, address, bytes });
        this.#facts.storedAnywhere();
        return;
      }
      case "write-x":
      case "write-f": {
        const value = this.#node(s.value);
        const register = this.#decoded?.[s.operand];
        if (s.kind === "write-x" && register === 0) {
          this.#evaluate(value);
          return;
        }
        this.#emit({ ...s, value });
        this.#facts.registerWritten(
          s.kind === "write-x" ? "x" : "f",
          (operand) => this.#decoded?.[operand] === register,
        );
        return;
      }
      case "write": {
        const [address, value] = this.#pair(s.address, s.value);
        this.#emit({ ...s, address, value });
        this.#facts.reachedOutside();
        return;
      }
      case "raise": {
        const [cause, value] = this.#pair(s.cause, s.value);
        this.#leave({ ...s, cause, value });
        return;
      }
      case "jump-to":
        this.#leave({ ...s, target: this.#node(s.target) });
        return;
      case "jump-by-immediate":
        this.#leave(s);
        return;
      case "synchronise":
        this.#emit(s);
        return;
    }
  }

  #leave(s: Statement): void {
    this.#emit(s);
    this.#left = true;
  }

  #evaluate(value: Node): void {
    if (!isPure(value)) this.#emit({ kind: "evaluate", value });
  }

  #store(s: Store): void {
    const [address, value] = this.#pair(s.address, s.value);
    const store = { ...s, address, value };
    const place = hartStore(store);
    if (place === undefined) {
      this.#emit(store);
      this.#facts.storedAnywhere();
      return;
    }
    const cell: Node = { kind: "cell", type: value.type, cell: s.cell, address, offset: s.offset };
    const whole = isHartCell(cell);
    if (storesWhatIsThere(store) || (whole && this.#facts.holds(cell, value))) return;
    this.#emit(store);
    if (whole) this.#facts.stored(place, value, this.#facts.onesOf(value));
    else this.#facts.stored(place);
  }

  // ---- control

  #if(s: If): void {
    const condition = this.#node(s.condition);
    const holds = this.#facts.decide(condition);
    if (holds !== undefined) {
      this.block(holds ? s.taken : s.otherwise);
      return;
    }
    // Most conditions only decide whether to leave at once, for which nothing need be known.
    const leaving = leavesAtOnce(s.taken);
    const facts = leaving ? this.#facts : this.#facts.copy();
    if (!leaving) facts.assume(condition, true);
    const taken = this.#branch(s.taken, facts);
    this.#facts.assume(condition, false);
    const otherwise = this.#branch(s.otherwise, this.#facts);

    if (taken.left) {
      // What follows a branch that leaves need not stand in the other one.
      this.#emit({ kind: "if", condition, taken: taken.block, otherwise: [] });
      for (const rest of otherwise.block) this.#emit(rest);
      this.#left = otherwise.left;
      return;
    }
    if (otherwise.left) {
      this.#emit({ kind: "if", condition: negation(condition), taken: otherwise.block, otherwise: [] });
      for (const rest of taken.block) this.#emit(rest);
      this.#facts.become(facts);
      return;
    }
    this.#facts.meet(facts);
    if (taken.block.length > 0)
      this.#emit({ kind: "if", condition, taken: taken.block, otherwise: otherwise.block });
    else if (otherwise.block.length > 0)
      this.#emit({ kind: "if", condition: negation(condition), taken: otherwise.block, otherwise: [] });
    else this.#evaluate(condition);
  }

  /** A block that is made by itself, from what is known at its beginning; afterwards `facts` are what is known at its end. */
  #branch(block: Block, facts: Facts): { readonly block: Block; readonly left: boolean } {
    const outer = { out: this.#out, facts: this.#facts };
    this.#out = [];
    this.#facts = facts;
    this.block(block);
    const branch = { block: this.#out, left: this.#left };
    this.#out = outer.out;
    this.#facts = outer.facts;
    this.#left = false;
    return branch;
  }

  #while(s: Extract<Statement, { kind: "while" }>): void {
    const variables = new Set<number>();
    let registers = false;
    walkStatements(s.body, (inner) => {
      if (inner.kind === "set") variables.add(this.#name(inner.id));
      registers ||= inner.kind === "write-x" || inner.kind === "write-f";
    });
    this.#facts.looped(variables, registers);
    const hoists = this.#hoists;
    this.#hoists = false;
    const condition = this.#node(s.condition);
    this.#hoists = hoists;
    if (condition.kind === "constant" && condition.value === 0n) return;
    const body = this.#branch(s.body, this.#facts.copy());
    this.#emit({ kind: "while", condition, body: body.block });
  }

  #match(s: Match): void {
    const value = this.#node(s.value);
    if (value.kind === "constant") {
      this.block(s.cases.get(Number(value.value)) ?? s.otherwise);
      return;
    }
    let end: Facts | undefined;
    const branch = (block: Block): Block => {
      const facts = this.#facts.copy();
      const made = this.#branch(block, facts);
      if (!made.left) {
        if (end === undefined) end = facts;
        else end.meet(facts);
      }
      return made.block;
    };
    const cases = new Map([...s.cases].map(([number, block]) => [number, branch(block)] as const));
    const otherwise = branch(s.otherwise);
    this.#emit({ kind: "match", value, cases, otherwise });
    if (end === undefined) this.#left = true;
    else this.#facts.become(end);
  }

  // ---- values

  #node(n: Node): Node {
    switch (n.kind) {
      case "constant":
      case "hart":
      case "pc":
      case "next":
        return n;
      case "f":
        return { ...n, operand: this.#firstNameOf(n.operand) };
      case "setting":
        return constant(n.type, this.#settings[n.name]);
      case "immediate":
        return this.#decoded?.immediate === undefined ? n : constant("i64", BigInt(this.#decoded.immediate));
      case "encoding":
        return this.#decoded?.word === undefined ? n : constant("i32", BigInt(this.#decoded.word));
      case "x":
        return this.#decoded?.[n.operand] === 0 ? constant("i64", 0n) : n;
      case "local": {
        const id = this.#name(n.id);
        return this.#facts.valueOf(id) ?? (id === n.id ? n : { ...n, id });
      }
      case "cell": {
        const address = this.#node(n.address);
        const cell = address === n.address ? n : { ...n, address };
        return this.#facts.contentOf(cell) ?? cell;
      }
      case "arithmetic": {
        const [a, b] = this.#pair(n.a, n.b);
        return this.#withOnes(arithmetic(n.type, n.op, a, b));
      }
      case "comparison": {
        const [a, b] = this.#pair(n.a, n.b);
        return comparison(n.op, a, b);
      }
      case "unary":
        return unary(n.type, n.op, this.#node(n.a));
      case "convert":
        return convert(n.op, this.#node(n.a));
      case "select": {
        const [taken, otherwise, condition] = this.#nodes([n.taken, n.otherwise, n.condition]);
        if (taken === undefined || otherwise === undefined || condition === undefined) return n;
        return select(condition, taken, otherwise);
      }
      case "read": {
        const address = this.#node(n.address);
        this.#facts.reachedOutside();
        return { ...n, address };
      }
      case "call":
        return this.#call(n);
    }
  }

  /** The first source operand that names the same register: what reads one is then alike what reads the other. */
  #firstNameOf(operand: RegisterOperand): RegisterOperand {
    const register = this.#decoded?.[operand];
    if (register === undefined) return operand;
    return SOURCES.find((source) => this.#decoded?.[source] === register) ?? operand;
  }

  /** Bits that are surely 1 need not be masked for, nor set. */
  #withOnes(n: Node): Node {
    if (n.kind !== "arithmetic" || n.b.kind !== "constant" || !isHartCell(n.a)) return n;
    if ((n.b.value & ~this.#facts.onesOf(n.a)) !== 0n) return n;
    return n.op === "and" ? n.b : n.op === "or" ? n.a : n;
  }

  #pair(a: Node, b: Node): readonly [Node, Node] {
    const first = this.#node(a);
    const mark = this.#out.length;
    const second = this.#node(b);
    return [this.#keep(first, mark), second];
  }

  #nodes(nodes: readonly Node[]): Node[] {
    const done: Node[] = [];
    for (const n of nodes) {
      const mark = this.#out.length;
      const value = this.#node(n);
      if (this.#out.length > mark) {
        // Kept in order, each before what was put there for the next.
        for (let i = done.length - 1; i >= 0; i--) {
          const earlier = done[i];
          if (earlier !== undefined) done[i] = this.#keep(earlier, mark);
        }
      }
      done.push(value);
    }
    return done;
  }

  /** A value that was evaluated when `mark` statements were there, and must have been if more have come since. */
  #keep(value: Node, mark: number): Node {
    if (this.#out.length === mark || isStable(value)) return value;
    const id = freshLocal();
    this.#out.splice(mark, 0, { kind: "set", id, value });
    this.#sets = true;
    return { kind: "local", type: value.type, id };
  }

  // ---- procedures

  #call(n: Call): Node {
    const { procedure } = n;
    const values = this.#nodes(n.arguments);
    if (procedure.kind === "inside" && this.#hoists) {
      const form = this.#form(procedure, values);
      if (form !== undefined) return this.#inline(procedure, form, values);
    }
    this.#facts.called(effectsOf(procedure));
    return { ...n, arguments: values };
  }

  #inline(procedure: Procedure, form: Inlined, values: readonly Node[]): Node {
    const names = this.#names;
    this.#names = new Map();
    procedure.parameters.forEach(({ id, type }, i) => {
      this.assign(this.#name(id), values[i] ?? constant(type, 0n));
    });
    this.block(form.body);
    // Where it surely raises a trap there is no result, and nobody who would use it.
    const result = form.result && this.#node(form.result);
    this.#names = names;
    return result ?? constant(procedure.result ?? "i32", 0n);
  }

  /** What replaces a call, where constants among its arguments decide what the procedure does. */
  #form(procedure: Procedure, values: readonly Node[]): Inlined | undefined {
    const places = decidingParameters(procedure);
    if (!places.some((place) => values[place]?.kind === "constant")) return undefined;
    const key = places.map((place) => constantOf(values[place]) ?? "").join();
    const ofSettings = entry(
      forms,
      this.#settings,
      () => new Map<Procedure, Map<string, Inlined | undefined>>(),
    );
    const ofProcedure = entry(ofSettings, procedure, () => new Map<string, Inlined | undefined>());
    return entry(ofProcedure, key, () => {
      const specialiser = new Specialiser(this.#settings, undefined, new Facts());
      for (const place of places) {
        const parameter = procedure.parameters[place];
        const value = values[place];
        if (parameter !== undefined && value?.kind === "constant") specialiser.assign(parameter.id, value);
      }
      specialiser.block(procedure.body());
      return inlined(specialiser.finish(), procedure);
    });
  }

  #name(id: number): number {
    return this.#names === undefined ? id : entry(this.#names, id, freshLocal);
  }
}

/** Whether a block does nothing but raise a trap or jump. */
function leavesAtOnce([first]: Block): boolean {
  if (first?.kind === "raise") return isPure(first.cause) && isPure(first.value);
  return first?.kind === "jump-by-immediate";
}

/** A map's value for a key, made when it is first asked for. */
function entry<K, V>(
  map: { get(key: K): V | undefined; has(key: K): boolean; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const there = map.get(key);
  if (there !== undefined || map.has(key)) return there as V;
  const made = make();
  map.set(key, made);
  return made;
}
