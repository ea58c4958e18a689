/** Interrupts: which is taken, in which mode, and when (privileged 3.1.6.1, 3.1.9, 4.1.3; Sstc). */
import { describe } from "vitest";
import { SLOTS_PER_TICK } from "../../emulator/trap/interrupt.ts";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import type { Session } from "./guest/session.ts";
import {
  cause,
  DATA,
  interrupt,
  MACHINE_VECTORS,
  SUPERVISOR_VECTORS,
  session,
  status,
} from "./guest/session.ts";

const CALL = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };
const [SSI, MSI, STI, MTI, SEI, MEI] = [1, 3, 5, 7, 9, 11] as const;
const SUPERVISOR: readonly number[] = [SEI, SSI, STI];
const bit = (n: number) => 1n << BigInt(n);

const CLINT = 0x200_0000n;
const MTIMECMP = CLINT + 0x4000n;
const MTIME = CLINT + 0xbff8n;
const PLIC = 0xc00_0000n;
const UART = 0x1000_0000n;
const UART_SOURCE = 10n;

/** Stores a word, and a byte, to a device. */
function store(s: Session, name: "sw" | "sb" | "sd", address: bigint, value: bigint): void {
  const pc = s.snippet(name, (a) => a.op(name, { rs1: reg.a0, rs2: reg.a1 }));
  s.step(
    `${name} ${s.length} ${address.toString(16)}`,
    { pc, a: [address, value] },
    { cause: cause.machineCall },
  );
}

/** Raises the serial port's "transmitter empty" interrupt, and lets the PLIC pass it on to hart 0 in some modes. */
function raiseExternal(s: Session, modes: { readonly machine: boolean; readonly supervisor: boolean }): void {
  store(s, "sw", PLIC + UART_SOURCE * 4n, 1n);
  store(s, "sw", PLIC + 0x2000n, modes.machine ? 1n << UART_SOURCE : 0n);
  store(s, "sw", PLIC + 0x2080n, modes.supervisor ? 1n << UART_SOURCE : 0n);
  store(s, "sb", UART + 1n, 2n);
}

/** Makes every interrupt of hart 0 pending. */
function raiseAll(s: Session): void {
  s.writeCsr("mip", bit(SSI) | bit(STI) | bit(SEI));
  store(s, "sw", CLINT, 1n);
  store(s, "sd", MTIMECMP, 0n);
  raiseExternal(s, { machine: true, supervisor: false });
}

const nops = (s: Session) =>
  s.snippet("nops", (a) => {
    for (let i = 0; i < 4; i++) a.op("addi");
  });

