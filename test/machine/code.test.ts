/**
 * Code that changes. The machine's fetches see every store at once, with fence.i or without (unprivileged, "Zifencei"
 * demands it only with), so that both engines do.
 */
import { describe, expect, test } from "vitest";
import { encode } from "../../emulator/isa/encode.ts";
import { instructionNamed } from "../../emulator/isa/testing/sample.ts";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import { RAM } from "./guest/image.ts";
import { codeSpace } from "./guest/mapped.ts";
import { machineFor, peek, powerOff, program, runToStop } from "./guest/program.ts";
import { cause, DATA, engines, session } from "./guest/session.ts";

/** addi a2, a2, n */
const add = (n: number): bigint =>
  BigInt(encode(instructionNamed("addi"), { rd: reg.a2, rs1: reg.a2, immediate: n }));
const PAGE = 4096n;

describe("stores to code", () => {
  /** Ways to store a word (a1) at a0. */
  const stores: Record<string, (a: Assembler) => void> = {
    sw: (a) => a.op("sw", { rs1: reg.a0, rs2: reg.a1 }),
    "two halves": (a) =>
      a
        .op("sh", { rs1: reg.a0, rs2: reg.a1 })
        .op("srli", { rd: reg.a4, rs1: reg.a1, immediate: 16 })
        .op("sh", { rs1: reg.a0, rs2: reg.a4, immediate: 2 }),
    "its last byte": (a) =>
      a
        .op("srli", { rd: reg.a4, rs1: reg.a1, immediate: 24 })
        .op("sb", { rs1: reg.a0, rs2: reg.a4, immediate: 3 })
        .op("srli", { rd: reg.a4, rs1: reg.a1, immediate: 16 })
        .op("sb", { rs1: reg.a0, rs2: reg.a4, immediate: 2 }),
    amoswap: (a) => a.op("amoswap.w", { rs1: reg.a0, rs2: reg.a1 }),
    sc: (a) => a.op("lr.w", { rd: reg.a4, rs1: reg.a0 }).op("sc.w", { rd: reg.a4, rs1: reg.a0, rs2: reg.a1 }),
    fsw: (a) => a.op("fmv.w.x", { rd: 1, rs1: reg.a1 }).op("fsw", { rs1: reg.a0, rs2: 1 }),
  };

  session("reach the very next instruction, and code executed before", (s) => {
    const on = 1n << 13n;
    for (const fence of [false, true]) {
      for (const [name, store] of Object.entries(stores)) {
        let target = 0n;
        // Twice around: add 1 before the store, what was stored behind it, and then the same from the top.
        const pc = s.code((a) => {
          a.label("again");
          store(a);
          if (fence) a.op("fence.i");
          target = a.here;
          a.word(Number(add(1))).op("addi", { rd: reg.a3, rs1: reg.a3, immediate: -1 });
          a.op("addi", { rd: reg.a1, rs1: reg.a5 }).to("again", "bne", { rs1: reg.a3, rs2: reg.zero });
        });
        // Three rounds: the first stores add 16, the others add 256.
        const a = [target, add(16), 0n, 3n, 0n, add(256)];
        s.step(
          `${name}, fence.i ${fence}`,
          { pc, a, status: on },
          { a2: 16n + 256n + 256n, cause: cause.machineCall },
        );
      }
    }
  });

  session("across a page change both sides", (s) => {
    const first = DATA + PAGE - 4n;
    s.codeAt(first, (a) =>
      a
        .word(Number(add(1)))
        .word(Number(add(1)))
        .op("c.jr", { rs1: reg.a3 }),
    );
    const pc = s.code((a) => {
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 }).op("sd", { rs1: reg.a0, rs2: reg.a1 });
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 });
    });
    const both = (add(16) << 32n) | add(256);
    s.step("aligned halves", { pc, a: [first, both, 0n, 0n, 0n, first] }, { a2: 2n + 272n });
    // The instruction itself lies on the boundary.
    const crossing = DATA + 3n * PAGE - 2n;
    s.codeAt(crossing, (a) => a.word(Number(add(1))).op("c.jr", { rs1: reg.a3 }));
    const store = s.code((a) => {
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 }).op("sw", { rs1: reg.a0, rs2: reg.a1 });
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 });
    });
    s.step("crossing instruction", { pc: store, a: [crossing, add(16), 0n, 0n, 0n, crossing] }, { a2: 17n });
  });

  session("through another mapping are seen", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.map(0x1000_0000n, DATA, "vxad");
    space.map(0x2000_0000n, DATA, "vrwad");
    s.codeAt(DATA, (a) => a.word(Number(add(1))).op("c.jr", { rs1: reg.a3 }));
    const pc = s.code((a) => {
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 }).op("sw", { rs1: reg.a0, rs2: reg.a1 });
      a.op("jalr", { rd: reg.a3, rs1: reg.a5 });
    });
    const a = [0x2000_0000n, add(16), 0n, 0n, 0n, 0x1000_0000n];
    s.step("alias", { mode: "S", pc, satp: space.satp, a }, { a2: 17n, cause: cause.supervisorCall });
  });

  for (const [name, put] of [
    ["sd", (a: Assembler) => a.op("sd", { rs1: reg.a0, rs2: reg.a4 })],
    ["amoadd.d", (a: Assembler) => a.op("amoadd.d", { rs1: reg.a0, rs2: reg.a4 })],
  ] as const) {
    session(`among many of data to the same page by ${name} are still seen`, (s) => {
      // Data and code share a page: after hundreds of stores to the data the code is changed as well.
      const data = DATA + 0x800n;
      const code = DATA;
      s.codeAt(code, (a) => {
        a.label("loop");
        put(a)
          .op("addi", { rd: reg.a4, rs1: reg.a4, immediate: -1 })
          .to("loop", "bne", { rs1: reg.a4, rs2: reg.zero });
        a.op("sw", { rs1: reg.a5, rs2: reg.a1 })
          .word(Number(add(1)))
          .op("ecall");
      });
      for (const count of [10n, 63n, 64n, 65n, 300n]) {
        s.poke(code + 16n, add(1) | (0x73n << 32n));
        const step = { pc: code, a: [data, add(16), 0n, 0n, count, code + 16n] };
        s.step(`after ${count}`, step, { a2: 16n, cause: cause.machineCall });
      }
    });
  }

  session("are seen in instructions that overlap", (s) => {
    // lui a2 holds c.li a1, 11 (0x45ad) in its upper half: entered there, another instruction executes.
    const pc = s.code((a) => a.word((0x45ad_0000 | 0x0637) >>> 0));
    s.step("whole", { pc }, { a2: 0x45ad_0000n, a1: 0n });
    s.step("upper half", { pc: pc + 2n }, { a1: 11n, a2: 0n });
    s.step("whole again", { pc }, { a2: 0x45ad_0000n, a1: 0n });
  });
});

