import { describe, expect, test } from "vitest";
import { parseCpu } from "../../board/cpu.ts";
import { defaultOptions } from "../../board/options.ts";
import { placeMachine } from "../../board/placement.ts";
import { resetHart } from "../../board/reset.ts";
import { randomBits } from "../../float/testing/operands.ts";
import { F_OFFSET, state, X_OFFSET, X_SINK } from "../../hart/layout.ts";
import { csrNamed, csrs } from "../../isa/csr.ts";
import type { Decoded } from "../../isa/decode.ts";
import { createDecoder } from "../../isa/decode.ts";
import { encode } from "../../isa/encode.ts";
import { instructions } from "../../isa/table.ts";
import { instructionNamed, randomWords } from "../../isa/testing/sample.ts";
import { u64 } from "../../language/expression.ts";
import type { Block } from "../../language/statement.ts";
import { block } from "../../language/statement.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { Evaluator, RAISED } from "../reference/evaluate.ts";
import { Facts } from "./facts.ts";
import { specialise } from "./specialise.ts";
import { textOf } from "./testing/text.ts";

const cpu = parseCpu("max");
const board = placeMachine({ ...defaultOptions, engine: "reference", cpu, harts: 1, memory: 0x10000 });
const settings = { ...board.settings, clint: 0n };
const [hart = 0] = board.harts;
const decode = createDecoder(instructions);

interface Executable {
  readonly block: Block;
  readonly decoded: Decoded;
}

/** One hart and its memory, on which blocks execute. */
class Machine {
  readonly #memory = new WebAssembly.Memory({ initial: board.bytes / 65536 });
  readonly #view = new DataView(this.#memory.buffer);
  readonly #words = new BigUint64Array(this.#memory.buffer);
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #evaluator: Evaluator;
  readonly #compiled = new WeakMap<Block, ReturnType<Evaluator["block"]>>();

  constructor() {
    const absent = () => 0;
    const host = { deviceAt: absent, deviceRead: absent, deviceWrite: absent, storeObserved: absent };
    this.#evaluator = new Evaluator(
      { settings, host },
      { readVirtual: readVirtual.procedure, writeVirtual: writeVirtual.procedure },
    );
    resetHart(this.#view, hart, 0, cpu, RAM_BASE);
  }

  /** All of memory; what was written to x0 is not kept anywhere. */
  get contents(): BigUint64Array {
    this.set64(X_OFFSET + X_SINK * 8, 0n);
    return this.#words.slice();
  }

  set contents(words: BigUint64Array) {
    this.#words.set(words);
  }

  set64(offset: number, value: bigint): void {
    this.#view.setBigUint64(hart + offset, value, true);
  }

  set32(offset: number, value: number): void {
    this.#view.setInt32(hart + offset, value, true);
  }

  /** Executes instructions until one raises a trap; gives where execution goes, or "trap". */
  execute(instructions: readonly Executable[]): bigint | "trap" {
    let target = RAM_BASE;
    for (const { block, decoded } of instructions) {
      const next = RAM_BASE + BigInt(decoded.instruction.encoding.length);
      const context = {
        view: this.#view,
        bytes: this.#bytes,
        hart,
        operands: decoded,
        pc: RAM_BASE,
        next,
        target: next,
      };
      try {
        this.#compile(block)(context);
      } catch (error) {
        if (error !== RAISED) throw error;
        return "trap";
      }
      target = context.target;
      // Time passes from one instruction to the next.
      const clock = this.#view.getBigUint64(hart + state.clock.offset, true);
      this.set64(state.clock.offset, clock + 1n);
    }
    return target;
  }

  #compile(block: Block): ReturnType<Evaluator["block"]> {
    let compiled = this.#compiled.get(block);
    if (compiled === undefined) {
      compiled = this.#evaluator.block(block);
      this.#compiled.set(block, compiled);
    }
    return compiled;
  }
}

const machine = new Machine();
machine.execute(
  ["pmpaddr0", "pmpcfg0"].map((name) => ({
    // One range over the whole address space: NAPOT, read, write and execute.
    block: block(() => csrNamed(name).write(u64(name === "pmpcfg0" ? 0x1f : -1))),
    decoded: decoded(instructionNamed("fence").encoding.match),
  })),
);
const open = machine.contents;