describe("an interrupt", () => {
  session("is taken where mode, enables and delegation say, and nowhere else", (s) => {
    raiseAll(s);
    const pc = nops(s);
    for (const delegated of [false, true]) {
      s.writeCsr("mideleg", delegated ? 0x222n : 0n);
      for (const number of [SSI, MSI, STI, MTI, SEI, MEI]) {
        s.writeCsr("mie", bit(number), bit(number));
        const toSupervisor = delegated && SUPERVISOR.includes(number);
        for (const mode of ["U", "S", "M"] as const) {
          for (const machineOn of [false, true]) {
            for (const supervisorOn of [false, true]) {
              const bits = (machineOn ? status.MPIE : 0n) | (supervisorOn ? status.SIE : 0n);
              // Globally enabled below the mode that takes it always, in that mode by its bit, above it never.
              const taken = toSupervisor
                ? mode === "U" || (mode === "S" && supervisorOn)
                : mode !== "M" || machineOn;
              const what = `${number} in ${mode}, MIE ${machineOn}, SIE ${supervisorOn}, delegated ${delegated}`;
              if (!taken) s.step(what, { mode, pc, status: bits }, { cause: CALL[mode] });
              else if (toSupervisor) {
                const spp = mode === "S" ? 1n : 0n;
                s.step(
                  what,
                  { mode, pc, status: bits },
                  {
                    cause: cause.supervisorCall,
                    epc: SUPERVISOR_VECTORS,
                    scause: interrupt(number),
                    sepc: pc,
                    stval: 0n,
                    spp,
                    spie: supervisorOn ? 1n : 0n,
                    sie: 0n,
                  },
                );
              } else {
                const mpp = { U: 0n, S: 1n, M: 3n }[mode];
                const stacked = { mpp, mpie: machineOn ? 1n : 0n, mie: 0n };
                s.step(
                  what,
                  { mode, pc, status: bits },
                  { cause: interrupt(number), epc: pc, tval: 0n, ...stacked },
                );
              }
            }
          }
        }
      }
    }
  });

  session("of the highest priority comes first: MEI, MSI, MTI, SEI, SSI, STI", (s) => {
    raiseAll(s);
    const pc = nops(s);
    const order = [MEI, MSI, MTI, SEI, SSI, STI];
    order.forEach((number, i) => {
      s.writeCsr(
        "mie",
        order.slice(i).reduce((sum, n) => sum | bit(n), 0n),
      );
      s.step(`${number} of those left`, { mode: "U", pc }, { cause: interrupt(number) });
      s.step(`${number} of those left, in M`, { pc, status: status.MPIE }, { cause: interrupt(number) });
    });
    // Interrupts for M-mode come before those for S-mode, whatever their numbers (3.1.9).
    s.writeCsr("mideleg", 0x222n);
    const supervisor = [SEI, SSI, STI];
    supervisor.forEach((number, i) => {
      const enabled = supervisor.slice(i).reduce((sum, n) => sum | bit(n), 0n);
      s.writeCsr("mie", enabled);
      s.step(`${number} delegated`, { mode: "U", pc }, { scause: interrupt(number), sepc: pc });
      s.writeCsr("mie", enabled | bit(MTI));
      s.step(`MTI before ${number}`, { mode: "U", pc }, { cause: interrupt(MTI) });
    });
    s.writeCsr("mideleg", bit(SEI));
    s.writeCsr("mie", bit(SEI) | bit(STI));
    s.step("STI for M before SEI for S", { mode: "U", pc }, { cause: interrupt(STI) });
  });

  session("enters its own vector in vectored mode (3.1.7, 4.1.2)", (s) => {
    raiseAll(s);
    const pc = nops(s);
    for (const number of [SSI, MSI, STI, MTI, SEI, MEI]) {
      s.writeCsr("mideleg", 0n);
      s.writeCsr("mie", bit(number));
      const entry = BigInt(4 * number);
      s.step(
        `${number} to M`,
        { mode: "U", pc, mtvec: MACHINE_VECTORS | 1n },
        { cause: interrupt(number), entry },
      );
      if (!SUPERVISOR.includes(number)) continue;
      s.writeCsr("mideleg", 0x222n);
      const step = { mode: "U", pc, stvec: SUPERVISOR_VECTORS | 1n } as const;
      s.step(`${number} to S`, step, { scause: interrupt(number), epc: SUPERVISOR_VECTORS + entry });
    }
  });

  session("that an instruction enables is taken before the next one", (s) => {
    s.writeCsr("mip", bit(SSI));
    const marks = (a: Assembler) => a.op("addi", { rd: reg.a5, rs1: reg.a5, immediate: 1 });
    const byMie = s.code((a) => marks(a.csrw("mie", reg.a0)));
    s.step(
      "mie",
      { pc: byMie, a: [bit(SSI)], status: status.MPIE },
      { cause: interrupt(SSI), epc: byMie + 4n, a5: 0n },
    );
    const byStatus = s.code((a) => marks(a.csrs("mstatus", reg.a0)));
    s.step(
      "mstatus",
      { pc: byStatus, a: [status.MIE] },
      { cause: interrupt(SSI), epc: byStatus + 4n, a5: 0n },
    );
    s.writeCsr("mideleg", bit(SSI));
    const bySstatus = s.code((a) => marks(a.csrs("sstatus", reg.a0)));
    s.step(
      "sstatus",
      { mode: "S", pc: bySstatus, a: [status.SIE] },
      { scause: interrupt(SSI), sepc: bySstatus + 4n, a5: 0n },
    );
    s.writeCsr("mie", 0n);
    s.writeCsr("mip", 0n);
    s.writeCsr("sie", bit(SSI));
    const bySip = s.code((a) => marks(a.csrs("sip", reg.a0)));
    s.step(
      "sip",
      { mode: "S", pc: bySip, a: [bit(SSI)], status: status.SIE },
      { scause: interrupt(SSI), sepc: bySip + 4n, a5: 0n },
    );
    s.writeCsr("mip", 0n);
    s.writeCsr("mie", bit(MSI));
    // A store to the CLINT, and an AMO to it.
    const byStore = s.code((a) => marks(a.op("sw", { rs1: reg.a0, rs2: reg.a1 })));
    const step = { a: [CLINT, 1n], status: status.MPIE };
    s.step("store", { ...step, pc: byStore }, { cause: interrupt(MSI), epc: byStore + 4n, a5: 0n });
    store(s, "sw", CLINT, 0n);
    const byAtomic = s.code((a) => marks(a.op("amoswap.w", { rs1: reg.a0, rs2: reg.a1 })));
    s.step("AMO", { ...step, pc: byAtomic }, { cause: interrupt(MSI), epc: byAtomic + 4n, a5: 0n });
    store(s, "sw", CLINT, 0n);
    // Return from a trap into a mode in which it is enabled.
    s.writeCsr("mip", bit(SSI));
    s.writeCsr("mie", bit(SSI));
    const end = s.snippet("ecall", () => {});
    const bySret = s.code((a) => a.csrw("sepc", reg.a0).csrs("sstatus", reg.a1).op("sret"));
    s.step(
      "sret",
      { mode: "S", pc: bySret, a: [end, status.SPP | status.SPIE] },
      { scause: interrupt(SSI), sepc: end },
    );
  });

  session("comes before an exception of the instruction it interrupts", (s) => {
    s.writeCsr("mip", bit(SSI));
    s.writeCsr("mie", bit(SSI));
    const illegal = s.code((a) => a.word(0xffff_ffff));
    s.step("illegal", { pc: illegal, status: status.MPIE }, { cause: interrupt(SSI), epc: illegal });
    s.step(
      "fetch from nowhere",
      { pc: 0x4000_0000n, status: status.MPIE },
      { cause: interrupt(SSI), epc: 0x4000_0000n },
    );
  });
});

