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
import { rd, rs1, rs2 } from "../../isa/operands.ts";
import { instructions } from "../../isa/table.ts";
import { instructionNamed, randomWords } from "../../isa/testing/sample.ts";
import { u64 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import type { Block } from "../../language/statement.ts";
import { block, evaluate, local, raise, when } from "../../language/statement.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { contextOf, Evaluator, RAISED } from "../reference/evaluate.ts";
import { Facts } from "./facts.ts";
import { specialise } from "./specialise.ts";
import { randomProgram } from "./testing/program.ts";
import { textOf } from "./testing/text.ts";

const RAM_BYTES = 0x10000;
const cpu = parseCpu("max");
const board = placeMachine({ ...defaultOptions, engine: "reference", cpu, harts: 1, memory: RAM_BYTES });
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
  readonly #state = new Int32Array(this.#memory.buffer, hart, board.hartBytes / 4);
  readonly #ram = new Int32Array(this.#memory.buffer, board.ram, RAM_BYTES / 4);
  readonly #context = contextOf(this.#memory.buffer, hart);
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

  /** The hart's state, without what was written to x0, and RAM. */
  get contents(): Int32Array {
    this.set64(X_OFFSET + X_SINK * 8, 0n);
    const contents = new Int32Array(this.#state.length + this.#ram.length);
    contents.set(this.#state);
    contents.set(this.#ram, this.#state.length);
    return contents;
  }

  set contents(words: Int32Array) {
    this.#state.set(words.subarray(0, this.#state.length));
    this.#ram.set(words.subarray(this.#state.length));
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
      const context = { ...this.#context, operands: decoded, pc: RAM_BASE, next, target: next };
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
  const all = words.map(decoded);
  const what = all.map((d) => `${d.instruction.name} 0x${d.word.toString(16)}`).join("; ");
  checkBlocks(
    all.map((d) => ({ block: d.instruction.semantics(), decoded: d })),
    random,
    what,
  );
}

function checkBlocks(originals: readonly Executable[], random: () => bigint, what: string): void {
  const facts = new Facts();
  const specialised = originals.map(({ block, decoded }) => ({
    block: specialise(block, { settings, decoded }, facts),
    decoded,
  }));
  for (let round = 0; round < 2; round++) {
    randomise(random);
    const before = machine.contents;
    const expected = { target: machine.execute(originals), contents: machine.contents };
    machine.contents = before;
    expect(machine.execute(specialised), what).toBe(expected.target);
    const differing = difference(expected.contents, machine.contents);
    if (differing !== undefined) expect.fail(`${what}: state, or RAM after it, differs at byte ${differing}`);
  }
}

function difference(a: Int32Array, b: Int32Array): number | undefined {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i * 4;
  return undefined;
}

describe("a specialised instruction does what its description says", () => {
  test.each(instructions.map((entry) => [entry.name, entry] as const))("%s", (_, entry) => {
    const random = randomBits(11n);
    for (const word of randomWords(entry, 8)) if (decode(word) !== undefined) check([word], random);
  });

  // Event counters are all alike.
  const various = csrs.filter(({ name }) => !/^m?hpm(counter|event)(?!3$)/.test(name));
  test.each(various.map((csr) => [csr.name, csr.number] as const))("accesses to %s", (_, number) => {
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

  test("or what any other would say", () => {
    const random = randomBits(14n);
    for (let i = 0; i < 400; i++) {
      const word = encode(instructionNamed("add"), {
        rd: 5,
        rs1: i % 2 === 0 ? 5 : 6,
        rs2: i % 3 === 0 ? 0 : 7,
      });
      const programs = [randomProgram(random), randomProgram(random)];
      checkBlocks(
        programs.map((program) => ({ block: program, decoded: decoded(word) })),
        random,
        `program ${i}`,
      );
    }
  });

  test("in the same order", () => {
    const { mscratch } = state;
    const exchange = procedure("exchange", { value: "i64" }, "i64", ({ value }) => {
      const old = local(mscratch.get());
      mscratch.set(value);
      return old;
    });
    const isZero = () => mscratch.get().and(1).isZero();
    const programs = [
      block(() => {
        const before = local(mscratch.get());
        rd.set(exchange({ value: rs1 }).sub(before));
      }),
      block(() => rd.set(mscratch.get().sub(exchange({ value: rs1 })))),
      block(() => {
        when(isZero(), () => raise(2, rs1));
        mscratch.set(rs2);
        when(isZero(), () => rd.set(rs1));
        evaluate(exchange({ value: rs1 }));
        when(isZero(), () => mscratch.set(u64(3)));
      }),
      block(() => {
        const value = local(rs1);
        rd.set(rs2);
        mscratch.set(value);
      }),
    ];
    const random = randomBits(15n);
    for (let i = 0; i < 20; i++) {
      for (const source of [5, 6]) {
        const operands = decoded(encode(instructionNamed("add"), { rd: 5, rs1: source, rs2: 7 }));
        for (const program of programs)
          checkBlocks([{ block: program, decoded: operands }], random, textOf(program).join("; "));
      }
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

const made = (word: number, facts?: Facts): Block => {
  const known = { settings, decoded: decoded(word) };
  return specialise(known.decoded.instruction.semantics(), known, facts);
};
const text = (name: string, operands: Parameters<typeof encode>[1], facts?: Facts): string[] =>
  textOf(made(encode(instructionNamed(name), operands), facts));
const csrText = (name: string, csr: string, rd: number, source: number): string[] =>
  textOf(made(csrAccess(name, csrNamed(csr).number, rd, source)));

describe("what remains of an instruction", () => {
  test("a write to x0 is nothing, but what it loads is loaded", () => {
    expect(text("addi", { rd: 0, rs1: 5, immediate: 4 })).toEqual([]);
    expect(text("ld", { rd: 0, rs1: 5 })).toEqual(["read8(x.rs1)"]);
  });

  test("x0 is 0, and adding 0 is nothing", () => {
    expect(text("addi", { rd: 5, rs1: 0, immediate: -3 })).toEqual(["x.rd = -3"]);
    expect(text("addi", { rd: 5, rs1: 6 })).toEqual(["x.rd = x.rs1"]);
    expect(text("add", { rd: 5, rs1: 0, rs2: 6 })).toEqual(["x.rd = x.rs2"]);
    expect(text("addiw", { rd: 5, rs1: 6 })).toEqual(["x.rd = extend32_s(x.rs1)"]);
    expect(text("beq", { rs1: 5, rs2: 0, immediate: 8 })).toEqual(["if eq(x.rs1, 0)", "  jump-by-immediate"]);
    expect(text("divu", { rd: 5, rs1: 6, rs2: 0 })).toEqual(["x.rd = -1"]);
  });

  test("what is a word is not extended again", () => {
    const shifted = (name: string, immediate: number) => text(name, { rd: 5, rs1: 6, immediate });
    expect(shifted("srliw", 3)).toEqual(["x.rd = shr_u(and(x.rs1, 0xffffffff), 3)"]);
    expect(shifted("srliw", 0)).toEqual(["x.rd = extend32_s(x.rs1)"]);
    expect(shifted("sraiw", 3)).toEqual(["x.rd = shr_s(extend32_s(x.rs1), 3)"]);
    expect(shifted("slliw", 3)).toEqual(["x.rd = extend32_s(shl(x.rs1, 3))"]);
  });

  test("jalr knows where it goes before it writes the register it goes by", () => {
    const jump = ["v0 = and(x.rs1, -2)", "x.rd = next", "jump(v0)"];
    expect(text("jalr", { rd: 1, rs1: 1 })).toEqual(jump);
    expect(text("jalr", { rd: 0, rs1: 1 })).toEqual(["jump(and(x.rs1, -2))"]);
  });

  test("a swap with a register is a load and a store", () => {
    expect(csrText("csrrw", "sscratch", 5, 5)).toEqual([
      "if eq(mode, 0)",
      "  raise(2, 0x140292f3)",
      "v0 = sscratch",
      "sscratch = x.rs1",
      "x.rd = v0",
    ]);
    expect(csrText("csrrw", "mscratch", 0, 5)).toEqual([
      "if lt_u(mode, 3)",
      "  raise(2, 0x34029073)",
      "mscratch = x.rs1",
    ]);
  });

  test("counters are read where they may be", () => {
    expect(csrText("csrrs", "time", 5, 0)).toEqual([
      "if or(and(lt_u(mode, 3), eq(and(mcounteren, 2), 0)), and(eq(mode, 0), eq(and(scounteren, 2), 0)))",
      "  raise(2, 0xc01022f3)",
      "x.rd = add(div_u(clock, 25), timeOffset)",
    ]);
    expect(csrText("csrrs", "cycle", 5, 0).at(-1)).toBe("x.rd = add(clock, cycleOffset)");
  });

  test("an access that is always illegal only raises", () => {
    expect(csrText("csrrw", "time", 5, 6)).toEqual(["raise(2, 0xc01312f3)"]);
  });

  test("what the hart looks at between instructions is still told to have changed", () => {
    expect(csrText("csrrw", "sstatus", 0, 6).at(-1)).toBe("controlChanged()");
  });

  test("sret", () => {
    expect(text("sret", {})).toEqual([
      "if eq(mode, 0)",
      "  raise(2, 0x10200073)",
      "if and(eq(mode, 1), wrap(and(shr_u(mstatus, 22), 1)))",
      "  raise(2, 0x10200073)",
      "v0 = returnFromSupervisor()",
      "synchronise",
      "jump(v0)",
    ]);
  });

  test("amoadd.w", () => {
    expect(text("amoadd.w", { rd: 5, rs1: 6, rs2: 7 })).toEqual([
      "v0 = placeAtomic(x.rs1, 4, 2)",
      "v1 = extend32_s(readPhysical(v0, 4, 7, x.rs1))",
      "writePhysical(v0, 4, add(v1, extend32_s(x.rs2)))",
      "x.rd = v1",
    ]);
  });
});

describe("floating point", () => {
  const off = (word: number) => ["if eq(and(mstatus, 0x6000), 0)", `  raise(2, 0x${word.toString(16)})`];
  const dirty = "mstatus = or(mstatus, 0x6000)";
  const registers = { rd: 5, rs1: 6, rs2: 7 };
  const nearest = encode(instructionNamed("fadd.d"), registers);
  const dynamic = (nearest | (7 << 12)) >>> 0;

  test("a static rounding mode is known", () => {
    expect(textOf(made(nearest))).toEqual([...off(nearest), "f.rd = float64.add(f.rs1, f.rs2, 0)", dirty]);
  });

  test("a reserved rounding mode is illegal", () => {
    const reserved = nearest | (5 << 12);
    expect(textOf(made(reserved))).toEqual([...off(reserved), `raise(2, 0x${reserved.toString(16)})`]);
  });

  test("arithmetic stays a call", () => {
    const computing = /^f(n?m?add|n?m?sub|mul|div|sqrt|eq|lt|le|min|max|class)\.[sd]$/;
    const entries = instructions.filter(({ name }) => computing.test(name));
    expect(entries.length).toBe(30);
    for (const { name, encoding } of entries) {
      const text = textOf(made((encoding.match | 0x80) >>> 0)).join();
      expect(text, name).toContain(name.endsWith(".s") ? "float32." : "float64.");
    }
  });

  test("where one instruction has executed the unit is on, and dirty where it wrote a register", () => {
    const facts = new Facts();
    const store = encode(instructionNamed("fsd"), { rs1: 6, rs2: 7 });
    expect(textOf(made(store, facts))).toEqual([...off(store), "write8(x.rs1, f.rs2)"]);
    expect(textOf(made(store, facts))).toEqual(["write8(x.rs1, f.rs2)"]);
    expect(textOf(made(nearest, facts))).toEqual(["f.rd = float64.add(f.rs1, f.rs2, 0)", dirty]);
    expect(textOf(made(nearest, facts))).toEqual(["f.rd = float64.add(f.rs1, f.rs2, 0)"]);
    expect(text("fld", { rd: 5, rs1: 6 }, facts)).toEqual(["f.rd = read8(x.rs1)"]);
    // A write of sstatus may have switched it off.
    made(csrAccess("csrrw", csrNamed("sstatus").number, 0, 6), facts);
    expect(textOf(made(store, facts))).toEqual([...off(store), "write8(x.rs1, f.rs2)"]);
  });

  test("signs taken from a register itself are its own, inverted or not", () => {
    const same = { rd: 5, rs1: 6, rs2: 6 };
    const off = 2;
    expect(text("fsgnj.d", same).slice(off)).toEqual(["f.rd = f.rs1", dirty]);
    expect(text("fsgnjn.d", same).slice(off)).toEqual(["f.rd = xor(f.rs1, 0x8000000000000000)", dirty]);
    expect(text("fsgnjn.d", registers).slice(off)).toHaveLength(2);
  });

  const frm = "wrap(and(shr_u(fcsr, 5), 7))";
  const reserved = [`if gt_u(${frm}, 4)`, `  raise(2, 0x${dynamic.toString(16)})`];
  const sum = `f.rd = float64.add(f.rs1, f.rs2, ${frm})`;

  test("the dynamic rounding mode is looked at", () => {
    expect(textOf(made(dynamic))).toEqual([...off(dynamic), ...reserved, sum, dirty]);
  });

  test("arithmetic, which only sets flags, leaves the rounding mode as it is", () => {
    const facts = new Facts();
    made(dynamic, facts);
    expect(textOf(made(dynamic, facts))).toEqual([sum]);
    made(csrAccess("csrrwi", csrNamed("frm").number, 0, 1), facts);
    expect(textOf(made(dynamic, facts))).toEqual([...reserved, sum]);
    made(csrAccess("csrrw", csrNamed("fflags").number, 0, 6), facts);
    expect(textOf(made(dynamic, facts))).toEqual([...reserved, sum]);
  });
});

test("a specialised block is as it is, specialised again", () => {
  for (const entry of instructions) {
    for (const word of randomWords(entry, 3)) {
      const known = decode(word);
      if (known === undefined) continue;
      const once = specialise(known.instruction.semantics(), { settings, decoded: known });
      expect(textOf(specialise(once, { settings, decoded: known })), entry.name).toEqual(textOf(once));
    }
  }
});
