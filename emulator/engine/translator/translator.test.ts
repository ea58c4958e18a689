import { describe, expect, it } from "vitest";
import { parseCpu } from "../../board/cpu.ts";
import type { Machine } from "../../board/machine.ts";
import type { EngineName, MachineOptions } from "../../board/options.ts";
import { defaultOptions } from "../../board/options.ts";
import { createMachine } from "../../board/virt.ts";
import { randomBits } from "../../float/testing/operands.ts";
import { encode, type Operands } from "../../isa/encode.ts";
import { instructionNamed } from "../../isa/testing/sample.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import type { KeptRegions } from "./kept-batches.ts";
import { RememberedRegions } from "./testing/remembered.ts";

type Line = readonly [name: string, operands: Operands, fields?: number];

const program = (...lines: readonly Line[]): Uint8Array =>
  new Uint8Array(
    Uint32Array.from(
      lines.map(([name, operands, fields = 0]) => encode(instructionNamed(name), operands) | fields),
    ).buffer,
  );

const boot = (engine: EngineName, kernel: Uint8Array, harts: number, kept?: KeptRegions) =>
  createMachine({ engine, kernel, harts, memory: 16 * 2 ** 20, keptRegions: kept && (() => kept) });

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

const nops = (count: number) => Array.from({ length: count }, () => ["addi", {}] as const);

/** Stores the first instruction of a loop where it is, before the loop goes round 200 times. */
const rewriting = program(
  ["auipc", { rd: 5 }],
  ["lw", { rd: 6, rs1: 5, immediate: 64 }],
  ["sw", { rs1: 5, rs2: 6, immediate: 64 }],
  ["addi", { rd: 7, immediate: 200 }],
  ["jal", { immediate: 48 }],
  ...nops(11),
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["addi", { rd: 7, rs1: 7, immediate: -1 }],
  ["bne", { rs1: 7, immediate: -8 }],
  ["jal", { immediate: -68 }],
);

/** Stores an instruction where it is, each time before it executes. */
const patching = program(
  ["auipc", { rd: 5 }],
  ["lw", { rd: 6, rs1: 5, immediate: 12 }],
  ["sw", { rs1: 5, rs2: 6, immediate: 12 }],
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["jal", { immediate: -8 }],
);

/**
 * Its loop stores 8 bytes of which the last 4 lie on the next page, where they are the first instruction of a function
 * that is then called 20480 times.
 */
const rewritingAcross = program(
  ["auipc", { rd: 5 }],
  ["auipc", { rd: 9, immediate: 0x2000 }],
  ["ld", { rd: 6, rs1: 5, immediate: 56 }],
  ["ld", { rd: 7, rs1: 5, immediate: 64 }],
  ["sd", { rs1: 9, rs2: 6, immediate: -8 }],
  ["xor", { rd: 6, rs1: 6, rs2: 7 }],
  ["xor", { rd: 7, rs1: 6, rs2: 7 }],
  ["xor", { rd: 6, rs1: 6, rs2: 7 }],
  ["lui", { rd: 10, immediate: 0x5000 }],
  ["jalr", { rd: 1, rs1: 9, immediate: -4 }],
  ["addi", { rd: 10, rs1: 10, immediate: -1 }],
  ["bne", { rs1: 10, immediate: -8 }],
  ["jal", { immediate: -32 }],
  ["addi", {}],
  ["addi", {}],
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["addi", {}],
  ["addi", { rd: 8, rs1: 8, immediate: 3 }],
  ...nops(2048 - 18),
  ["addi", { rd: 8, rs1: 8, immediate: 7 }],
  ["jalr", { rs1: 1 }],
);

/**
 * On the next page, it makes a function of three instructions before it calls it: the first two add to a sum what they have
 * added before and one. `first` is executed once, and goes on at what follows it.
 */