describe("mip", () => {
  session(
    "SEIP is what software wrote or what the PLIC drives, and only the former is modified (3.1.9)",
    (s) => {
      const sei = bit(SEI);
      const read = s.code((a) => a.csrr(reg.a1, "mip"));
      const setSsi = s.code((a) => a.csrs("mip", reg.a0, reg.a1));
      const clear = s.code((a) => a.csrc("mip", reg.a0, reg.a1).csrr(reg.a2, "mip"));
      const set = s.code((a) => a.csrs("mip", reg.a0, reg.a1).csrr(reg.a2, "mip"));
      raiseExternal(s, { machine: false, supervisor: true });
      s.step("driven", { pc: read }, { a1: sei, cause: cause.machineCall });
      // Setting SSIP returns SEIP as 1 but must not write it back.
      s.step("set SSIP while driven", { pc: setSsi, a: [bit(SSI)] }, { a1: sei });
      s.step("clear SEIP while driven", { pc: clear, a: [sei] }, { a1: sei | bit(SSI), a2: sei | bit(SSI) });
      store(s, "sb", UART + 1n, 0n);
      const claim = s.code((a) =>
        a.op("lw", { rd: reg.a1, rs1: reg.a0 }).op("sw", { rs1: reg.a0, rs2: reg.a1 }),
      );
      s.step("claim and complete", { pc: claim, a: [PLIC + 0x20_1004n] }, { cause: cause.machineCall });
      s.step("not driven", { pc: read }, { a1: bit(SSI) });
      s.step("set SEIP", { pc: set, a: [sei] }, { a1: bit(SSI), a2: bit(SSI) | sei });
      raiseExternal(s, { machine: false, supervisor: true });
      s.step("both", { pc: read }, { a1: bit(SSI) | sei });
      s.step("clear SEIP while both", { pc: clear, a: [sei] }, { a1: bit(SSI) | sei, a2: bit(SSI) | sei });
      store(s, "sb", UART + 1n, 0n);
      s.step("claim again", { pc: claim, a: [PLIC + 0x20_1004n] }, { a1: UART_SOURCE });
      s.step("neither", { pc: read }, { a1: bit(SSI) });
    },
  );

  session("MEIP, MTIP and MSIP follow the devices and cannot be written", (s) => {
    const write = s.code((a) => a.csrw("mip", reg.a0).csrr(reg.a1, "mip"));
    s.step("written", { pc: write, a: [-1n] }, { a1: 0x222n });
    s.step("cleared", { pc: write, a: [0n] }, { a1: 0n });
    raiseAll(s);
    s.step("cleared again", { pc: write, a: [0n] }, { a1: bit(MEI) | bit(MSI) | bit(MTI) });
    store(s, "sd", MTIMECMP, -1n);
    s.step("mtimecmp", { pc: write, a: [0n] }, { a1: bit(MEI) | bit(MSI) });
    store(s, "sw", CLINT, 0n);
    s.step("msip", { pc: write, a: [0n] }, { a1: bit(MEI) });
    store(s, "sb", UART + 1n, 0n);
    const claim = s.code((a) => a.op("lw", { rd: reg.a1, rs1: reg.a0 }));
    s.step("claim", { pc: claim, a: [PLIC + 0x20_0004n] }, { cause: cause.machineCall });
    s.step("external", { pc: write, a: [0n] }, { a1: 0n });
  });

  session("STIP follows stimecmp where STCE is set and is written where it is not (Sstc)", (s) => {
    const STCE = 1n << 63n;
    const write = s.code((a) => a.csrw("mip", reg.a0).csrr(reg.a1, "mip"));
    s.step("written without STCE", { pc: write, a: [bit(STI)] }, { a1: bit(STI) });
    s.writeCsr("menvcfg", STCE);
    s.step("hidden by STCE", { pc: write, a: [bit(STI)] }, { a1: 0n });
    s.writeCsr("stimecmp", 0n);
    s.step("driven", { pc: write, a: [0n] }, { a1: bit(STI) });
    s.writeCsr("stimecmp", -1n);
    s.step("not driven", { pc: write, a: [bit(STI)] }, { a1: 0n });
    s.writeCsr("stimecmp", 0n);
    s.writeCsr("menvcfg", 0n);
    s.step("stimecmp ignored without STCE", { pc: write, a: [0n] }, { a1: 0n });
  });
});

