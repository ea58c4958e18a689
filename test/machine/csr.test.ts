/** CSRs: which there are, who may access them, and what their fields take (privileged chapters 2 to 4). */
import { describe, expect } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import { reg } from "./guest/assembler.ts";
import type { PrivilegeMode } from "./guest/session.ts";
import { cause, DATA, MACHINE_VECTORS, session, status } from "./guest/session.ts";

const ONES = (1n << 64n) - 1n;
const CALL = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };

describe("CSR numbers", () => {
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  /** Tables 2.2 to 2.6, as far as an RV64GC processor with S-mode, Sstc and 16 PMP entries has them. */
  const there = new Set([
    ...range(0x001, 0x003),
    ...range(0xc00, 0xc1f),
    ...[0x100, 0x104, 0x105, 0x106, 0x10a],
    ...[...range(0x140, 0x144), 0x14d, 0x180],
    ...range(0xf11, 0xf15),
    ...[...range(0x300, 0x306), 0x30a],
    ...[0x320, ...range(0x323, 0x33f)],
    ...range(0x340, 0x344),
    ...[0x3a0, 0x3a2, ...range(0x3b0, 0x3bf)],
    ...range(0x7a0, 0x7a3),
    ...[0xb00, ...range(0xb02, 0xb1f)],
  ]);
  const level = { U: 0, S: 1, M: 3 };

  /** Tries all 4096 numbers; a byte of the answer is 1 where the access was illegal. */
  function tryAll(mode: PrivilegeMode, writes: boolean): void {
    const expected = Array.from({ length: 4096 }, (_, number) => {
      // Bits 9:8 are the lowest mode with access; bits 11:10 = 3 make it read-only (2.1).
      const reachable = there.has(number) && ((number >> 8) & 3) <= level[mode];
      return reachable && !(writes && number >> 10 === 3) ? 0 : 1;
    });
    session(
      `${writes ? "written" : "read"} in ${mode}: illegal where absent, read-only or beyond the mode`,
      (s) => {
        s.writeCsr("mcounteren", ONES, 0xffff_ffffn);
        s.writeCsr("scounteren", ONES, 0xffff_ffffn);
        s.writeCsr("menvcfg", 1n << 63n, 1n << 63n);
        const handler = s.codeAt(DATA, (a) =>
          a
            .csrr(reg.a5, "mcause")
            .to("illegal", "beq", { rs1: reg.a5, rs2: reg.a4 })
            .csrw("mtvec", reg.a3)
            .op("ecall")
            .label("illegal")
            .li(reg.a1, 1)
            .csrr(reg.a5, "mepc")
            .op("addi", { rd: reg.a5, rs1: reg.a5, immediate: 4 })
            .csrw("mepc", reg.a5)
            .op("mret"),
        );
        const pc = s.code((a) => {
          for (let number = 0; number < 4096; number++) {
            // csrrs with a register that holds 0 writes what is there; with x0 it writes nothing.
            a.op("csrrs", { rs1: writes ? reg.a2 : reg.zero, immediate: number });
            a.op("sb", { rs1: reg.a0, rs2: reg.a1 }).op("addi", { rd: reg.a0, rs1: reg.a0, immediate: 1 });
            a.li(reg.a1, 0);
          }
        });
        const a = [DATA + 0x1000n, 0n, 0n, MACHINE_VECTORS, cause.illegal];
        s.step("all", { mode, pc, mtvec: handler, a, status: status.FS }, { cause: cause.machineCall });
      },
      {
        inspect: (machine) => {
          const answer = [...(machine.readPhysical(DATA + 0x1000n, 4096) ?? [])];
          const wrong = answer.flatMap((value, number) =>
            value === expected[number] ? [] : [number.toString(16)],
          );
          expect(wrong).toEqual([]);
        },
      },
    );
  }
  for (const mode of ["U", "S", "M"] as const) {
    tryAll(mode, false);
    tryAll(mode, true);
  }
});