describe("much code", () => {
  test.each(engines)("on more pages than an engine may keep decoded (%s)", async (engine) => {
    const pages = 2300n;
    const first = RAM + PAGE;
    const { a2, t0, t1, ra } = reg;
    const addAndJump = add(1) | (BigInt(encode(instructionNamed("jal"), { immediate: 4092 })) << 32n);
    const image = program(
      (a) => {
        // Every page adds one and jumps to the next; the last returns. Twice, and in between the first page changes.
        a.li(a2, 0).li(t0, first).op("jalr", { rd: ra, rs1: t0 });
        a.li(t0, first).li(t1, add(2)).op("sw", { rs1: t0, rs2: t1 }).op("jalr", { rd: ra, rs1: t0 });
        a.li(t0, RAM + 0x800n).op("sd", { rs1: t0, rs2: a2 });
        powerOff(a);
      },
      (memory) => {
        for (let page = 0n; page < pages; page++) memory.put64(first + page * PAGE, addAndJump);
        memory.put64(first + pages * PAGE, BigInt(encode(instructionNamed("jalr"), { rs1: ra })));
      },
    );
    const machine = await machineFor(image, { engine, memory: 16 * 2 ** 20 });
    expect(runToStop(machine)).toEqual({ reason: "power-off", status: 0 });
    expect(peek(machine, RAM + 0x800n)).toBe(2n * pages + 1n);
  });
});

describe("code that a device writes", () => {
  const BLOCK = 0x1000_1000n;
  const QUEUE = RAM + 0x10_0000n;
  const CODE = RAM + 0x20_0000n;
  const RESULT = RAM + 0x800n;

  test.each(engines)("is executed, not what was there before (%s)", async (engine) => {
    const sector = new Uint8Array(512);
    const view = new DataView(sector.buffer);
    view.setUint32(0, Number(add(16)), true);
    view.setUint16(4, encode(instructionNamed("c.jr"), { rs1: reg.ra }), true);
    const disk = {
      sectors: 1,
      readOnly: true,
      read: (_: number, into: Uint8Array) => into.set(sector),
      write: () => {},
      flush: () => {},
    };
    const [available, used, header, state] = [QUEUE + 0x100n, QUEUE + 0x200n, QUEUE + 0x300n, QUEUE + 0x380n];
    const image = program(
      (a) => {
        const { t0, t1, t2, a2, zero } = reg;
        a.li(a2, 0);
        const set = (offset: number, value: bigint | number) =>
          a.li(t1, value).op("sw", { rs1: t0, rs2: t1, immediate: offset });
        a.li(t2, CODE).op("jalr", { rd: reg.ra, rs1: t2 }).li(t0, BLOCK);
        // Status: acknowledge, driver; features: VERSION_1 only; queue 0 of 8; driver ok (virtio 1.2, 3.1.1).
        set(0x70, 3);
        set(0x24, 1);
        set(0x20, 1);
        set(0x70, 11);
        set(0x38, 8);
        set(0x80, QUEUE);
        set(0x90, available);
        set(0xa0, used);
        set(0x44, 1);
        set(0x70, 15);
        set(0x50, 0);
        a.li(t0, used)
          .label("wait")
          .op("lhu", { rd: t1, rs1: t0, immediate: 2 })
          .to("wait", "beq", { rs1: t1, rs2: zero });
        a.op("jalr", { rd: reg.ra, rs1: t2 }).li(t0, RESULT).op("sd", { rs1: t0, rs2: a2 });
        powerOff(a);
      },
      (memory) => {
        memory.put64(CODE, add(1) | (BigInt(encode(instructionNamed("c.jr"), { rs1: reg.ra })) << 32n));
        // Descriptors: the header (read sector 0), the code page (device writes), the state byte (device writes).
        const descriptor = (n: bigint, address: bigint, length: bigint, flags: bigint) => {
          memory.put64(QUEUE + n * 16n, address);
          memory.put64(QUEUE + n * 16n + 8n, length | (flags << 32n) | ((n + 1n) << 48n));
        };
        descriptor(0n, header, 16n, 1n);
        descriptor(1n, CODE, 512n, 3n);
        descriptor(2n, state, 1n, 2n);
        // One buffer available: flags 0, index 1, ring[0] = 0.
        memory.put64(available, 1n << 16n);
        memory.put64(header, 0n);
        memory.put64(state, 0xffn);
      },
    );
    const machine = await machineFor(image, { engine, disks: [disk] });
    expect(runToStop(machine)).toEqual({ reason: "power-off", status: 0 });
    expect(peek(machine, RESULT)).toBe(17n);
  });
});
