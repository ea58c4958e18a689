/**
 * Engines on random code: the same machine after every thousand slots, also where another engine goes on now and then. The code runs in S and U mode, translated,
 * over a TLB that is far too small, modifies itself, and is interrupted by a timer; a handler in M-mode sends it
 * somewhere else, under another address space and status, whenever it traps.
 */
import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { engineNames } from "../../emulator/engine/names.ts";
import type { HartView, Machine } from "../../emulator/index.ts";
import { parseCpu } from "../../emulator/index.ts";
import { csrs } from "../../emulator/isa/csr.ts";
import { instructions } from "../../emulator/isa/table.ts";
import { AddressSpace, TablePages } from "./guest/address-space.ts";
import { Assembler, reg } from "./guest/assembler.ts";
import { Image, RAM } from "./guest/image.ts";
import { machineFor } from "./guest/program.ts";

const CODE = RAM + 0x1_0000n;
const CODE_BYTES = 0x4000;
const DATA = RAM + 0x2_0000n;
const STATE = RAM + 0x8000n;
const VIRTUAL_CODE = 0x1000_0000n;
const VIRTUAL_DATA = 0x2000_0000n;
/** The same pages again, as a megapage. */
const VIRTUAL_LARGE = 0x4000_0000n;
const PAGE = 4096n;

const SLICE = 1000;
const SLICES = 40;

/** Words of a linear congruential generator (Knuth's MMIX), its high halves. */
function random(seed: bigint): () => number {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n);
  };
}

/** Instructions that seldom come back: the code has fewer of them. */
const LEAVING = new Set(
  "jal jalr c.j c.jr c.jalr ecall ebreak c.ebreak mret sret wfi csrrw csrrs csrrc csrrwi csrrsi csrrci".split(
    " ",
  ),
);

/** Random instructions, most of them valid; registers x8 to x15 often hold addresses. */
function randomCode(next: () => number): Uint8Array {
  const code = new Uint8Array(CODE_BYTES);
  const view = new DataView(code.buffer);
  for (let at = 0; at + 4 <= CODE_BYTES; ) {
    const entry = instructions[next() % instructions.length];
    if (entry === undefined) break;
    if (LEAVING.has(entry.name) && next() % 8 !== 0) continue;
    const { match, mask, length, registers, fields } = entry.encoding;
    let word = match | (((next() << 8) ^ next()) & ~mask);
    // Addresses come from the registers that the handler sets, of atomics from the aligned ones; few are overwritten.
    const base = entry.extension === "a" ? 12 + (next() & 1) : 8 + (next() & 7);
    for (const { operands, low, width, file } of registers) {
      if (width !== 5 || file !== "x") continue;
      if (operands.includes("rs1")) word = (word & ~(31 << low)) | (base << low);
      else if (operands.includes("rd") && next() % 8 !== 0) word |= 16 << low;
    }
    for (const { name, low } of fields) if (name === "rm") word |= 7 << low;
    if (next() % 100 === 0) word = next();
    if (length === 2) view.setUint16(at, word & 0xffff, true);
    else view.setUint32(at, word >>> 0, true);
    at += length;
  }
  return code;
}

function stress(seed: bigint): Uint8Array {
  const image = new Image();
  const pages = new TablePages(RAM + 0x10_0000n);
  const spaces = [1, 2].map((asid) => new AddressSpace(image, pages, asid === 1 ? "sv39" : "sv48", asid));
  spaces.forEach((space, n) => {
    for (let i = 0n; i < BigInt(CODE_BYTES) / PAGE; i++) {
      // One space's code is the user's, the other's the supervisor's; A and D are set as it goes.
      space.map(VIRTUAL_CODE + i * PAGE, CODE + i * PAGE, n === 0 ? "vrwxu" : "vrwxg");
    }
    const own = n === 0 ? "vrwu" : "vrw";
    for (let i = 0n; i < 8n; i++)
      space.map(VIRTUAL_DATA + i * PAGE, DATA + i * PAGE, i === 3n ? "vrxu" : own);
    space.map(VIRTUAL_LARGE, RAM + 0x20_0000n, own, 1);
  });
  image.put(CODE, randomCode(random(seed)));
  // The two spaces' satp, then each hart's generator.
  spaces.forEach((space, n) => {
    image.put64(STATE + BigInt(8 * n), space.satp);
  });
  for (let hart = 0n; hart < 4n; hart++) image.put64(STATE + 64n + hart * 8n, seed ^ (hart * 0x9e37n));
  image.put(RAM, handler());
  return image.bytes;
}

