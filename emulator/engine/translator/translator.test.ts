import { describe, expect, it } from "vitest";
import type { EngineName } from "../../board/options.ts";
import { createMachine } from "../../board/virt.ts";
import { encode, type Operands } from "../../isa/encode.ts";
import { instructionNamed } from "../../isa/testing/sample.ts";

const program = (...lines: readonly (readonly [string, Operands])[]): Uint8Array =>
  new Uint8Array(
    Uint32Array.from(lines.map(([name, operands]) => encode(instructionNamed(name), operands))).buffer,
  );

const boot = (engine: EngineName, kernel: Uint8Array, harts: number) =>
  createMachine({ engine, kernel, harts, memory: 16 * 2 ** 20 });

/** Sums up 100 numbers again and again, from a page of its own for each hart on. */
const sums = program(
  ["slli", { rd: 10, rs1: 10, immediate: 12 }],
  ["auipc", { rd: 5, immediate: 0x10_0000 }],
  ["add", { rd: 5, rs1: 5, rs2: 10 }],
  ["addi", { rd: 6, rs1: 5, immediate: 800 }],
  ["ld", { rd: 7, rs1: 5 }],
  ["addi", { rd: 7, rs1: 7, immediate: 1 }],
  ["sd", { rs1: 5, rs2: 7 }],
  ["add", { rd: 8, rs1: 8, rs2: 7 }],
  ["addi", { rd: 5, rs1: 5, immediate: 8 }],
  ["bltu", { rs1: 5, rs2: 6, immediate: -20 }],
  ["addi", { rd: 5, rs1: 5, immediate: -800 }],
  ["jal", { immediate: -28 }],
);

/** Stores the first instruction of a loop where it is, before the loop goes round 200 times. */
const rewriting = program(
  ["auipc", { rd: 5 }],
  ["lw", { rd: 6, rs1: 5, immediate: 64 }],
  ["sw", { rs1: 5, rs2: 6, immediate: 64 }],
  ["addi", { rd: 7, immediate: 200 }],
  ["jal", { immediate: 48 }],
  ...Array.from({ length: 11 }, () => ["addi", {}] as const),
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["addi", { rd: 7, rs1: 7, immediate: -1 }],
  ["bne", { rs1: 7, immediate: -8 }],
  ["jal", { immediate: -68 }],
);

describe("the translator", () => {
  it.each([1, 4])("translates what %d harts execute", async (harts) => {
    const [machine, interpreter] = await Promise.all([
      boot("auto", sums, harts),
      boot("interpreter", sums, harts),
    ]);
    const slots = 30_000_000;
    machine.run(slots);
    interpreter.run(slots);
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(0.6 * slots);
    for (const [hart, { pc, x }] of machine.harts.map((h) => ({ pc: h.pc, x: h.x(8) })).entries()) {
      expect({ pc, x }).toEqual({ pc: interpreter.harts[hart]?.pc, x: interpreter.harts[hart]?.x(8) });
    }
  });

  it("translates what is run in short slices", async () => {
    const machine = await boot("auto", sums, 1);
    for (let slots = 0; slots < 30_000_000; slots += 500) machine.run(500);
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(10_000_000);
  });

  it("seldom translates what is rewritten again and again", async () => {
    const machine = await boot("auto", rewriting, 1);
    machine.run(20_000_000);
    expect(machine.engineCounters?.regions).toBeLessThan(8);
  });
});