const generating = (...first: readonly Line[]) =>
  program(
    ...first,
    ["auipc", { rd: 9, immediate: 0x1000 }],
    ["lui", { rd: 10, immediate: 0x10_0000 }],
    ["auipc", { rd: 5 }],
    ["lwu", { rd: 6, rs1: 5, immediate: 48 }],
    ["lwu", { rd: 7, rs1: 5, immediate: 52 }],
    ["sw", { rs1: 9, rs2: 6 }],
    ["sw", { rs1: 9, rs2: 6, immediate: 4 }],
    ["sw", { rs1: 9, rs2: 7, immediate: 8 }],
    ["fence.i", {}],
    ["jalr", { rd: 1, rs1: 9 }],
    ["add", { rd: 6, rs1: 6, rs2: 10 }],
    ["jal", { immediate: -24 }],
    ["addi", {}],
    ["addi", {}],
    ["addi", { rd: 8, rs1: 8 }],
    ["jalr", { rs1: 1 }],
  );

/** Denies everybody 4 bytes at 4 MiB, so that memory is not flat. */
const denying: readonly Line[] = [
  ["auipc", { rd: 5, immediate: 0x40_0000 }],
  ["srli", { rd: 5, rs1: 5, immediate: 2 }],
  ["csrrw", { rs1: 5, immediate: 0x3b0 }],
  ["addi", { rd: 5, immediate: 0x90 }],
  ["csrrw", { rs1: 5, immediate: 0x3a0 }],
];

/** Counts in a cell beside its loop. */
const countingBeside = program(
  ["auipc", { rd: 9 }],
  ["ld", { rd: 8, rs1: 9, immediate: 64 }],
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["sd", { rs1: 9, rs2: 8, immediate: 64 }],
  ["jal", { immediate: -12 }],
);

/** Reads the 8 bytes around each end of a page, up to the end of RAM, where that faults; then begins again. */
const readingToTheEnd = program(
  ["auipc", { rd: 5 }],
  ["addi", { rd: 6, rs1: 5, immediate: 12 }],
  ["csrrw", { rs1: 6, immediate: 0x305 }],
  ["addi", { rd: 7, rs1: 7, immediate: 1 }],
  ["auipc", { rd: 9, immediate: 0x1000 }],
  ["addi", { rd: 9, rs1: 9, immediate: -20 }],
  ["lui", { rd: 11, immediate: 0x1000 }],
  ["ld", { rd: 10, rs1: 9 }],
  ["add", { rd: 8, rs1: 8, rs2: 10 }],
  ["add", { rd: 9, rs1: 9, rs2: 11 }],
  ["jal", { immediate: -12 }],
);

/** Counts in a cell of memory; after three million rounds it denies everybody 4 bytes of the next page. */
const protecting = program(
  ["auipc", { rd: 5, immediate: 0x2000 }],
  ["lui", { rd: 6, immediate: 0x30_0000 }],
  ["ld", { rd: 7, rs1: 5 }],
  ["addi", { rd: 7, rs1: 7, immediate: 1 }],
  ["sd", { rs1: 5, rs2: 7 }],
  ["addi", { rd: 8, rs1: 8, immediate: 1 }],
  ["bne", { rs1: 8, rs2: 6, immediate: -16 }],
  ["srli", { rd: 9, rs1: 5, immediate: 2 }],
  ["addi", { rd: 9, rs1: 9, immediate: 1024 }],
  ["csrrw", { rs1: 9, immediate: 0x3b0 }],
  ["addi", { rd: 10, immediate: 0x90 }],
  ["csrrw", { rs1: 10, immediate: 0x3a0 }],
  ["jal", { immediate: -40 }],
);

/** The field rm of instructions that round as frm says. */
const DYNAMIC = 7 << 12;
const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;

/**
 * Divides and adds with one mode and set of flags after another, numbers of double precision and what a single one's
 * register holds; adds up results and flags.
 */