describe("CSR fields", () => {
  session("take what they may hold and keep to it (WARL)", (s) => {
    const fixed = 0xa_0000_0000n;
    const { SIE, MIE, SPIE, MPIE, SPP, FS, MPRV, SUM, MXR, TVM, TW, TSR } = status;
    const SD = 1n << 63n;
    const MPP = (mode: bigint) => mode << 11n;
    const all = SIE | MIE | SPIE | MPIE | SPP | MPP(3n) | FS | MPRV | SUM | MXR | TVM | TW | TSR;
    s.tryCsr("mstatus", ONES, all | fixed | SD);
    s.tryCsr("mstatus", 0n, fixed);
    for (const bit of [SIE, MIE, SPIE, MPIE, SPP, SUM, MXR, TVM, TW, TSR, MPP(1n), MPP(3n)]) {
      s.tryCsr("mstatus", bit, bit | fixed);
    }
    // SD tells that FS is dirty (3.1.6.6).
    for (const fs of [1n, 2n, 3n])
      s.tryCsr("mstatus", fs << 13n, (fs << 13n) | fixed | (fs === 3n ? SD : 0n));
    // 2 is no mode: MPP keeps a mode that there is.
    const keeps = s.code((a) => a.csrw("mstatus", reg.a0).csrw("mstatus", reg.a1).csrr(reg.a2, "mstatus"));
    for (const mode of [0n, 1n, 3n]) {
      s.step(`MPP = 2 over ${mode}`, { pc: keeps, a: [MPP(mode), MPP(2n)] }, { a2: MPP(mode) | fixed });
    }
    // I, M, A, F, D, C, S, U and MXL = 2; not writable here.
    s.tryCsr("misa", 0n, 0x8000_0000_0014_112dn);
    s.tryCsr("mtvec", ONES, ~2n & ONES);
    s.tryCsr("mtvec", 0x8000_0003n, 0x8000_0001n);
    s.tryCsr("stvec", ONES, ~2n & ONES);
    for (const csr of ["mepc", "sepc"]) s.tryCsr(csr, ONES, ONES - 1n);
    for (const csr of ["mscratch", "sscratch", "mtval", "stval", "stimecmp"]) {
      s.tryCsr(csr, ONES, ONES);
      s.tryCsr(csr, 0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn);
    }
    for (const csr of ["mcause", "scause"]) {
      for (const value of [15n, (1n << 63n) | 11n]) s.tryCsr(csr, value, value);
    }
    // A call from M-mode cannot be delegated, nor can machine-level interrupts (3.1.8).
    s.tryCsr("medeleg", ONES, 0xb3ffn);
    s.tryCsr("mideleg", ONES, 0x222n);
    s.tryCsr("mie", ONES, 0xaaan);
    for (const csr of ["mcounteren", "scounteren"]) s.tryCsr(csr, ONES, 0xffff_ffffn);
    s.tryCsr("mcountinhibit", ONES, 0n);
    // STCE, PBMTE, CBZE, CBCFE, CBIE and FIOM; ADUE comes with Svadu.
    s.tryCsr("menvcfg", ONES, (3n << 62n) | 0xf1n);
    s.tryCsr("senvcfg", ONES, 0xf1n);
    // CBIE = 2 is reserved: the field keeps what it holds.
    for (const csr of ["menvcfg", "senvcfg"]) {
      for (const cbie of [0n, 1n, 3n]) {
        s.writeCsr(csr, cbie << 4n, cbie << 4n);
        s.tryCsr(csr, 0xe0n, 0xc0n | (cbie << 4n));
      }
    }
    s.tryCsr("satp", (8n << 60n) | 0x0fff_ffff_ffff_ffffn, (8n << 60n) | 0x0fff_ffff_ffff_ffffn);
    for (const csr of ["mhpmcounter3", "mhpmcounter31", "mhpmevent3", "mhpmevent31"]) s.tryCsr(csr, ONES, 0n);
    for (const csr of ["tselect", "tdata1"]) s.tryCsr(csr, ONES, 0n);
    for (const csr of ["mvendorid", "marchid", "mimpid", "mhartid", "mconfigptr"]) {
      const read = s.code((a) => a.csrr(reg.a1, csr));
      s.step(csr, { pc: read, a: [0n, 1n] }, { a1: 0n, cause: cause.machineCall });
    }
  });

  for (const [cpu, menvcfg, senvcfg] of [
    ["rv64gc", 1n, 1n],
    ["rv64gc,svadu", (1n << 61n) | 1n, 1n],
    ["rv64gc,svpbmt", (1n << 62n) | 1n, 1n],
    ["rv64gc,sstc", (1n << 63n) | 1n, 1n],
    ["rv64gc,zicbom", 0x71n, 0x71n],
    ["rv64gc,zicboz", 0x81n, 0x81n],
    ["max", (7n << 61n) | 0xf1n, 0xf1n],
  ] as const) {
    session(
      `of menvcfg and senvcfg follow the processor: ${cpu}`,
      (s) => {
        s.tryCsr("menvcfg", ONES, menvcfg);
        s.tryCsr("senvcfg", ONES, senvcfg);
      },
      { cpu: parseCpu(cpu) },
    );
  }

  session(
    "are not there without their extension",
    (s) => {
      for (const csr of ["stimecmp", "hpmcounter3"]) {
        s.step(csr, { pc: s.code((a) => a.csrr(reg.a1, csr)) }, { cause: cause.illegal });
      }
      s.step("cycle", { pc: s.code((a) => a.csrr(reg.a1, "cycle")) }, { cause: cause.machineCall });
    },
    { cpu: parseCpu("rv64gc") },
  );

  session("of sstatus, sie and sip are views of mstatus, mie and mip", (s) => {
    const S = status.SIE | status.SPIE | status.SPP | status.FS | status.SUM | status.MXR;
    const uxl = 2n << 32n;
    const SD = 1n << 63n;
    const write = s.code((a) => a.csrw("sstatus", reg.a0).csrr(reg.a1, "sstatus"));
    // Executed in M-mode, so that mstatus can be looked at too.
    const both = s.code((a) =>
      a.csrw("mstatus", reg.a0).csrw("sstatus", reg.a1).csrr(reg.a2, "mstatus").csrr(reg.a3, "sstatus"),
    );
    s.step("sstatus = ones in S", { mode: "S", pc: write, a: [ONES] }, { a1: S | uxl | SD });
    s.step("sstatus = 0 in S", { mode: "S", pc: write, a: [0n] }, { a1: uxl });
    const machine = status.MPIE | status.TVM | status.TW | status.TSR;
    const fixed = 0xa_0000_0000n;
    s.step(
      "mstatus keeps M's bits",
      { pc: both, a: [machine, ONES] },
      { a2: machine | S | fixed | SD, a3: S | uxl | SD },
    );
    s.step("and none are set", { pc: both, a: [0n, ONES] }, { a2: S | fixed | SD });
    s.step("or cleared", { pc: both, a: [machine | S, 0n] }, { a2: machine | fixed, a3: uxl });

    const readAll = (a: { csrr: (rd: number, csr: string) => unknown }) => {
      a.csrr(reg.a1, "sie");
      a.csrr(reg.a2, "mie");
      a.csrr(reg.a3, "sip");
      a.csrr(reg.a4, "mip");
    };
    const sie = s.code((a) => {
      a.csrw("sie", reg.a0);
      readAll(a);
    });
    const sip = s.code((a) => {
      a.csrw("sip", reg.a0);
      readAll(a);
    });
    s.writeCsr("mie", 0xaaan, 0xaaan);
    s.step("sie shows nothing that is not delegated", { pc: sie, a: [0n] }, { a1: 0n, a2: 0xaaan });
    s.step("sip takes nothing that is not delegated", { pc: sip, a: [ONES] }, { a3: 0n, a4: 0n });
    s.writeCsr("mideleg", 0x22n, 0x22n);
    s.step("sie with SSI and STI delegated", { pc: sie, a: [0n] }, { a1: 0n, a2: 0xa88n });
    s.step("sie written", { pc: sie, a: [ONES] }, { a1: 0x22n, a2: 0xaaan });
    s.writeCsr("mideleg", 0x222n, 0x222n);
    s.step("sie with all delegated", { pc: sie, a: [0x200n] }, { a1: 0x200n, a2: 0xa88n });
    // Only SSIP can be written through sip (4.1.3).
    s.step("sip written", { pc: sip, a: [ONES] }, { a3: 2n, a4: 2n });
    s.step("sip cleared", { pc: sip, a: [0n] }, { a3: 0n, a4: 0n });
    s.writeCsr("mie", 0n);
    s.writeCsr("mip", ONES, 0x222n);
    s.step("sip shows what M-mode set", { pc: sip, a: [0n] }, { a3: 0x220n, a4: 0x220n });
    s.writeCsr("mip", 0n, 0n);
  });

  session("are not written by csrrs and csrrc with x0 or zero", (s) => {
    const cycle = 0xc00;
    const zimm = (value: number) => value << 15;
    const forms = [
      ["csrrs x0", "csrrs", reg.zero, 0, true],
      ["csrrc x0", "csrrc", reg.zero, 0, true],
      ["csrrs of a register that is 0", "csrrs", reg.a2, 0, false],
      ["csrrc of a register that is 0", "csrrc", reg.a2, 0, false],
      ["csrrw x0", "csrrw", reg.zero, 0, false],
      ["csrrsi 0", "csrrsi", undefined, 0, true],
      ["csrrci 0", "csrrci", undefined, 0, true],
      ["csrrsi 1", "csrrsi", undefined, 1, false],
      ["csrrwi 0", "csrrwi", undefined, 0, false],
    ] as const;
    for (const [what, name, rs1, immediate, legal] of forms) {
      const operands = { rd: reg.a1, immediate: cycle, ...(rs1 === undefined ? {} : { rs1 }) };
      const pc = s.code((a) => a.op(name, operands, zimm(immediate)));
      s.step(
        what,
        { pc, a: [0n, 7n] },
        legal ? { cause: cause.machineCall } : { cause: cause.illegal, a1: 7n },
      );
    }
    const values = s.code((a) =>
      a
        .csrw("sscratch", reg.a0)
        .op("csrrw", { rd: reg.a1, rs1: reg.a1, immediate: 0x140 })
        .op("csrrs", { rd: reg.a2, rs1: reg.a2, immediate: 0x140 })
        .op("csrrc", { rd: reg.a3, rs1: reg.a3, immediate: 0x140 })
        .op("csrrwi", { rd: reg.a4, immediate: 0x140 }, zimm(21))
        .op("csrrsi", { rd: reg.a5, immediate: 0x140 }, zimm(10))
        .op("csrrci", { rd: reg.a0, immediate: 0x140 }, zimm(16)),
    );
    s.step(
      "each gives the old value",
      { pc: values, a: [1n, 0xff00n, 0x00f0n, 0x0ff0n] },
      { a1: 1n, a2: 0xff00n, a3: 0xfff0n, a4: 0xf000n, a5: 21n, a0: 31n },
    );
  });
});

