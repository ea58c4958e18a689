/**
 * What the profile RVA22S64 (RISC-V profiles 1.0, 4.1 and 4.2) promises of what the manuals leave to implementations,
 * on exactly that processor. Its instructions, translation and CSRs have tests of their own.
 */
import { describe } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import { RAM } from "./guest/image.ts";
import { codeSpace } from "./guest/mapped.ts";
import type { Session } from "./guest/session.ts";
import { cause, DATA, session as sessionOn } from "./guest/session.ts";

const PAGE = 4096n;
const ONES = (1n << 64n) - 1n;
const VIRTUAL = 0x1000_0000n;
const RAM_END = RAM + 0x80_0000n;
const MACHINE_COUNTERS = 0xffff_ffffn;

const session = (name: string, describe: (s: Session) => void) =>
  sessionOn(name, describe, { cpu: parseCpu("rva22s64") });

const inSupervisor = (s: Session, build: (a: Assembler) => void) => ({
  mode: "S" as const,
  pc: s.code(build),
});

describe("supervisor traps (Sstvala, Sstvecd)", () => {
  session(
    "stval tells the address of every fault, an illegal instruction's bits, and ebreak's address",
    (s) => {
      s.writeCsr("medeleg", ONES & ~(1n << cause.supervisorCall));
      const space = codeSpace(s, "sv39", 1);
      const operands = { rd: reg.a1, rs1: reg.a0 };
      const load = s.code((a) => a.op("ld", operands));
      const store = s.code((a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1 }));
      const reserve = s.code((a) => a.op("lr.d", operands));
      const atomic = s.code((a) => a.op("amoadd.d", operands));
      const zero = s.code((a) => a.op("cbo.zero", { rs1: reg.a0 }));
      const illegal = s.code((a) => a.word(0xffff_ffff));
      const short = s.code((a) => a.word(0, 2).align(4));
      const ebreak = s.code((a) => a.op("ebreak"));
      space.map(VIRTUAL, 0x4000_0000n, "vrwxad");
      s.writeCsr("menvcfg", 0x80n, 0x80n);
      const unmapped = VIRTUAL + PAGE + 13n;
      const cases: [what: string, pc: bigint, address: bigint, scause: bigint, stval: bigint][] = [
        ["load page fault", load, unmapped, cause.loadPage, unmapped],
        ["store page fault", store, unmapped, cause.storePage, unmapped],
        ["cbo.zero page fault", zero, unmapped, cause.storePage, unmapped],
        ["fetch page fault", unmapped - 1n, 0n, cause.instructionPage, unmapped - 1n],
        ["load access fault", load, VIRTUAL + 8n, cause.loadAccess, VIRTUAL + 8n],
        ["store access fault", store, VIRTUAL + 8n, cause.storeAccess, VIRTUAL + 8n],
        ["fetch access fault", VIRTUAL + 8n, 0n, cause.instructionAccess, VIRTUAL + 8n],
        ["misaligned LR", reserve, VIRTUAL + 1n, cause.loadMisaligned, VIRTUAL + 1n],
        ["misaligned AMO", atomic, VIRTUAL + 1n, cause.storeMisaligned, VIRTUAL + 1n],
        ["illegal", illegal, 0n, cause.illegal, 0xffff_ffffn],
        ["illegal, 16 bits", short, 0n, cause.illegal, 0n],
        ["ebreak", ebreak, 0n, cause.breakpoint, ebreak],
      ];
      for (const [what, pc, address, scause, stval] of cases) {
        const step = { mode: "S", pc, satp: space.satp, a: [address] } as const;
        // The handler in S-mode calls the monitor.
        s.step(what, step, { cause: cause.supervisorCall, scause, stval, sepc: pc });
      }
    },
  );

  session("stvec takes every aligned address, in direct mode", (s) => {
    const step = inSupervisor(s, (a) => a.csrw("stvec", reg.a0).csrr(reg.a1, "stvec"));
    for (let bit = 2n; bit < 64n; bit++) s.step(`bit ${bit}`, { ...step, a: [1n << bit] }, { a1: 1n << bit });
  });
});

describe("counters (Zicntr, Zihpm, Sscounterenw)", () => {
  session("scounteren can be written for all of them, and decides about U-mode", (s) => {
    s.writeCsr("mcounteren", MACHINE_COUNTERS);
    const write = inSupervisor(s, (a) => a.csrw("scounteren", reg.a0).csrr(reg.a1, "scounteren"));
    const names = ["cycle", "time", "instret", ...Array.from({ length: 29 }, (_, i) => `hpmcounter${i + 3}`)];
    names.forEach((name, i) => {
      const pc = s.code((a) => a.csrr(reg.a1, name));
      const only = 1n << BigInt(i);
      s.step(`${name} alone`, { ...write, a: [only] }, { a1: only, cause: cause.supervisorCall });
      s.step(`${name} on`, { mode: "U", pc }, { cause: cause.userCall });
      const others = MACHINE_COUNTERS & ~only;
      s.step(`all but ${name}`, { ...write, a: [others] }, { a1: others });
      s.step(`${name} off`, { mode: "U", pc }, { cause: cause.illegal, epc: pc });
    });
  });
});