const rounding = program(
  ["lui", { rd: 5, immediate: 0x6000 }],
  ["csrrs", { rs1: 5, immediate: 0x300 }],
  ["addi", { rd: 7, rs1: 7, immediate: 1 }],
  ["fcvt.d.l", { rd: 1, rs1: 7 }, DYNAMIC],
  ["addi", { rd: 6, immediate: 10 }],
  ["fcvt.d.l", { rd: 2, rs1: 6 }, DYNAMIC],
  ["addi", { rd: 11, immediate: 1 }],
  ...[1, 2, 3].flatMap((mode): Line[] => [
    ["csrrw", { rs1: 11, immediate: FCSR }],
    ["fdiv.d", { rd: 3, rs1: 1, rs2: 2 }, DYNAMIC],
    ["addi", { rd: 12, rs1: 7, immediate: mode }],
    ["andi", { rd: 12, rs1: 12, immediate: 3 }],
    ["csrrw", { rs1: 12, immediate: FRM }],
    ["fdiv.d", { rd: 4, rs1: 1, rs2: 2 }, DYNAMIC],
    ["csrrw", { immediate: FFLAGS }],
    ["fdiv.d", { rd: 5, rs1: 2, rs2: 1 }, DYNAMIC],
    ["fmv.w.x", { rd: 6, rs1: 8 }],
    ["fadd.s", { rd: 7, rs1: 6, rs2: 6 }, DYNAMIC],
    ["fadd.d", { rd: 6, rs1: 6, rs2: 4 }, DYNAMIC],
    ...[3, 4, 5, 6, 7].flatMap((rs1): Line[] => [
      ["fmv.x.d", { rd: 10, rs1 }],
      ["add", { rd: 8, rs1: 8, rs2: 10 }],
    ]),
    ["csrrs", { rd: 10, immediate: FFLAGS }],
    ["add", { rd: 9, rs1: 9, rs2: 10 }],
  ]),
  ["jal", { immediate: -4 * (3 * 23 + 5) }],
);

/** Pairs of shifts that are united, most of one register and many to a rotation, with others among them, in a loop. */
function shifting(seed: bigint): Uint8Array {
  const random = randomBits(seed);
  const pick = <T>(...of: readonly [T, ...T[]]): T => of[Number(random() % BigInt(of.length))] ?? of[0];
  const registers = [10, 11, 12, 13, 14] as const;
  const register = () => pick(...registers);
  const maybe = (): Line[] => {
    const [rd, rs1] = [register(), register()];
    return pick<Line[]>([], [], [["addi", { rd, rs1 }]], [["srli", { rd, rs1, immediate: 32 }]]);
  };
  const lines = Array.from({ length: 20 }, (): Line[] => {
    const [rs1, left, right] = [register(), register(), register()];
    const count = Number(random() % 31n) + 1;
    const [names, width] = pick<[[string, string], number]>(
      [["slliw", "srliw"], 32],
      [["slliw", "srli"], 32],
      [["slli", "srliw"], 32],
      [["slli", "srli"], 64],
    );
    const shifts: [Line, Line] = [
      [names[0], { rd: left, rs1, immediate: count }],
      [names[1], { rd: right, rs1, immediate: width - count }],
    ];
    const [first, second] = pick(shifts, [shifts[1], shifts[0]]);
    const union: Line = [pick("or", "xor", "add"), { rd: register(), rs1: left, rs2: right }];
    return [first, ...maybe(), second, ...maybe(), union];
  }).flat();
  const multiplier: Line[] = [
    ["lui", { rd: 9, immediate: 0x5851_f000 }],
    ["addi", { rd: 9, rs1: 9, immediate: 0x2d }],
  ];
  const changes = registers.flatMap((rd): Line[] => [
    ["mul", { rd: 8, rs1: 8, rs2: 9 }],
    ["addi", { rd: 8, rs1: 8, immediate: 0x57b }],
    ["add", { rd, rs1: rd, rs2: 8 }],
  ]);
  const loop = [...changes, ...lines];
  return program(...multiplier, ...loop, ["jal", { immediate: -4 * loop.length }]);
}

