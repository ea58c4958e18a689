/** Two instructions with one dispatch are as two with two. What instructions do by themselves is tested in `isa/`. */
import { beforeEach, describe, expect, it } from "vitest";
import { Bench } from "../../board/bench.ts";
import { createMachine } from "../../board/virt.ts";
import type { Operands } from "../../isa/encode.ts";
import { encode } from "../../isa/encode.ts";
import { instructions } from "../../isa/table.ts";
import { CODE, createBench, DATA } from "../../isa/testing/bench.ts";
import { instructionNamed } from "../../isa/testing/sample.ts";
import { u64 } from "../../language/expression.ts";
import type { Block } from "../../language/statement.ts";
import { block, raise } from "../../language/statement.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import { handlersOf } from "./handlers.ts";
import { Interpreter } from "./interpreter.ts";
import { Handler, SLOT_SHIFT } from "./slot.ts";
import { emptyMachine, placement } from "./testing/memory.ts";

type Line = readonly [name: string, operands: Operands];

const { byInstruction, pairs } = handlersOf(instructions);
const handlerOf = (name: string) => byInstruction.get(instructionNamed(name)) ?? 0;
const pairOf = (first: string, second: string): number => {
  const found = pairs.find((p) => p.first === handlerOf(first) && p.second === handlerOf(second));
  if (found === undefined) throw new Error(`${first} and ${second} are no pair, so this tests nothing`);
  return found.handler;
};

/** Adds one to a register, in two bytes. */
const count = (rd: number): Line => ["c.addi", { rd, immediate: 1 }];
/** The same in four. */
const countWide = (rd: number): Line => ["addi", { rd, rs1: rd, immediate: 1 }];

/** Code as a number, and how many bytes it takes. */
function assembled(lines: readonly Line[]): { code: bigint; bytes: number } {
  let [code, bytes] = [0n, 0];
  for (const [name, operands] of lines) {
    const instruction = instructionNamed(name);
    code |= BigInt(encode(instruction, operands)) << BigInt(8 * bytes);
    bytes += instruction.encoding.length;
  }
  return { code, bytes };
}