describe("main memory (Zicclsm, Ziccif, Ziccamoa, Ziccrse, Za64rs, Ssccptr)", () => {
  session("loads and stores work at every alignment, within and across pages", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.map(VIRTUAL, DATA, "vrwad");
    space.map(VIRTUAL + PAGE, DATA + 2n * PAGE, "vrwad");
    for (const [store, load, bytes] of [
      ["sh", "lhu", 2n],
      ["sw", "lwu", 4n],
      ["sd", "ld", 8n],
    ] as const) {
      const code = s.code((a) =>
        a.op(store, { rs1: reg.a0, rs2: reg.a1 }).op(load, { rd: reg.a2, rs1: reg.a0 }),
      );
      const value = 0x8877_6655_4433_2211n;
      for (let offset = -8n; offset <= 8n; offset++) {
        const a = [VIRTUAL + PAGE + offset, value];
        const step = { mode: "S", pc: code, satp: space.satp, a } as const;
        s.step(`${store} at ${offset}`, step, { a2: BigInt.asUintN(Number(bytes) * 8, value) });
      }
    }
  });

  session("atomics work, and a reservation reaches no further than 64 bytes", (s) => {
    const pc = s.code((a) =>
      a
        .op("lr.d", { rd: reg.a2, rs1: reg.a0 })
        .op("sc.d", { rd: reg.a3, rs1: reg.a1, rs2: reg.a2 })
        .op("amoor.w", { rd: reg.a4, rs1: reg.a0, rs2: reg.zero }),
    );
    s.image.put64(DATA, 7n);
    s.step("the same", { pc, a: [DATA, DATA] }, { a2: 7n, a3: 0n, a4: 7n });
    for (const beside of [-64n, 64n, 128n])
      s.step(`${beside} beside`, { pc, a: [DATA, DATA + beside] }, { a2: 7n, a3: 1n, a4: 7n });
  });

  session("page tables may lie anywhere in it, its last page included", (s) => {
    const root = RAM_END - PAGE;
    const satp = (8n << 60n) | (root >> 12n);
    const identity = (RAM >> 30n) * 8n;
    s.poke(root + identity, ((RAM >> 12n) << 10n) | 0xcfn);
    s.poke(DATA, 99n);
    const pc = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
    s.step("load", { mode: "S", pc, satp, a: [DATA] }, { cause: cause.supervisorCall, a1: 99n });
  });
});

describe("the rest (Svbare, Svade, Ssu64xl, Zihintpause, Zkt)", () => {
  session("translation can be off", (s) => {
    const step = inSupervisor(s, (a) =>
      a.csrw("satp", reg.zero).csrr(reg.a1, "satp").op("ld", { rd: reg.a2, rs1: reg.a0 }),
    );
    s.image.put64(DATA, 5n);
    s.step("Bare", { ...step, a: [DATA] }, { a1: 0n, a2: 5n, cause: cause.supervisorCall });
  });

  session("A and D are left to software", (s) => {
    s.writeCsr("menvcfg", 1n << 61n, 0n);
    const space = codeSpace(s, "sv39", 1);
    space.map(VIRTUAL, DATA, "vrwd");
    const pc = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
    s.step("load", { mode: "S", pc, satp: space.satp, a: [VIRTUAL] }, { cause: cause.loadPage });
  });

  session("U-mode has 64 bits", (s) => {
    const step = inSupervisor(s, (a) => a.csrr(reg.a1, "sstatus"));
    s.step("UXL", step, { a1: 2n << 32n });
  });

  session("pause is a hint in every mode", (s) => {
    const pc = s.code((a) => a.op("pause"));
    s.step("M", { mode: "M", pc }, { cause: cause.machineCall });
    s.step("S", { mode: "S", pc }, { cause: cause.supervisorCall });
    s.step("U", { mode: "U", pc }, { cause: cause.userCall });
  });

  session("multiplying takes the same time whatever the operands", (s) => {
    const pc = s.code((a) => {
      a.csrr(reg.a2, "mcycle");
      for (const name of ["mul", "mulh", "mulhsu", "mulhu", "mulw", "sll", "sltu", "rol", "rev8", "sh3add"])
        a.op(name, { rd: reg.a4, rs1: reg.a0, rs2: reg.a1 });
      a.csrr(reg.a3, "mcycle").op("sub", { rd: reg.a5, rs1: reg.a3, rs2: reg.a2 });
    });
    for (const a of [
      [0n, 0n],
      [ONES, ONES],
      [1n << 63n, 63n],
    ])
      s.step(`${a.join()}`, { pc, a }, { a5: 11n });
  });
});
