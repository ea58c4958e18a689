/** Every exception: cause, tval, epc and what is stacked, in every mode, delegated and not (privileged 3.1.6 to 3.1.16). */
import { describe } from "vitest";
import { reg } from "./guest/assembler.ts";
import type { PrivilegeMode, Session } from "./guest/session.ts";
import { cause, DATA, MACHINE_VECTORS, SUPERVISOR_VECTORS, session, status } from "./guest/session.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const MPP = { U: 0n, S: 1n, M: 3n };
const CALLS = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };
/** No device and no RAM. */
const NOWHERE = 0x4000_0000n;
const RAM_END = 0x8080_0000n;
const CLINT = 0x200_0000n;

/** An instruction that ends in an exception, wherever it stands. */
interface Raiser {
  readonly what: string;
  readonly pc: bigint;
  readonly a?: readonly bigint[];
  readonly cause: bigint;
  readonly tval: bigint;
  /** Where it is raised, if not at pc. */
  readonly epc?: bigint;
}

function raisers(s: Session): Raiser[] {
  const one = (name: string, operands: object, fields = 0) =>
    s.snippet(name, (a) => a.op(name, operands, fields));
  const word = (bits: number, length: 2 | 4) =>
    s.snippet(bits.toString(16), (a) => a.word(bits, length).align(4));
  const load = one("ld", { rd: reg.a1, rs1: reg.a0 });
  const store = one("sd", { rs1: reg.a0, rs2: reg.a1 });
  const atomic = one("amoadd.d", { rd: reg.a1, rs1: reg.a0, rs2: reg.a1 });
  const reserve = one("lr.d", { rd: reg.a1, rs1: reg.a0 });
  const conditional = one("sc.d", { rd: reg.a1, rs1: reg.a0, rs2: reg.a1 });
  const ebreak = one("ebreak", {});
  const halfBreak = s.snippet("c.ebreak", (a) => a.op("c.ebreak").align(4));
  const { illegal } = cause;
  const at = (what: string, pc: bigint, address: bigint, c: bigint): Raiser => ({
    what: `${what} at ${address.toString(16)}`,
    pc,
    a: [address],
    cause: c,
    tval: address,
  });
  return [
    { what: "fetch from nowhere", pc: NOWHERE, cause: cause.instructionAccess, tval: NOWHERE },
    { what: "fetch past RAM", pc: RAM_END, cause: cause.instructionAccess, tval: RAM_END },
    { what: "fetch above 4 GiB", pc: 1n << 40n, cause: cause.instructionAccess, tval: 1n << 40n },
    { what: "illegal 32-bit", pc: word(0xffff_ffff, 4), cause: illegal, tval: 0xffff_ffffn },
    { what: "reserved opcode", pc: word(0x0000_007b, 4), cause: illegal, tval: 0x7bn },
    { what: "illegal 16-bit zero", pc: word(0, 2), cause: illegal, tval: 0n },
    { what: "illegal c.addiw rd=0", pc: word(0x2005, 2), cause: illegal, tval: 0x2005n },
    { what: "unknown CSR", pc: word(0x5c0_0_2573, 4), cause: illegal, tval: 0x5c0_0_2573n },
    { what: "write to a read-only CSR", pc: word(0xc000_1073, 4), cause: illegal, tval: 0xc000_1073n },
    { what: "ebreak", pc: ebreak, cause: cause.breakpoint, tval: ebreak },
    { what: "c.ebreak", pc: halfBreak, cause: cause.breakpoint, tval: halfBreak },
    at("load", load, NOWHERE, cause.loadAccess),
    at("load", load, RAM_END, cause.loadAccess),
    at("load", load, (1n << 64n) - 8n, cause.loadAccess),
    at("misaligned load from a device", load, CLINT + 0xbff9n, cause.loadAccess),
    at("store", store, NOWHERE, cause.storeAccess),
    at("store", store, RAM_END, cause.storeAccess),
    at("misaligned store to a device", store, CLINT + 0x4001n, cause.storeAccess),
    at("AMO", atomic, NOWHERE, cause.storeAccess),
    at("LR", reserve, NOWHERE, cause.loadAccess),
    at("SC", conditional, NOWHERE, cause.storeAccess),
    // LR, SC and AMOs need natural alignment (unprivileged, "A", 10.2 and 10.4).
    at("misaligned AMO", atomic, DATA + 4n, cause.storeMisaligned),
    at("misaligned LR", reserve, DATA + 1n, cause.loadMisaligned),
    at("misaligned SC", conditional, DATA + 2n, cause.storeMisaligned),
    // A misaligned access that runs out of RAM faults on the part that does (Sstvala).
    { ...at("load across the end of RAM", load, RAM_END - 4n, cause.loadAccess), tval: RAM_END },
    { ...at("store across the end of RAM", store, RAM_END - 1n, cause.storeAccess), tval: RAM_END },
  ];
}