/** A loop of 400 slots, again and again, and ten slots between. */
const looping = program(
  ["addi", { rd: 7, immediate: 200 }],
  ["addi", { rd: 7, rs1: 7, immediate: -1 }],
  ["bne", { rs1: 7, immediate: -4 }],
  ...nops(8),
  ["jal", { immediate: -44 }],
);

/** A loop of 900,000 slots on the first of 3,000 pages, and on each of the others something of its own, again and again. */
function wandering(): Uint8Array {
  const pages = 3000;
  const code = new Uint8Array(pages * 4096);
  for (let page = 1; page < pages; page++) {
    const own: Line = ["addi", { rd: 8, rs1: 8, immediate: page % 2000 }];
    code.set(program(own, ["jal", { immediate: 4092 }]), page * 4096);
  }
  const back = -(pages - 1) * 4096;
  code.set(program(["auipc", { rd: 5, immediate: back }], ["jalr", { rs1: 5 }]), -back);
  const first: Line[] = [
    ["lui", { rd: 7, immediate: 300_000 & ~0xfff }],
    ["add", { rd: 8, rs1: 8, rs2: 7 }],
    ["addi", { rd: 7, rs1: 7, immediate: -1 }],
    ["bne", { rs1: 7, immediate: -8 }],
  ];
  code.set(program(...first, ["jal", { immediate: 4096 - 4 * first.length }]));
  return code;
}