describe("timers", () => {
  /** What runs until the timer interrupts it. */
  const bodies: Record<string, (a: Assembler) => void> = {
    "a jump to itself": (a) => a.label("loop").to("loop"),
    "a loop": (a) => a.label("loop").op("addi", { rd: reg.s2, rs1: reg.s2, immediate: 1 }).to("loop"),
    "loads and stores": (a) =>
      a
        .li(reg.s2, DATA + 0x1000n)
        .label("loop")
        .op("ld", { rd: reg.s3, rs1: reg.s2 })
        .op("sd", { rs1: reg.s2, rs2: reg.s3 })
        .to("loop"),
    "device reads": (a) =>
      a.li(reg.s2, UART).label("loop").op("lbu", { rd: reg.s3, rs1: reg.s2, immediate: 5 }).to("loop"),
    "CSR reads": (a) => a.label("loop").csrr(reg.s2, "mcycle").csrr(reg.s3, "minstret").to("loop"),
    atomics: (a) =>
      a
        .li(reg.s2, DATA + 0x1000n)
        .label("loop")
        .op("amoadd.w", { rs1: reg.s2, rs2: reg.s2 })
        .to("loop"),
    "a long straight run": (a) => {
      for (let i = 0; i < 3000; i++) a.op("c.nop");
    },
  };

  function exact(name: string, csr: string | undefined, handlerCsr: "mtvec" | "stvec"): void {
    session(name, (s) => {
      const supervisor = handlerCsr === "stvec";
      // The handler's first instruction executes in the slot in which the timer fires: that is cycle 25 x comparator.
      const handler = s.codeAt(DATA, (a) => {
        a.csrr(reg.a1, "mcycle").op("sub", { rd: reg.a2, rs1: reg.a1, rs2: reg.a0 });
        a.csrw("mie", reg.zero).csrw("mtvec", reg.a5).op("ecall");
      });
      const supervisorHandler = s.codeAt(DATA + 0x100n, (a) => {
        a.csrr(reg.a1, "cycle").op("sub", { rd: reg.a2, rs1: reg.a1, rs2: reg.a0 }).op("ecall");
      });
      s.writeCsr("menvcfg", 1n << 63n);
      s.writeCsr("mcounteren", 7n);
      for (const [what, body] of Object.entries(bodies)) {
        if (supervisor && what === "CSR reads") continue;
        if (supervisor) {
          s.writeCsr("stimecmp", -1n);
          s.writeCsr("mideleg", bit(STI));
          s.writeCsr("mie", bit(STI));
        }
        const pc = s.code((a) => {
          a.csrr(reg.a0, "time").op("addi", { rd: reg.a0, rs1: reg.a0, immediate: 40 });
          if (csr === undefined) a.li(reg.a3, MTIMECMP).op("sd", { rs1: reg.a3, rs2: reg.a0 });
          else a.csrw(csr, reg.a0);
          if (!supervisor) a.li(reg.a3, bit(csr === undefined ? MTI : STI)).csrw("mie", reg.a3);
          a.li(reg.a3, SLOTS_PER_TICK).op("mul", { rd: reg.a0, rs1: reg.a0, rs2: reg.a3 });
          body(a);
        });
        const expected = { a2: 0n, cause: supervisor ? cause.supervisorCall : cause.machineCall };
        const step = supervisor
          ? ({ mode: "S", pc, stvec: supervisorHandler, status: status.SIE } as const)
          : ({ pc, mtvec: handler, status: status.MPIE, a: [0n, 0n, 0n, 0n, 0n, MACHINE_VECTORS] } as const);
        s.step(what, step, expected);
      }
    });
  }
  exact("mtimecmp fires at its slot", undefined, "mtvec");
  exact("stimecmp fires at its slot, for M", "stimecmp", "mtvec");
  exact("stimecmp fires at its slot, for S", "stimecmp", "stvec");

  session("follow mtime when it is written", (s) => {
    store(s, "sd", MTIMECMP, 1n << 40n);
    s.writeCsr("mie", bit(MTI));
    const pc = s.code((a) =>
      a.op("sd", { rs1: reg.a0, rs2: reg.a1 }).op("addi", { rd: reg.a5, rs1: reg.a5, immediate: 1 }),
    );
    const step = { pc, status: status.MPIE };
    s.step("before", { ...step, a: [MTIME, (1n << 40n) - 1000n] }, { cause: cause.machineCall });
    s.step("reached", { ...step, a: [MTIME, 1n << 40n] }, { cause: interrupt(MTI), epc: pc + 4n, a5: 0n });
    s.step("turned back", { ...step, a: [MTIME, 5n] }, { cause: interrupt(MTI), epc: pc });
    store(s, "sd", MTIME, 5n);
    s.step("after", { ...step, a: [MTIME, 6n] }, { cause: cause.machineCall });
  });
});