describe("exceptions", () => {
  session("taken in M-mode stack the mode and the enable", (s) => {
    for (const mode of MODES) {
      const ecall = s.snippet("ecall", () => {});
      const call: Raiser = { what: "ecall", pc: ecall, cause: CALLS[mode], tval: 0n };
      for (const { what, pc, a = [], cause: c, tval } of [call, ...raisers(s)]) {
        const expected = { cause: c, tval, epc: pc, mpp: MPP[mode], mie: 0n, mprv: 0n, entry: 0n };
        s.step(`${mode}: ${what}`, { mode, pc, a }, { ...expected, mpie: 0n });
        const enabled = { mode, pc, a, status: status.MPIE };
        s.step(`${mode}: ${what}, MIE set`, enabled, { ...expected, mpie: 1n });
      }
    }
  });

  session("delegated go to S-mode from S and U, never from M", (s) => {
    // Bit 11, the call from M-mode, cannot be delegated (3.1.8); 10 and 14 are reserved.
    s.writeCsr("medeleg", (1n << 64n) - 1n, 0xb3ffn);
    // The stub's own ecall must reach M-mode.
    s.writeCsr("medeleg", 0xb1ffn, 0xb1ffn);
    for (const { what, pc, a = [], cause: c, tval } of raisers(s)) {
      for (const mode of ["U", "S"] as const) {
        const spp = mode === "S" ? 1n : 0n;
        const delegated = {
          cause: cause.supervisorCall,
          epc: SUPERVISOR_VECTORS,
          scause: c,
          sepc: pc,
          stval: tval,
          spp,
        };
        // SIE falls and SPIE remembers it (3.1.6.1); M-mode's MIE and MPIE do not take part.
        s.step(
          `${mode}: ${what}, SIE set`,
          { mode, pc, a, status: status.SIE },
          { ...delegated, sie: 0n, spie: 1n },
        );
        s.step(
          `${mode}: ${what}, SIE clear`,
          { mode, pc, a, status: status.SPIE },
          { ...delegated, sie: 0n, spie: 0n },
        );
      }
      s.step(`M: ${what}`, { mode: "M", pc, a }, { cause: c, epc: pc, tval, mpp: 3n });
    }
    const ecall = s.snippet("ecall", () => {});
    const call = {
      cause: cause.supervisorCall,
      epc: SUPERVISOR_VECTORS,
      scause: cause.userCall,
      sepc: ecall,
      stval: 0n,
    };
    s.step("U: ecall", { mode: "U", pc: ecall }, { ...call, spp: 0n });
    s.step(
      "S: ecall stays with M",
      { mode: "S", pc: ecall },
      { cause: cause.supervisorCall, epc: ecall, mpp: 1n },
    );
    // With only some causes delegated the others still enter M-mode.
    s.writeCsr("medeleg", 1n << cause.breakpoint);
    const ebreak = s.snippet("ebreak", (a) => a.op("ebreak"));
    const illegal = s.code((a) => a.word(0xffff_ffff));
    s.step(
      "U: ebreak alone",
      { mode: "U", pc: ebreak },
      { cause: cause.supervisorCall, scause: cause.breakpoint, sepc: ebreak },
    );
    s.step("U: illegal not delegated", { mode: "U", pc: illegal }, { cause: cause.illegal, epc: illegal });
  });

  session("enter at BASE in vectored mode too", (s) => {
    s.writeCsr("medeleg", 1n << cause.breakpoint);
    const ebreak = s.code((a) => a.op("ebreak"));
    s.step(
      "M",
      { mode: "M", pc: ebreak, mtvec: MACHINE_VECTORS | 1n },
      { cause: cause.breakpoint, entry: 0n },
    );
    s.step(
      "S",
      { mode: "U", pc: ebreak, stvec: SUPERVISOR_VECTORS | 1n },
      { scause: cause.breakpoint, epc: SUPERVISOR_VECTORS },
    );
    s.step(
      "S elsewhere",
      { mode: "U", pc: ebreak, stvec: SUPERVISOR_VECTORS + 8n },
      { epc: SUPERVISOR_VECTORS + 8n },
    );
  });

  session("nest: a fault in S-mode's handler overwrites its registers or goes to M-mode", (s) => {
    s.writeCsr("medeleg", 1n << cause.userCall);
    const handler = s.codeAt(DATA, (a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }).op("ecall"));
    const ecall = s.snippet("ecall", () => {});
    const expected = { mpp: 1n, spp: 0n, scause: cause.userCall, sepc: ecall, spie: 1n, sie: 0n };
    const step = { mode: "U", pc: ecall, stvec: handler, a: [NOWHERE], status: status.SIE } as const;
    s.step("to M-mode", step, { ...expected, cause: cause.loadAccess, epc: handler, tval: NOWHERE });
    s.writeCsr("medeleg", (1n << cause.userCall) | (1n << cause.breakpoint));
    // The first instruction is skipped the second time: the trap vector is a loop the handler leaves by its own ecall.
    const twice = s.codeAt(DATA + 0x100n, (a) =>
      a
        .csrr(reg.a1, "scause")
        .to("again", "bne", { rs1: reg.a1, rs2: reg.a2 })
        .op("ebreak")
        .label("again")
        .op("ecall"),
    );
    s.step(
      "within S-mode",
      { mode: "U", pc: ecall, stvec: twice, a: [0n, 0n, cause.userCall], status: status.SIE },
      {
        cause: cause.supervisorCall,
        scause: cause.breakpoint,
        sepc: twice + 8n,
        stval: twice + 8n,
        spp: 1n,
        spie: 0n,
        sie: 0n,
      },
    );
  });

  session("leave registers and memory as they were", (s) => {
    const load = s.code((a) => a.op("ld", { rd: reg.a0, rs1: reg.a0 }));
    const amo = s.code((a) => a.op("amoswap.d", { rd: reg.a0, rs1: reg.a0, rs2: reg.a1 }));
    const jump = s.code((a) => a.op("jalr", { rd: reg.a0, rs1: reg.a0 }));
    const fused = s.code((a) => a.op("c.ld", { rd: reg.a0, rs1: reg.a0 }));
    for (const [what, pc] of [
      ["load", load],
      ["AMO", amo],
      ["c.ld", fused],
    ] as const) {
      s.step(what, { pc, a: [NOWHERE, 5n] }, { a0: NOWHERE, a1: 5n, epc: pc });
    }
    // The jump itself completes: the fetch at its target is what fails.
    s.step("jump", { pc: jump, a: [NOWHERE] }, { a0: jump + 4n, epc: NOWHERE, tval: NOWHERE });
    s.image.put64(RAM_END - 0x20_0000n - 8n, 0n);
    const far = s.code((a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1 }));
    s.step(
      "store across the end of RAM",
      { pc: far, a: [RAM_END - 4n, -1n] },
      { cause: cause.storeAccess, tval: RAM_END },
    );
    s.peek("nothing was stored", RAM_END - 8n, 0n);
  });

  session("of jumps to addresses that differ in their top bits only", (s) => {
    const jump = s.code((a) => a.op("jalr", { rs1: reg.a0 }));
    for (const bit of [32n, 40n, 56n, 59n, 60n, 61n, 62n, 63n]) {
      const target = jump ^ (1n << bit);
      s.step(
        `bit ${bit}`,
        { pc: jump, a: [target] },
        { cause: cause.instructionAccess, epc: target, tval: target },
      );
    }
  });
});