/** Starts every hart, and sends it elsewhere whenever it traps. */
function handler(): Uint8Array {
  const a = new Assembler(RAM);
  const { t0, t1, t2, t3, t4, zero } = reg;
  a.li(t0, -1).csrw("pmpaddr0", t0).li(t0, 0x1f).csrw("pmpcfg0", t0).csrw("mcounteren", t0);
  // FIOM, hardware updates of A and D, stimecmp.
  a.li(t0, (1n << 63n) | (1n << 61n) | 1n)
    .csrw("menvcfg", t0)
    .li(t0, 0x222)
    .csrw("mideleg", t0);
  a.to("set", "jal", { rd: t0 }).label("trapped");
  a.li(t0, STATE)
    .csrr(t3, "mhartid")
    .op("slli", { rd: t3, rs1: t3, immediate: 3 })
    .op("add", { rd: t3, rs1: t3, rs2: t0 });
  a.op("ld", { rd: t1, rs1: t3, immediate: 64 })
    .li(t2, 6364136223846793005n)
    .op("mul", { rd: t1, rs1: t1, rs2: t2 });
  a.op("addi", { rd: t1, rs1: t1, immediate: 1013 }).op("sd", { rs1: t3, rs2: t1, immediate: 64 });
  /** `count` bits of the generator from bit `from` on, times two to the `shift`, in rd. */
  const bits = (rd: number, from: number, count: number, shift: number) => {
    a.op("slli", { rd, rs1: t1, immediate: 64 - from - count }).op("srli", {
      rd,
      rs1: rd,
      immediate: 64 - count,
    });
    if (shift > 0) a.op("slli", { rd, rs1: rd, immediate: shift });
  };
  bits(t2, 34, 13, 1);
  a.li(t4, VIRTUAL_CODE).op("add", { rd: t2, rs1: t2, rs2: t4 }).csrw("mepc", t2);
  // SUM, MXR, SIE and SPP as they come; FS on, TW. The first space is the user's, the second the supervisor's.
  bits(t2, 20, 32, 0);
  a.li(t4, (3n << 18n) | (1n << 1n) | (1n << 8n)).op("and", { rd: t2, rs1: t2, rs2: t4 });
  a.li(t4, (3n << 13n) | (1n << 21n)).op("or", { rd: t2, rs1: t2, rs2: t4 });
  bits(t4, 50, 1, 11);
  a.op("or", { rd: t2, rs1: t2, rs2: t4 }).csrw("mstatus", t2);
  bits(t2, 50, 1, 3);
  a.op("add", { rd: t2, rs1: t2, rs2: t0 }).op("ld", { rd: t2, rs1: t2 }).csrw("satp", t2);
  // A fence now and then; a timer soon.
  bits(t2, 51, 2, 0);
  a.to("unfenced", "bne", { rs1: t2, rs2: zero }).op("sfence.vma").label("unfenced");
  bits(t2, 53, 4, 0);
  a.csrr(t4, "time").op("add", { rd: t4, rs1: t4, rs2: t2 }).op("addi", { rd: t4, rs1: t4, immediate: 2 });
  a.li(t2, 0x200_4000)
    .op("sub", { rd: t3, rs1: t3, rs2: t0 })
    .op("add", { rd: t2, rs1: t2, rs2: t3 })
    .op("sd", { rs1: t2, rs2: t4 });
  a.li(t2, 0xaaa).csrw("mie", t2);
  bits(t2, 30, 15, 0);
  a.li(t4, VIRTUAL_DATA).op("add", { rd: 8, rs1: t2, rs2: t4 });
  bits(t2, 22, 12, 3);
  a.op("add", { rd: 9, rs1: t2, rs2: t4 }).li(t4, VIRTUAL_LARGE).op("add", { rd: 10, rs1: t2, rs2: t4 });
  a.li(t4, VIRTUAL_CODE)
    .op("add", { rd: 11, rs1: t2, rs2: t4 })
    .op("andi", { rd: 12, rs1: 8, immediate: -8 });
  a.op("andi", { rd: 13, rs1: 9, immediate: -8 }).op("addi", { rd: 14, rs1: 13, immediate: -2 });
  a.op("mret").label("set").csrw("mtvec", t0).to("trapped");
  return a.finish();
}

const SEEN = csrs.map((csr) => csr.name);

const stateOf = (hart: HartView) => ({
  pc: hart.pc,
  mode: hart.mode,
  waiting: hart.waiting,
  instructions: hart.instructions,
  x: Array.from({ length: 32 }, (_, n) => hart.x(n)),
  f: Array.from({ length: 32 }, (_, n) => hart.f(n)),
  tlb: hart.tlb(),
  counters: hart.tlbCounters(),
});
const csrsOf = (hart: HartView) => SEEN.map((name) => [name, hart.csr(name)]);
const ramOf = (machine: Machine) => Buffer.from(machine.readPhysical(RAM, 0x40_0000) ?? []);

const runs = [
  ["1x1", 1, 11n],
  ["2x2", 1, 12n],
  ["4x2", 1, 13n],
  ["2x2", 4, 14n],
  ["1x16", 4, 15n],
] as const;

test.each(runs)("a TLB of %s, %i hart(s), seed %i", async (geometry, harts, seed) => {
  const kernel = stress(seed);
  const cpu = parseCpu(`max,tlb=${geometry}`);
  const reference = await machineFor(kernel, { engine: "reference", harts, cpu });
  const machines = {
    interpreter: await machineFor(kernel, { engine: "interpreter", harts, cpu }),
    translator: await machineFor(kernel, { engine: "translator", harts, cpu }),
    "engines in turns": await machineFor(kernel, { engine: "translator", harts, cpu }),
  };
  for (let slice = 1; slice <= SLICES; slice++) {
    const stop = reference.run(SLICE);
    const expected = { harts: reference.harts.map(stateOf), ram: ramOf(reference) };
    if (slice % 4 === 0) {
      const engine = engineNames[(slice / 4) % engineNames.length] ?? "reference";
      await machines["engines in turns"].useEngine(engine);
    }
    for (const [name, machine] of Object.entries(machines)) {
      const where = `${name}, after ${slice * SLICE} slots`;
      expect(machine.run(SLICE), where).toEqual(stop);
      expect(machine.harts.map(stateOf), where).toEqual(expected.harts);
      expect(Buffer.compare(ramOf(machine), expected.ram), `RAM, ${where}`).toBe(0);
      if (slice % 10 === 0) expect(machine.harts.map(csrsOf), where).toEqual(reference.harts.map(csrsOf));
    }
  }
  for (const [name, machine] of Object.entries(machines))
    expect(machine.traps(), name).toEqual(reference.traps());
  // The run is worth something only where it goes everywhere.
  const causes = new Set(reference.traps().map((trap) => `${trap.interrupt} ${trap.cause}`));
  expect(causes.size).toBeGreaterThan(4);
  expect(reference.instructions).toBeGreaterThan(BigInt((SLICE * SLICES) / 2));
});