describe("wfi", () => {
  session("goes on when an enabled interrupt is pending, masked by mode or not (3.3.3)", (s) => {
    const pc = s.code((a) => a.op("wfi").op("addi", { rd: reg.a1, rs1: reg.a1, immediate: 1 }));
    s.writeCsr("mip", bit(SSI));
    s.writeCsr("mie", bit(SSI));
    s.step("M, MIE clear", { pc }, { a1: 1n, cause: cause.machineCall });
    // Taken first, for it is pending before the wfi.
    s.step("M, MIE set", { pc, status: status.MPIE }, { a1: 0n, cause: interrupt(SSI), epc: pc });
    s.writeCsr("mideleg", bit(SSI));
    s.step("S, SIE clear", { mode: "S", pc }, { a1: 1n, cause: cause.supervisorCall });
    s.step("M, delegated", { pc, status: status.MPIE }, { a1: 1n, cause: cause.machineCall });
  });

  session("sleeps until a timer fires, then goes on or traps behind the wfi", (s) => {
    s.writeCsr("menvcfg", 1n << 63n);
    const pc = s.code((a) => {
      a.csrr(reg.a0, "time")
        .op("addi", { rd: reg.a0, rs1: reg.a0, immediate: 1000 })
        .csrw("stimecmp", reg.a0);
      a.op("wfi").csrr(reg.a1, "time").op("sub", { rd: reg.a1, rs1: reg.a1, rs2: reg.a0 });
      a.op("sltiu", { rd: reg.a2, rs1: reg.a1, immediate: 2 });
    });
    const woken = pc + 16n;
    s.writeCsr("mie", bit(STI));
    s.step("masked", { pc }, { a2: 1n, cause: cause.machineCall });
    s.writeCsr("stimecmp", -1n);
    s.step("taken", { pc, status: status.MPIE }, { cause: interrupt(STI), epc: woken, a2: 0n });
    s.writeCsr("mideleg", bit(STI));
    s.writeCsr("stimecmp", -1n);
    s.writeCsr("mcounteren", 7n);
    s.step(
      "in S, taken there",
      { mode: "S", pc, status: status.SIE },
      { scause: interrupt(STI), sepc: woken },
    );
    s.writeCsr("stimecmp", -1n);
    s.step("in S, masked", { mode: "S", pc }, { a2: 1n, cause: cause.supervisorCall });
  });
});