/** Puts the hart into some state: registers, modes and enables that decide what instructions do. */
function randomise(random: () => bigint): void {
  machine.contents = open;
  const EDGES = [0n, 1n, -1n, 1n << 63n, 0x7fff_ffffn, 0xffff_ffff_3f80_0000n, 0x3ff0_0000_0000_0000n];
  const value = (): bigint => {
    const kind = Number(random() % 4n);
    if (kind === 0) return EDGES[Number(random() % BigInt(EDGES.length))] ?? 0n;
    return kind === 1 ? random() : RAM_BASE + (random() & 0xfff8n);
  };
  for (let n = 1; n < 32; n++) machine.set64(X_OFFSET + n * 8, value());
  for (let n = 0; n < 32; n++) machine.set64(F_OFFSET + n * 8, value());
  machine.set32(state.mode.offset, [0, 1, 3, 3][Number(random() & 3n)] ?? 3);
  // MPRV, TVM, TW, TSR, FS and what sret and mret read; MPP is never 2.
  const mpp = [0n, 1n, 3n, 3n][Number(random() & 3n)] ?? 3n;
  machine.set64(state.mstatus.offset, (random() & 0x7e_61aan) | (mpp << 11n));
  machine.set64(state.fcsr.offset, random() & 0xffn);
  for (const field of [
    state.mcounteren,
    state.scounteren,
    state.menvcfg,
    state.senvcfg,
    state.mie,
    state.mip,
    state.mideleg,
    state.mscratch,
    state.sscratch,
    state.sepc,
    state.mepc,
    state.stimecmp,
    state.clock,
    state.timeOffset,
  ]) {
    machine.set64(field.offset, random());
  }
}

function decoded(word: number): Decoded {
  const found = decode(word);
  if (found === undefined) throw new Error(`0x${word.toString(16)} is illegal`);
  return found;
}

/** Checks that instructions, one after the other, do the same with what is known of them worked out. */
function check(words: readonly number[], random: () => bigint): void {
  const facts = new Facts();
  const all = words.map(decoded);
  const originals = all.map((d) => ({ block: d.instruction.semantics(), decoded: d }));
  const made = originals.map(({ block: b, decoded: d }) => ({
    block: specialise(b, { settings, decoded: d }, facts),
    decoded: d,
  }));
  for (let round = 0; round < 3; round++) {
    randomise(random);
    const before = machine.contents;
    const expected = { target: machine.execute(originals), contents: machine.contents };
    machine.contents = before;
    const what = all.map((d) => `${d.instruction.name} 0x${d.word.toString(16)}`).join("; ");
    expect(machine.execute(made), what).toBe(expected.target);
    const differing = difference(expected.contents, machine.contents);
    if (differing !== undefined) expect.fail(`${what}: memory differs at hart + ${differing - hart}`);
  }
}

function difference(a: BigUint64Array, b: BigUint64Array): number | undefined {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i * 8;
  return undefined;
}

describe("a specialised instruction does what its description says", () => {
  test.each(instructions.map((entry) => [entry.name, entry] as const))("%s", (_, entry) => {
    const random = randomBits(11n);
    for (const word of randomWords(entry, 8)) if (decode(word) !== undefined) check([word], random);
  });

  test.each(csrs.map((csr) => [csr.name, csr.number] as const))("accesses to %s", (_, number) => {
    const random = randomBits(12n);
    for (const name of ["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"]) {
      for (const [rd, source] of [
        [5, 6],
        [0, 6],
        [5, 0],
        [6, 6],
      ] as const)
        check([csrAccess(name, number, rd, source)], random);
    }
  });

  test("one after the other", () => {
    const random = randomBits(13n);
    const pick = <T>(from: readonly T[]): T => {
      const picked = from[Number(random() % BigInt(from.length))];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    };
    const floating = instructions.filter(({ extension }) => ["f", "d", "zfh"].includes(extension));
    const word = (): number => {
      const kind = random() % 4n;
      if (kind === 0n)
        return csrAccess(pick(["csrrw", "csrrs", "csrrci"]), pick(csrs).number, pick([0, 5]), pick([0, 6]));
      return pick(randomWords(pick(kind === 1n ? instructions : floating), 6));
    };
    for (let i = 0; i < 400; i++) {
      const words = Array.from({ length: 5 }, word).filter((w) => decode(w) !== undefined);
      check(words, random);
    }
  });
});

function csrAccess(name: string, number: number, rd: number, source: number): number {
  return (instructionNamed(name).encoding.match | (number << 20) | (source << 15) | (rd << 7)) >>> 0;
}

const textAt = (word: number, facts?: Facts): string => {
  const known = { settings, decoded: decoded(word) };
  return textOf(specialise(known.decoded.instruction.semantics(), known, facts));
};
const text = (name: string, operands: Parameters<typeof encode>[1], facts?: Facts): string =>
  textAt(encode(instructionNamed(name), operands), facts);

describe("what remains of an instruction", () => {
  test("a write to x0 is nothing, but what it loads is loaded", () => {
    expect(text("addi", { rd: 0, rs1: 5, immediate: 4 })).toBe("");
    expect(text("ld", { rd: 0, rs1: 5 })).toBe("read8(x.rs1)");
  });
});