describe.each(["reference", "interpreter"] as const)("a pair (%s)", async (engine) => {
  const bench = await createBench(engine);

  /** Puts a pair somewhere, and what comes after it. */
  const put = (at: bigint, first: Line, second: Line, ...after: readonly Line[]): void => {
    pairOf(first[0], second[0]);
    const { code, bytes } = assembled([first, second, ...after]);
    bench.store(at, bytes, code);
  };
  const counted = (slots: number, pc = CODE) => {
    const after = bench.resume({ pc }, slots);
    return {
      counts: [10, 11, 12].map((n) => Number(after.x[n])),
      pc: after.pc,
      retired: Number(after.retired),
    };
  };

  it("may be one more than a run has slots for", () => {
    put(CODE, count(10), count(11), count(12));
    expect(counted(1)).toEqual({ counts: [1, 0, 0], pc: CODE + 2n, retired: 1 });
    expect(counted(2)).toEqual({ counts: [1, 1, 0], pc: CODE + 4n, retired: 2 });
    expect(counted(3)).toEqual({ counts: [1, 1, 1], pc: CODE + 6n, retired: 3 });
  });

  it("may be entered at its second", () => {
    put(CODE, count(10), count(11), ["c.j", { immediate: -2 }]);
    expect(counted(6)).toEqual({ counts: [1, 3, 0], pc: CODE + 4n, retired: 6 });
    expect(counted(3, CODE + 2n)).toEqual({ counts: [0, 2, 0], pc: CODE + 4n, retired: 3 });
  });

  it.each([
    ["short ones, apart", 2n, count],
    ["long ones, apart", 4n, countWide],
    ["long ones, of which the second crosses it", 6n, countWide],
    ["long ones, of which the first crosses it", 2n, countWide],
  ])("may lie at the end of a page: %s", (_, before, line) => {
    const at = CODE + 0x1000n - before;
    put(at, line(10), line(11), line(12));
    const length = BigInt(assembled([line(10)]).bytes);
    for (const retired of [1, 2, 3]) {
      const counts = [1, 1, 1].map((n, i) => (i < retired ? n : 0));
      expect(counted(retired, at)).toEqual({ counts, pc: at + length * BigInt(retired), retired });
    }
  });

  it("traps at its first before the second does anything", () => {
    put(CODE, ["ld", { rd: 10, rs1: 5, immediate: 8 }], ["ld", { rd: 11, rs1: 6 }]);
    const after = bench.resume({ x: { 6: DATA, 11: 7n } });
    expect(after).toMatchObject({ retired: 0n, trap: { cause: 5n, value: 8n, pc: CODE } });
    expect(after.x[11]).toBe(7n);
  });

  it("traps at its second after the first has retired", () => {
    put(CODE, ["ld", { rd: 10, rs1: 5 }], ["ld", { rd: 11, rs1: 6, immediate: 8 }]);
    bench.store(DATA, 8, 3n);
    const after = bench.resume({ x: { 5: DATA, 11: 7n } }, 2);
    expect(after).toMatchObject({ retired: 1n, trap: { cause: 5n, value: 8n, pc: CODE + 4n } });
    expect(after.x.slice(10, 12)).toEqual([3n, 7n]);
  });

  it("executes the second that its first has stored", () => {
    const store = CODE + 6n;
    const others = assembled([["c.addi", { rd: 10, immediate: 16 }], count(11), count(11), count(11)]);
    put(store, ["c.sd", { rs1: 8, rs2: 9 }], count(10), count(11), count(11), count(11));
    const before = { pc: store, x: { 8: CODE + 8n, 9: others.code } };
    expect(bench.resume(before, 2).x[10]).toBe(16n);
    put(store, ["c.sd", { rs1: 8, rs2: 9 }], count(10), count(11), count(11), count(11));
    expect(bench.resume({ pc: store, x: { 8: DATA } }, 2).x[10]).toBe(1n);
    expect(bench.resume(before, 2).x[10]).toBe(16n);
    // Another kind of instruction.
    const jump = assembled([["c.j", { immediate: 6 }], count(11), count(11), count(11)]);
    expect(bench.resume({ pc: store, x: { 8: CODE + 8n, 9: jump.code } }, 2).pc).toBe(CODE + 14n);
  });

  it("links and branches from where its second is", () => {
    put(CODE, ["auipc", { rd: 5 }], ["jalr", { rd: 1, rs1: 5, immediate: 16 }]);
    const called = bench.resume({}, 2);
    expect([called.x[1], called.pc]).toEqual([CODE + 8n, CODE + 16n]);
    put(CODE, count(10), ["c.jalr", { rs1: 5 }]);
    const compressed = bench.resume({ x: { 5: DATA } }, 2);
    expect([compressed.x[1], compressed.pc]).toEqual([CODE + 4n, DATA]);
    put(CODE, count(10), ["bne", { rs1: 10, immediate: -64 }]);
    expect(bench.resume({}, 2).pc).toBe(CODE - 62n);
    put(CODE, count(10), ["auipc", { rd: 11 }]);
    expect(bench.resume({}, 2).x[11]).toBe(CODE + 2n);
  });

  it("stops at a breakpoint at its second, and no more when that is gone", async () => {
    const { code, bytes } = assembled([count(10), count(11), ["c.j", { immediate: -4 }]]);
    const kernel = Uint8Array.from({ length: bytes }, (_, i) => Number((code >> BigInt(8 * i)) & 0xffn));
    const machine = await createMachine({ engine, kernel, harts: 1, memory: 16 * 2 ** 20 });
    machine.run(300);
    machine.breakpoints.add(RAM_BASE + 2n);
    const [hart] = machine.harts;
    const before = [hart?.x(10), hart?.x(11)];
    expect(machine.run(300)).toEqual({ reason: "breakpoint", hart: 0, pc: RAM_BASE + 2n });
    expect([hart?.x(10), hart?.x(11)]).toEqual([(before[0] ?? 0n) + 1n, before[1]]);
    machine.breakpoints.clear();
    expect(machine.run(300)).toEqual({ reason: "limit" });
    expect(hart?.x(11)).toBe((before[1] ?? 0n) + 100n);
  });

  it.each([
    ["nothing", [], [0n, 0n], 2],
    ["what raises a trap", block(() => raise(2, u64(0))), [0n, 0n], 0],
  ] as const)("executes what was made of its instructions: %s", async (_, body: Block, values, retired) => {
    const rewritten = await Bench.create({ engine, rewrite: (name, own) => (name === "addi" ? body : own) });
    const { code, bytes } = assembled([count(10), count(11)]);
    const [hart] = rewritten.harts;
    rewritten.write(
      RAM_BASE,
      Uint8Array.from({ length: bytes }, (_, i) => Number((code >> BigInt(8 * i)) & 0xffn)),
    );
    rewritten.run(2);
    expect([hart?.x(10), hart?.x(11)]).toEqual(values);
    expect(hart?.instructions).toBe(BigInt(retired));
  });
});

describe("decoded code", () => {
  let interpreter: Interpreter;
  let view: DataView;

  beforeEach(async () => {
    const machine = emptyMachine();
    view = machine.view;
    const { code } = assembled([10, 11, 12, 13].map(count));
    view.setBigUint64(placement.ram, code, true);
    view.setBigUint64(placement.ram + 8, code, true);
    interpreter = await Interpreter.create(machine.configuration, placement);
  });

  const pair = pairOf("c.addi", "c.addi");
  const alone = handlerOf("c.addi");
  const handlersFrom = (place: number, count: number) => {
    const slot = interpreter.pages.slotAt(place);
    return Array.from({ length: count }, (_, i) => view.getUint16(slot + ((2 * i) << SLOT_SHIFT), true));
  };

  it("has pairs that do not overlap", () => {
    expect(handlersFrom(0, 8)).toEqual([pair, alone, pair, alone, pair, alone, pair, alone]);
  });

  it("has pairs from where execution began", () => {
    expect(handlersFrom(2, 4)).toEqual([pair, alone, pair, alone]);
    expect(handlersFrom(0, 4)).toEqual([alone, pair, alone, pair]);
  });

  it("has none of what is illegal, or where a breakpoint may be", () => {
    view.setUint16(placement.ram + 2, 0, true);
    interpreter.breakAt(new Set([6n]));
    expect(handlersFrom(0, 3)).toEqual([alone, Handler.illegal, alone]);
    expect(handlersFrom(6, 1)).toEqual([Handler.breakpoint]);
  });
});
