import { beforeEach, describe, expect, it } from "vitest";
import { state, X_OFFSET } from "../../hart/layout.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import type { Line } from "../translator/testing/snippet.ts";
import { operationOf, Snippet } from "../translator/testing/snippet.ts";
import { Interpreter } from "./interpreter.ts";
import { emptyMachine, placement } from "./testing/memory.ts";
import { STEP_BYTES, StepRecord } from "./trace.ts";

const [hart = 0] = placement.harts;
const wordOf = (line: Line) => operationOf(line).decoded.word;

const nop: Line = ["addi"];
const increment: Line = ["addi", { rd: 10, rs1: 10, immediate: 1 }];
const compressed: Line = ["c.addi", { rd: 10, immediate: 1 }];
const jump = (immediate: number): Line => ["jal", { immediate }];
const call: Line = ["ecall"];
const wait: Line = ["wfi"];

let interpreter: Interpreter;
let view: DataView;

beforeEach(async () => {
  const machine = emptyMachine();
  view = machine.view;
  interpreter = await Interpreter.create(machine.configuration, placement);
});

/** Puts code into RAM, and the hart at its beginning. */
function enter(start: number, ...lines: readonly Line[]): void {
  new Snippet(start, lines).store(view.buffer, placement.ram);
  view.setBigUint64(hart + state.pc.offset, RAM_BASE + BigInt(start), true);
  interpreter.stateChanged();
}

/** What a trace ends with, and what was written down: offsets of pc, whether its page was known, and words. */
function trace(steps: number) {
  const { made, end } = interpreter.trace(0, steps);
  const records = Array.from({ length: made }, (_, i) => {
    const at = interpreter.traceRecords + i * STEP_BYTES;
    const pc = Number(view.getBigUint64(at + StepRecord.pc, true) - RAM_BASE);
    const cell = view.getUint32(at + StepRecord.cell, true);
    if (cell !== 0) expect(cell).toBe(placement.ram + pc);
    expect(view.getUint32(at + StepRecord.flat, true)).toBe(1);
    return [pc, cell === 0 ? undefined : view.getUint32(at + StepRecord.word, true)];
  });
  return { end, records };
}

describe("a trace", () => {
  it("has each instruction, one after the other", () => {
    enter(0x1000, increment, compressed, jump(-6));
    const round = [
      [0x1000, wordOf(increment)],
      [0x1004, wordOf(compressed)],
      [0x1006, wordOf(jump(-6))],
    ];
    expect(trace(7)).toEqual({ end: "slots", records: [...round, ...round, round[0]] });
    expect(trace(0)).toEqual({ end: "slots", records: [] });
    expect(view.getBigUint64(hart + X_OFFSET + 80, true)).toBe(5n);
    expect(view.getBigUint64(hart + state.clock.offset, true)).toBe(7n);
  });

  it("has an instruction that traps, and goes on at the handler", () => {
    view.setBigUint64(hart + state.mtvec.offset, RAM_BASE + 0x2000n, true);
    enter(0x2000, increment);
    enter(0x1000, call);
    expect(trace(2)).toEqual({
      end: "slots",
      records: [
        [0x1000, wordOf(call)],
        [0x2000, wordOf(increment)],
      ],
    });
  });

  it("does not know an instruction that could not be fetched", () => {
    view.setBigUint64(hart + state.mtvec.offset, RAM_BASE + 0x2000n, true);
    enter(0x2000, increment);
    enter(0x1000, ["jalr"]);
    expect(trace(3).records).toEqual([
      [0x1000, wordOf(["jalr"])],
      [-Number(RAM_BASE), undefined],
      [0x2000, wordOf(increment)],
    ]);
  });

  it("has an instruction on two pages as soon as the second one has been executed from", () => {
    enter(0x1ffe, increment, jump(-4));
    expect(trace(4).records).toEqual([
      [0x1ffe, 0],
      [0x2002, wordOf(jump(-4))],
      [0x1ffe, wordOf(increment)],
      [0x2002, wordOf(jump(-4))],
    ]);
    enter(0x3ffe, compressed);
    expect(trace(1).records).toEqual([[0x3ffe, wordOf(compressed)]]);
  });

  it("has what an instruction was after it has executed", () => {
    view.setBigUint64(hart + X_OFFSET + 80, RAM_BASE + 0x1000n, true);
    enter(0x1000, ["sw", { rs1: 10, rs2: 11 }]);
    expect(trace(1).records).toEqual([[0x1000, 0]]);
  });

  it("ends at a breakpoint", () => {
    enter(0x1000, nop, increment, jump(-8));
    interpreter.breakAt(new Set([RAM_BASE + 0x1004n]));
    expect(trace(10)).toEqual({ end: "breakpoint", records: [[0x1000, wordOf(nop)]] });
    expect(trace(10)).toEqual({ end: "breakpoint", records: [] });
    expect(view.getBigUint64(hart + state.clock.offset, true)).toBe(1n);
  });

  it("goes on where another page has a breakpoint", () => {
    enter(0x1000, nop, increment, jump(-8));
    interpreter.breakAt(new Set([RAM_BASE + 0x2000n, RAM_BASE + 0x2004n]));
    const { end, records } = trace(5);
    expect(end).toBe("slots");
    expect(records.map(([pc]) => pc)).toEqual([0x1000, 0x1004, 0x1008, 0x1000, 0x1004]);
    expect(view.getBigUint64(hart + state.clock.offset, true)).toBe(5n);
  });

  it("ends where the hart waits", () => {
    enter(0x1000, nop, wait);
    expect(trace(10)).toEqual({ end: "turn", records: [[0x1000, wordOf(nop)]] });
    expect(view.getBigUint64(hart + state.clock.offset, true)).toBe(2n);
    expect(trace(10)).toEqual({ end: "turn", records: [] });
  });
});
