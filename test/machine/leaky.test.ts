/** The leaky profile: what U-mode gets away with on it, and that nothing else differs (emulator/isa/LEAKY.md). */
import { describe, expect, test } from "vitest";
import { Bench } from "../../emulator/board/bench.ts";
import { parseCpu } from "../../emulator/index.ts";
import { csrNamed } from "../../emulator/isa/csr.ts";
import { Assembler, reg } from "./guest/assembler.ts";
import type { PrivilegeMode } from "./guest/session.ts";
import { engines } from "./guest/session.ts";

const CODE = 0x8000_1000n;
const ILLEGAL = 2n;
const NO_TRAP = (1n << 64n) - 1n;
const TVM = 1n << 20n;
const TW = 1n << 21n;
const TSR = 1n << 22n;
const SPP = 1n << 8n;
const SUM = 1n << 18n;

const machines = await Promise.all(
  engines.map(async (engine) => ({
    engine,
    leaky: await Bench.create({ engine, cpu: parseCpu("max,leaky") }),
    strict: await Bench.create({ engine, cpu: parseCpu("max") }),
  })),
);

interface Before {
  readonly mode?: PrivilegeMode;
  readonly csr?: Readonly<Record<string, bigint>>;
  readonly a1?: bigint;
}

/** What one instruction came to; `cause` is undefined when it retired. */
function execute(
  bench: Bench,
  build: (a: Assembler) => void,
  { mode = "U", csr = {}, a1 = 0n }: Before = {},
) {
  bench.reset();
  const a = new Assembler(CODE);
  build(a);
  bench.write(CODE, a.finish());
  const [hart] = bench.harts;
  if (hart === undefined) throw new Error("a bench has a hart");
  hart.setCsr("pmpaddr0", -1n);
  hart.setCsr("pmpcfg0", 0x1fn);
  hart.setCsr("mcause", NO_TRAP);
  for (const [name, value] of Object.entries(csr)) hart.setCsr(name, value);
  hart.setX(reg.a0, 0x5555n);
  hart.setX(reg.a1, a1);
  hart.setPc(CODE);
  hart.setMode(mode);
  bench.run(1);
  const mcause = hart.csr("mcause");
  return {
    cause: mcause === NO_TRAP ? undefined : mcause,
    mode: hart.mode,
    pc: hart.pc,
    waiting: hart.waiting,
    a0: hart.x(reg.a0),
    csr: (name: string) => hart.csr(name),
    tlb: () => hart.tlb(),
  };
}

const csrOp = (name: string, csr: string, rd: number, source: number) => (a: Assembler) =>
  a.op(name, { rd, rs1: source, immediate: csrNamed(csr).number }, name.endsWith("i") ? source << 15 : 0);