describe("returns", () => {
  session("mret", (s) => {
    const mret = s.code((a) => a.csrw("mepc", reg.a0).csrw("mstatus", reg.a1).op("mret"));
    const after = s.code((a) => a.csrr(reg.a2, "mstatus"));
    const end = s.snippet("ecall", () => {});
    // MIE = MPIE, MPIE = 1, MPP = U (3.3.2).
    s.step(
      "to M",
      { pc: mret, a: [after, (3n << 11n) | status.MPIE] },
      { a2: 0xa_0000_0088n, cause: cause.machineCall },
    );
    s.step("to M, MPIE clear", { pc: mret, a: [after, 3n << 11n] }, { a2: 0xa_0000_0080n });
    s.step("to M keeps MPRV", { pc: mret, a: [end, (3n << 11n) | status.MPRV] }, { mprv: 1n, mpp: 3n });
    s.step(
      "to S clears MPRV",
      { pc: mret, a: [end, (1n << 11n) | status.MPRV] },
      { mprv: 0n, cause: cause.supervisorCall },
    );
    s.step("to U clears MPRV", { pc: mret, a: [end, status.MPRV] }, { mprv: 0n, cause: cause.userCall });
    // Bit 0 of mepc does not exist; IALIGN is 16 (3.1.14).
    s.step(
      "to an odd address",
      { pc: mret, a: [end + 1n, 3n << 11n] },
      { epc: end, cause: cause.machineCall },
    );
  });

  session("sret", (s) => {
    const sret = s.code((a) => a.csrw("sepc", reg.a0).csrw("sstatus", reg.a1).op("sret"));
    const after = s.code((a) => a.csrr(reg.a2, "sstatus"));
    const end = s.snippet("ecall", () => {});
    const base = 0x2_0000_0000n;
    s.step(
      "to S",
      { mode: "S", pc: sret, a: [after, status.SPP | status.SPIE] },
      { a2: base | status.SIE | status.SPIE },
    );
    s.step("to S, SPIE clear", { mode: "S", pc: sret, a: [after, status.SPP] }, { a2: base | status.SPIE });
    s.step(
      "to U",
      { mode: "S", pc: sret, a: [end, status.SPIE] },
      { cause: cause.userCall, sie: 1n, spie: 1n, spp: 0n },
    );
    // From M-mode sret clears MPRV, for it never returns to M (3.1.6.3).
    s.step(
      "from M",
      { pc: sret, status: status.MPRV, a: [end, status.SPP] },
      { cause: cause.supervisorCall, mprv: 0n },
    );
  });

  session("privileged instructions are illegal where they may not execute", (s) => {
    const forms = {
      mret: ["mret", {}],
      sret: ["sret", {}],
      wfi: ["wfi", {}],
      "sfence.vma": ["sfence.vma", {}],
      "sinval.vma": ["sinval.vma", {}],
      "sfence.w.inval": ["sfence.w.inval", {}],
      "sfence.inval.ir": ["sfence.inval.ir", {}],
    } as const;
    const word: Record<keyof typeof forms, bigint> = {
      mret: 0x3020_0073n,
      sret: 0x1020_0073n,
      wfi: 0x1050_0073n,
      "sfence.vma": 0x1200_0073n,
      "sinval.vma": 0x1600_0073n,
      "sfence.w.inval": 0x1800_0073n,
      "sfence.inval.ir": 0x1810_0073n,
    };
    const satp = s.code((a) => a.csrr(reg.a0, "satp"));
    const writeSatp = s.code((a) => a.csrw("satp", reg.zero));
    for (const name of Object.keys(forms) as (keyof typeof forms)[]) {
      const pc = s.snippet(name, (a) => a.op(name));
      s.step(`${name} in U`, { mode: "U", pc }, { cause: cause.illegal, tval: word[name], epc: pc });
    }
    const trapped = [
      ["sret", status.TSR],
      ["wfi", status.TW],
      ["sfence.vma", status.TVM],
      ["sinval.vma", status.TVM],
    ] as const;
    for (const [name, bit] of trapped) {
      const pc = s.snippet(name, (a) => a.op(name));
      s.step(
        `${name} in S`,
        { mode: "S", pc, status: bit },
        { cause: cause.illegal, tval: word[name], epc: pc, mpp: 1n },
      );
    }
    s.step("mret in S", { mode: "S", pc: s.snippet("mret", (a) => a.op("mret")) }, { cause: cause.illegal });
    for (const name of ["sfence.w.inval", "sfence.inval.ir"] as const) {
      // TVM does not reach the ordering fences (chapter 7).
      s.step(
        `${name} in S`,
        { mode: "S", pc: s.snippet(name, (a) => a.op(name)), status: status.TVM },
        { cause: cause.supervisorCall },
      );
    }
    const all = status.TVM | status.TSR | status.TW;
    s.step("read satp in S", { mode: "S", pc: satp, status: status.TVM }, { cause: cause.illegal });
    s.step("write satp in S", { mode: "S", pc: writeSatp, status: status.TVM }, { cause: cause.illegal });
    s.step(
      "satp in S without TVM",
      { mode: "S", pc: satp, status: status.TSR | status.TW },
      { cause: cause.supervisorCall },
    );
    s.step("satp in M", { pc: satp, status: all }, { cause: cause.machineCall });
    s.step(
      "sfence.vma in M",
      { pc: s.snippet("sfence.vma", (a) => a.op("sfence.vma")), status: all },
      { cause: cause.machineCall },
    );
    s.step(
      "sfence.vma in S without TVM",
      { mode: "S", pc: s.snippet("sfence.vma", (a) => a.op("sfence.vma")) },
      { cause: cause.supervisorCall },
    );
  });
});

session("a trap ends a reservation", (s) => {
  const a = [DATA, 0n, 7n];
  s.step("LR", { pc: s.code((c) => c.op("lr.d", { rd: reg.a1, rs1: reg.a0 })), a }, { a1: 0n });
  const conditional = s.code((c) => c.op("sc.d", { rd: reg.a2, rs1: reg.a0, rs2: reg.a2 }));
  s.step("SC", { pc: conditional, a }, { a2: 1n });
  s.peek("memory", DATA, 0n);
});