/** What a run of the sums leaves behind. */
async function keptOfSums(): Promise<RememberedRegions> {
  const kept = new RememberedRegions();
  const earlier = await boot("auto", sums, 1, kept);
  earlier.run(20_000_000);
  return kept;
}

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

  it("gives what two shifts of one value give that are united", async () => {
    for (let seed = 1n; seed <= 40n; seed++) {
      const kernel = shifting(seed);
      const registers = async (engine: EngineName) => {
        const machine = await boot(engine, kernel, 1);
        machine.run(10_000);
        return [10, 11, 12, 13, 14].map((n) => machine.harts[0]?.x(n));
      };
      expect(await registers("translator")).toEqual(await registers("interpreter"));
    }
  });

  it("translates what is run in short slices", async () => {
    const machine = await boot("auto", sums, 1);
    for (let slots = 0; slots < 30_000_000; slots += 500) machine.run(500);
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(10_000_000);
  });

  it.each([
    ["stores that reach into a page of code", rewritingAcross],
    ["code that is made before it is called", generating()],
    ["the same where memory is not flat", generating(...denying)],
    ["stores beside code", countingBeside],
    ["loads across the ends of pages, up to that of RAM", readingToTheEnd],
    ["memory that is no longer flat", protecting],
    ["rounding modes and flags that change", rounding],
  ])("gets %s right", async (_, kernel) => {
    const [machine, interpreter] = await Promise.all([
      boot("auto", kernel, 1),
      boot("interpreter", kernel, 1),
    ]);
    for (let slots = 0; slots < 30_000_000; slots += 1_000_003) {
      machine.run(1_000_003);
      interpreter.run(1_000_003);
      const [x, y] = [machine, interpreter].map(({ harts: [hart] }) =>
        [7, 8, 9, 10].map((n) => hart?.x(n)).concat(hart?.pc),
      );
      expect(x).toEqual(y);
    }
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(4_000_000);
  });

  it("makes anew what was made for flat memory, where memory is not", async () => {
    const machine = await boot("auto", protecting, 1);
    machine.run(15_000_000);
    const before = machine.engineCounters;
    machine.run(15_000_000);
    const after = machine.engineCounters;
    expect(before).toMatchObject({ regions: 1, dropped: 0 });
    expect(after).toMatchObject({ dropped: 1 });
    expect((after?.translatedSlots ?? 0) - (before?.translatedSlots ?? 0)).toBeGreaterThan(12_000_000);
  });

  it("stays in translated code", async () => {
    const machine = await boot("auto", looping, 1);
    machine.run(20_000_000);
    const before = machine.engineCounters?.entries ?? 0;
    machine.run(20_000_000);
    expect((machine.engineCounters?.entries ?? 0) - before).toBeLessThan(100);
  });

  it("seldom translates what is rewritten again and again", async () => {
    const machine = await boot("auto", rewriting, 1);
    machine.run(20_000_000);
    expect(machine.engineCounters?.regions).toBeLessThan(8);
  });

  it("leaves to the interpreter what stores to code all the time", async () => {
    const machine = await boot("auto", patching, 1);
    machine.run(20_000_000);
    expect(machine.engineCounters).toMatchObject({ regions: 0 });
  });

  it("keeps what is translated when more pages are executed than can be decoded at a time", async () => {
    const [machine, interpreter] = await Promise.all([
      boot("auto", wandering(), 1),
      boot("interpreter", wandering(), 1),
    ]);
    const slots = 30_000_000;
    machine.run(slots);
    interpreter.run(slots);
    const state = ({ harts: [hart] }: Machine) => [hart?.pc, hart?.instructions, hart?.x(7), hart?.x(8)];
    expect(state(machine)).toEqual(state(interpreter));
    expect(machine.engineCounters?.flushes).toBe(0);
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(0.5 * slots);
  });

  it("goes on with what an earlier run has translated", async () => {
    const kept = await keptOfSums();
    expect(kept.batches.length).toBeGreaterThan(0);
    const [machine, interpreter] = await Promise.all([
      boot("auto", sums, 1, kept),
      boot("interpreter", sums, 1),
    ]);
    const slots = 1_000_000;
    machine.run(slots);
    interpreter.run(slots);
    expect(machine.engineCounters).toMatchObject({ modules: 0 });
    expect(machine.engineCounters?.translatedSlots).toBeGreaterThan(0.9 * slots);
    const [x, y] = [machine, interpreter].map(({ harts: [hart] }) => [hart?.x(8), hart?.pc]);
    expect(x).toEqual(y);
  });

  it("does not go on with that in another program at the same place", async () => {
    const kept = await keptOfSums();
    const another = sums.slice();
    // Two is added in place of one.
    new DataView(another.buffer).setUint32(
      20,
      encode(instructionNamed("addi"), { rd: 7, rs1: 7, immediate: 2 }),
      true,
    );
    const [machine, interpreter] = await Promise.all([
      boot("auto", another, 1, kept),
      boot("interpreter", another, 1),
    ]);
    for (const m of [machine, interpreter]) m.run(20_000_000);
    expect(machine.engineCounters).toMatchObject({ restored: 0 });
    const [x, y] = [machine, interpreter].map(({ harts: [hart] }) => [hart?.x(8), hart?.pc]);
    expect(x).toEqual(y);
  });

  it("goes on with nothing while there are breakpoints", async () => {
    const kept = await keptOfSums();
    const machine = await boot("auto", sums, 1, kept);
    machine.breakpoints.add(RAM_BASE + 40n);
    for (let round = 0; round < 300; round++) {
      expect(machine.run(20_000_000)).toEqual({ reason: "breakpoint", hart: 0, pc: RAM_BASE + 40n });
    }
    expect(machine.engineCounters).toMatchObject({ restored: 0 });
  });

  it("asks for what is kept by all that its modules depend on, and only if others may execute it", async () => {
    const asked: string[] = [];
    const keptRegions = (likeness: string) => {
      asked.push(likeness);
      return new RememberedRegions();
    };
    const ask = (options: Partial<MachineOptions>) =>
      createMachine({ ...defaultOptions, kernel: sums, memory: 16 * 2 ** 20, keptRegions, ...options });
    await ask({});
    await ask({});
    expect(new Set(asked).size).toBe(1);
    await ask({ harts: 2 });
    await ask({ memory: 32 * 2 ** 20 });
    await ask({ cpu: parseCpu("rv64gc") });
    await ask({ cpu: parseCpu("tlb=64x2") });
    expect(new Set(asked).size).toBe(5);
    await ask({ engine: "translator" });
    await ask({ engine: "interpreter" });
    await ask({ rewrite: (_, body) => body });
    expect(asked.length).toBe(6);
  });
});
