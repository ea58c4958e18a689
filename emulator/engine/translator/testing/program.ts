/** Random blocks of the vocabulary, for what no instruction does yet: they loop, call, store and return anywhere. */
import { state } from "../../../hart/layout.ts";
import { rd, readMemory, rs1, rs2 } from "../../../isa/operands.ts";
import type { I64 } from "../../../language/expression.ts";
import { cell64, hart, type I32, select, u32, u64 } from "../../../language/expression.ts";
import { procedure } from "../../../language/procedure.ts";
import type { Block, Local64 } from "../../../language/statement.ts";
import { block, local, match, raise, returns, storeCell, when, whilst } from "../../../language/statement.ts";

/** Few, so that what one statement stores another loads. */
const FIELDS = [state.mscratch, state.mstatus];
const CONSTANTS = [0n, 1n, 2n, 6n, 0x6000n, -1n, 1n << 63n, 0xffff_ffffn];
const DEPTH = 3;

type Function = (args: { kind: I64 | bigint; value: I64 }) => I64;

/** Writes one block and the procedures it calls. */
class Author {
  readonly #random: () => bigint;
  #functions: Function[] = [];
  #variables: Local64[] = [];
  /** Whether x registers, guest memory and the end of the instruction are at hand. */
  #inInstruction = false;

  constructor(random: () => bigint) {
    this.#random = random;
  }

  write(): Block {
    for (let i = 0; i < 3; i++) this.#functions = [...this.#functions, this.#function(i)];
    return block(() => {
      this.#inInstruction = true;
      this.#variables = [local(rs1), local(u64(this.#constant()))];
      this.#statements(DEPTH, 6);
      rd.set(this.#value(1));
    });
  }

  #function(index: number): Function {
    const known = procedure(`f${index}`, { kind: "i64", value: "i64" }, "i64", ({ kind, value }) => {
      this.#variables = [kind, value];
      if (this.#below(2) === 0) this.#pick(FIELDS).set(value);
      when(kind.eq(this.#constant()), () => this.#branch(2));
      this.#statements(1, 2);
      when(kind.and(this.#constant()).ne(0), () => returns(this.#value(1)));
      return this.#value(1);
    });
    // Described here and now, while the functions before it are all there are.
    known.procedure.body();
    return known;
  }

  #below(bound: number): number {
    return Number(this.#random() % BigInt(bound));
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.#below(from.length)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }

  #constant(): bigint {
    return this.#pick(CONSTANTS);
  }

  #statements(depth: number, most: number): void {
    for (let count = 1 + this.#below(most); count > 0; count--) this.#statement(depth);
  }

  #statement(depth: number): void {
    switch (this.#below(depth > 0 ? 9 : 5)) {
      case 0:
        this.#variables = [...this.#variables, local(this.#value(2))];
        return;
      case 1:
        this.#pick(this.#variables).set(this.#value(2));
        return;
      case 2: {
        const field = this.#pick(FIELDS);
        field.set(this.#below(2) === 0 ? this.#value(2) : field.get().or(this.#constant()));
        return;
      }
      case 3:
        if (this.#below(2) === 0) storeCell("i64", hart.add(this.#pick(FIELDS).offset), this.#value(1));
        return;
      case 4:
        if (this.#inInstruction) rd.set(this.#value(2));
        return;
      case 5:
      case 6:
        when(
          this.#condition(),
          () => this.#branch(depth),
          () => this.#branch(depth),
        );
        return;
      case 7: {
        const round = local(u64(0));
        whilst(round.ltU(3), () => {
          this.#branch(depth);
          round.set(round.add(1));
        });
        return;
      }
      case 8:
        match(
          this.#value(1).toI32().and(3),
          [
            [0, () => this.#branch(depth)],
            [2, () => this.#branch(depth)],
          ],
          () => this.#branch(depth),
        );
    }
  }

  /** Variables that are made in it are not read after it, for it may not execute. */
  #branch(depth: number): void {
    const variables = this.#variables;
    if (this.#below(2) === 0) this.#statements(depth - 1, 3);
    if (this.#below(8) === 0) raise(u32(2), this.#value(1));
    this.#variables = variables;
  }

  #condition(): I32 {
    const [a, b] = [this.#value(1), this.#value(0)];
    const compared = this.#pick([a.eq(b), a.ltU(b), a.ltS(b), a.and(this.#constant()).isZero()]);
    return this.#pick([compared, compared.isZero(), compared.or(a.bit(1)), compared.and(b.ne(0))]);
  }

  #value(depth: number): I64 {
    switch (this.#below(depth > 0 ? 13 : 4)) {
      case 0:
        return u64(this.#constant());
      case 1:
        return this.#pick(this.#variables);
      case 2:
        return this.#pick(FIELDS).get();
      case 3:
        return this.#inInstruction ? this.#pick([rs1, rs2]) : this.#pick(this.#variables);
      case 4:
      case 5:
        return this.#computed(this.#value(depth - 1), this.#value(depth - 1));
      case 6:
        return this.#condition().toU64();
      case 7:
        return select(this.#condition(), this.#value(depth - 1), this.#value(depth - 1));
      case 8:
        return this.#inInstruction ? readMemory(u64(0x8000_1000n), 8, false) : this.#value(0);
      case 9:
        return cell64("i64", hart.add(this.#pick(FIELDS).offset));
      default: {
        const call = this.#functions.length > 0 ? this.#pick(this.#functions) : undefined;
        if (call === undefined) return this.#value(depth - 1);
        const kind = this.#below(2) === 0 ? this.#constant() : this.#value(depth - 1);
        const called = () => call({ kind, value: this.#value(depth - 1) });
        const field = this.#pick(FIELDS);
        return this.#pick([
          () => called(),
          () => field.get().sub(called()),
          () => called().xor(field.get()),
        ])();
      }
    }
  }

  #computed(a: I64, b: I64): I64 {
    const constant = this.#constant();
    return this.#pick([
      a.add(b),
      a.sub(constant),
      a.and(constant),
      a.or(constant),
      a.xor(b),
      a.shrU(constant),
      a.shrS(b).and(constant),
      a.shl(b),
      a.rotl(constant),
      a.add(constant).add(constant),
      a.toI32().toU64(),
      a.toI32().add(b.toI32()).toS64(),
      a.signExtend(32),
      a.low32(),
      a.clz(),
      b.ctz().or(a.popcnt()),
    ]);
  }
}

/** A block that computes from rs1 and rs2, and changes rd and the hart's state. */
export const randomProgram = (random: () => bigint): Block => new Author(random).write();
