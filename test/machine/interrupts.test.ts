/** Interrupts that devices raise, and timers to the slot. Which is taken, and where: test/conformance/interrupts.suite.ts. */
import { describe } from "vitest";
import { SLOTS_PER_TICK } from "../../emulator/trap/interrupt.ts";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import type { Session } from "./guest/session.ts";
import { cause, DATA, interrupt, MACHINE_VECTORS, session, status } from "./guest/session.ts";

const [SSI, MSI, STI, MTI, SEI, MEI] = [1, 3, 5, 7, 9, 11] as const;
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

session("an interrupt that a store to a device raises is taken before the next instruction", (s) => {
  s.writeCsr("mie", bit(MSI));
  const marks = (a: Assembler) => a.op("addi", { rd: reg.a5, rs1: reg.a5, immediate: 1 });
  const byStore = s.code((a) => marks(a.op("sw", { rs1: reg.a0, rs2: reg.a1 })));
  const step = { a: [CLINT, 1n], status: status.MPIE };
  s.step("store", { ...step, pc: byStore }, { cause: interrupt(MSI), epc: byStore + 4n, a5: 0n });
  store(s, "sw", CLINT, 0n);
  const byAtomic = s.code((a) => marks(a.op("amoswap.w", { rs1: reg.a0, rs2: reg.a1 })));
  s.step("AMO", { ...step, pc: byAtomic }, { cause: interrupt(MSI), epc: byAtomic + 4n, a5: 0n });
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