describe.each(machines)("in U-mode on the $engine engine", ({ leaky, strict }) => {
  const values: Record<string, bigint> = {
    sstatus: SUM | SPP,
    sie: 0x222n,
    stvec: 0x8000_4000n,
    scounteren: 5n,
    sscratch: 0x1234n,
    sepc: 0x8000_2000n,
    scause: 9n,
    stval: 0x4321n,
    satp: 0x77n,
  };

  test.each(Object.keys(values))("%s reads as it does in S-mode", (name) => {
    const csr = { mideleg: 0x222n, [name]: values[name] ?? 0n };
    const read = csrOp("csrrs", name, reg.a0, reg.zero);
    const real = execute(leaky, read, { mode: "S", csr });
    expect(real.cause).toBeUndefined();
    expect(real.a0 & (values[name] ?? 0n)).toBe(values[name]);
    expect(execute(leaky, read, { csr })).toMatchObject({
      cause: undefined,
      a0: real.a0,
      mode: "U",
      pc: CODE + 4n,
    });
    expect(execute(strict, read, { csr }).cause).toBe(ILLEGAL);
  });

  test.each(["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"])(
    "%s reads a supervisor register and drops the write",
    (name) => {
      const csr = { sscratch: 0x1f2n };
      const after = execute(leaky, csrOp(name, "sscratch", reg.a0, reg.a1), { csr, a1: 0x300n });
      expect(after).toMatchObject({ cause: undefined, a0: 0x1f2n, pc: CODE + 4n });
      expect(after.csr("sscratch")).toBe(0x1f2n);
      const only = execute(leaky, csrOp(name, "sscratch", reg.zero, reg.a1), { csr, a1: 0x300n });
      expect(only).toMatchObject({ cause: undefined, a0: 0x5555n });
      expect(only.csr("sscratch")).toBe(0x1f2n);
      const above = execute(leaky, csrOp(name, "sscratch", reg.a0, reg.a1), { csr, a1: 0x300n, mode: "S" });
      expect(above.csr("sscratch")).not.toBe(0x1f2n);
    },
  );

  test.each([
    ["sret", (a: Assembler) => a.op("sret")],
    ["wfi", (a: Assembler) => a.op("wfi")],
    ["sfence.vma", (a: Assembler) => a.op("sfence.vma")],
    ["sinval.vma", (a: Assembler) => a.op("sinval.vma")],
    ["sfence.w.inval", (a: Assembler) => a.op("sfence.w.inval")],
    ["sfence.inval.ir", (a: Assembler) => a.op("sfence.inval.ir")],
  ] as const)("%s does nothing, whatever TSR, TW and TVM say", (_name, build) => {
    for (const mstatus of [SPP, SPP | TVM | TW | TSR]) {
      const csr = { mstatus, sepc: 0x8000_3000n };
      expect(execute(leaky, build, { csr })).toMatchObject({
        cause: undefined,
        mode: "U",
        pc: CODE + 4n,
        waiting: false,
      });
      expect(execute(strict, build, { csr }).cause).toBe(ILLEGAL);
    }
  });

  test("TVM does not keep satp from being read, as it does in S-mode", () => {
    const read = csrOp("csrrs", "satp", reg.a0, reg.zero);
    const csr = { mstatus: TVM, satp: 0x77n };
    expect(execute(leaky, read, { csr })).toMatchObject({ cause: undefined, a0: 0x77n });
    expect(execute(leaky, read, { csr, mode: "S" }).cause).toBe(ILLEGAL);
  });

  test("stimecmp traps where it would in S-mode", () => {
    const read = csrOp("csrrs", "stimecmp", reg.a0, reg.zero);
    const on = { menvcfg: 1n << 63n, mcounteren: 2n, stimecmp: 0x99n };
    expect(execute(leaky, read, { csr: on })).toMatchObject({ cause: undefined, a0: 0x99n });
    expect(execute(leaky, read, { csr: { ...on, mcounteren: 0n } }).cause).toBe(ILLEGAL);
    expect(execute(leaky, read, { csr: { ...on, menvcfg: 0n } }).cause).toBe(ILLEGAL);
  });

  test("machine registers, mret, denied counters and numbers without a register still trap", () => {
    const read = (number: number) => (a: Assembler) => a.op("csrrs", { rd: reg.a0, immediate: number });
    for (const name of ["mstatus", "mepc", "pmpcfg0", "mcycle", "mhartid"]) {
      expect(execute(leaky, read(csrNamed(name).number)).cause, name).toBe(ILLEGAL);
    }
    for (const number of [0x101, 0x181, 0x5c0, 0x600, 0xdff]) {
      expect(execute(leaky, read(number)).cause, number.toString(16)).toBe(ILLEGAL);
    }
    expect(execute(leaky, (a) => a.op("mret")).cause).toBe(ILLEGAL);
    expect(execute(leaky, csrOp("csrrs", "cycle", reg.a0, reg.zero)).cause).toBe(ILLEGAL);
  });

  test("S- and M-mode find no difference", () => {
    const trap = { mstatus: TVM | TW | TSR | SPP, sepc: 0x8000_3000n };
    for (const mode of ["S", "M"] as const) {
      for (const csr of [trap, { mstatus: SPP, sepc: 0x8000_3000n }]) {
        for (const build of [
          (a: Assembler) => a.op("sret"),
          (a: Assembler) => a.op("wfi"),
          (a: Assembler) => a.op("sfence.vma"),
          csrOp("csrrw", "satp", reg.a0, reg.a1),
          csrOp("csrrw", "mscratch", reg.a0, reg.a1),
        ]) {
          const [a, b] = [leaky, strict].map((bench) => {
            const { csr: _, tlb: __, ...rest } = execute(bench, build, { mode, csr, a1: 0x66n });
            return rest;
          });
          expect(a).toEqual(b);
        }
      }
    }
  });
});