describe("gated CSRs", () => {
  session("counters need mcounteren below M and scounteren in U (3.1.11, 4.1.5)", (s) => {
    const counters = { cycle: 0, time: 1, instret: 2, hpmcounter3: 3, hpmcounter31: 31 };
    for (const [name, bit] of Object.entries(counters)) {
      const pc = s.code((a) => a.csrr(reg.a1, name));
      for (const machine of [false, true]) {
        for (const supervisor of [false, true]) {
          const only = 1n << BigInt(bit);
          s.writeCsr("mcounteren", machine ? only : 0xffff_ffffn & ~only);
          s.writeCsr("scounteren", supervisor ? only : 0xffff_ffffn & ~only);
          const about = `${name}, mcounteren ${machine}, scounteren ${supervisor}`;
          for (const mode of ["U", "S", "M"] as const) {
            const legal = mode === "M" || (machine && (mode === "S" || supervisor));
            s.step(`${about}, ${mode}`, { mode, pc }, { cause: legal ? CALL[mode] : cause.illegal });
          }
        }
      }
    }
  });

  session("stimecmp needs STCE and TM below M (Sstc)", (s) => {
    const pc = s.code((a) => a.csrr(reg.a1, "stimecmp"));
    for (const stce of [0n, 1n << 63n]) {
      for (const tm of [0n, 2n]) {
        s.writeCsr("menvcfg", stce, stce);
        s.writeCsr("mcounteren", tm, tm);
        const about = `STCE ${stce !== 0n}, TM ${tm !== 0n}`;
        s.step(`${about}, M`, { mode: "M", pc }, { cause: cause.machineCall });
        s.step(
          `${about}, S`,
          { mode: "S", pc },
          { cause: stce !== 0n && tm !== 0n ? cause.supervisorCall : cause.illegal },
        );
        s.step(`${about}, U`, { mode: "U", pc }, { cause: cause.illegal });
      }
    }
  });

  session("floating-point CSRs and instructions need FS (3.1.6.6)", (s) => {
    const fsOf = (fs: bigint) => fs << 13n;
    const reads = ["fflags", "frm", "fcsr"].map((csr) => [csr, s.code((a) => a.csrr(reg.a1, csr))] as const);
    const load = s.code((a) => a.op("fld", { rd: 1, rs1: reg.a0 }));
    const store = s.code((a) => a.op("fsd", { rs1: reg.a0, rs2: 1 }));
    const shortLoad = s.code((a) => a.op("c.fld", { rd: 8, rs1: reg.a0 }));
    for (const mode of ["U", "S", "M"] as const) {
      for (const [what, pc] of [...reads, ["fld", load], ["fsd", store], ["c.fld", shortLoad]] as const) {
        s.step(`${what} in ${mode}, off`, { mode, pc, a: [DATA] }, { cause: cause.illegal, fs: 0n });
        // Reading and storing leave FS as it was, writing a register makes it dirty.
        const dirties = what === "fld" || what === "c.fld";
        s.step(
          `${what} in ${mode}, initial`,
          { mode, pc, a: [DATA], status: fsOf(1n) },
          { cause: CALL[mode], fs: dirties ? 3n : 1n },
        );
        s.step(
          `${what} in ${mode}, clean`,
          { mode, pc, a: [DATA], status: fsOf(2n) },
          { cause: CALL[mode], fs: dirties ? 3n : 2n },
        );
      }
    }
    const illegalBits = s.code((a) => a.op("c.fld", { rd: 8, rs1: reg.a0 }));
    s.step(
      "tval of a compressed one",
      { pc: illegalBits, a: [DATA] },
      { cause: cause.illegal, tval: 0x2100n },
    );
    const writes = [
      ["fcsr", ONES, 0xffn],
      ["frm", ONES, 7n],
      ["fflags", ONES, 0x1fn],
    ] as const;
    for (const [csr, value, reads] of writes) {
      const pc = s.code((a) =>
        a.csrw(csr, reg.a0).csrr(reg.a1, csr).csrr(reg.a2, "fcsr").csrw("fcsr", reg.zero),
      );
      const fcsr = csr === "frm" ? 0xe0n : reads;
      s.step(
        `${csr} written`,
        { mode: "U", pc, a: [value], status: fsOf(1n) },
        { a1: reads, a2: fcsr, fs: 3n },
      );
    }
  });
});

