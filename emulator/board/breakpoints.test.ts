import { describe, expect, test } from "vitest";
import { encode } from "../isa/encode.ts";
import { instructionNamed } from "../isa/testing/sample.ts";
import { createMachine } from "./virt.ts";

const START = 0x8000_0000n;

/** Counts a0 up from the first instruction on, for ever; the loop is two instructions at `START` + 4. */
function counter(): Uint8Array {
  const words = [
    encode(instructionNamed("addi"), { rd: 10, immediate: 0 }),
    encode(instructionNamed("addi"), { rd: 10, rs1: 10, immediate: 1 }),
    encode(instructionNamed("jal"), { immediate: -4 }),
  ];
  return new Uint8Array(Uint32Array.from(words).buffer);
}

describe.each(["interpreter", "reference"] as const)("on the %s engine", (engine) => {
  const boot = () => createMachine({ engine, kernel: counter(), memory: 2 ** 20 * 16 });

  test("a run stops before the instruction, and goes on from there", async () => {
    const machine = await boot();
    machine.breakpoints.add(START + 4n);
    for (const count of [0n, 1n, 2n]) {
      expect(machine.run(1_000)).toEqual({ reason: "breakpoint", hart: 0, pc: START + 4n });
      expect(machine.harts[0]?.x(10)).toBe(count);
    }
    machine.breakpoints.clear();
    expect(machine.run(1_000)).toEqual({ reason: "limit" });
    expect(machine.harts[0]?.x(10)).toBe(502n);
  });

  test("one that a slice ends at is reported by the next", async () => {
    const machine = await boot();
    machine.breakpoints.add(START + 4n);
    let slots = 0;
    while (machine.run(1).reason === "limit") slots++;
    expect(machine.harts[0]?.pc).toBe(START + 4n);
    expect(slots).toBeGreaterThan(0);
    expect(machine.run(1)).toEqual({ reason: "limit" });
    expect(machine.harts[0]?.x(10)).toBe(1n);
  });

  test("an address at the same place of another page is not one", async () => {
    const machine = await boot();
    machine.breakpoints.add(START + 0x1004n);
    expect(machine.run(1_000)).toEqual({ reason: "limit" });
    expect(machine.harts[0]?.instructions).toBe(1_000n);
  });
});