describe("counters", () => {
  session("show what is written from the next instruction on", (s) => {
    for (const csr of ["mcycle", "minstret"]) {
      const pc = s.code((a) =>
        a.csrw(csr, reg.a0).csrr(reg.a1, csr).csrr(reg.a2, csr).op("addi").op("addi").csrr(reg.a3, csr),
      );
      for (const value of [0n, 1000n, ONES]) {
        const plus = (n: bigint) => BigInt.asUintN(64, value + n);
        s.step(`${csr} = ${value}`, { pc, a: [value] }, { a1: value, a2: plus(1n), a3: plus(4n) });
      }
    }
    const user = s.code((a) => a.csrw("minstret", reg.a0).csrr(reg.a1, "instret").csrr(reg.a2, "minstret"));
    s.step("instret shadows minstret", { pc: user, a: [50n] }, { a1: 50n, a2: 51n });
  });

  session("do not count ecall and ebreak as retired (3.3.1), though they take time", (s) => {
    const handler = s.codeAt(DATA, (a) =>
      a.csrr(reg.a1, "minstret").csrr(reg.a2, "mcycle").csrw("mtvec", reg.a0).op("ecall"),
    );
    for (const [name, word] of [
      ["ecall", 0x73],
      ["ebreak", 0x0010_0073],
      ["illegal", 0xffff_ffff],
    ] as const) {
      const pc = s.code((a) => a.csrw("mcycle", reg.zero).csrw("minstret", reg.zero).op("addi").word(word));
      // minstret: the addi. mcycle: csrw, addi, the trap, and the read of minstret.
      s.step(name, { pc, mtvec: handler, a: [MACHINE_VECTORS] }, { a1: 1n, a2: 4n });
    }
  });

  session("time is the CLINT's mtime", (s) => {
    const pc = s.code((a) =>
      a
        .op("sd", { rs1: reg.a0, rs2: reg.a2 })
        .csrr(reg.a1, "time")
        .op("ld", { rd: reg.a3, rs1: reg.a0 })
        .op("sub", { rd: reg.a3, rs1: reg.a3, rs2: reg.a1 })
        .op("sltiu", { rd: reg.a3, rs1: reg.a3, immediate: 2 })
        .op("sub", { rd: reg.a1, rs1: reg.a1, rs2: reg.a2 })
        .op("sltiu", { rd: reg.a1, rs1: reg.a1, immediate: 2 }),
    );
    for (const value of [0n, 0x1234_5678_9abcn, 1n << 62n]) {
      s.step(`mtime = ${value}`, { pc, a: [0x200_bff8n, 0n, value] }, { a1: 1n, a3: 1n });
    }
  });
});
