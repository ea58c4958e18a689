/** A hart's registers at one moment, to tell what has changed since. */
import type { HartView } from "../../emulator/board/machine.ts";

/** CSRs that are shown, machine mode first. */
export const shownCsrs: readonly string[] = [
  ...["mstatus", "mtvec", "mepc", "mcause", "mtval", "mscratch", "mie", "mip", "medeleg", "mideleg"],
  ...["menvcfg", "sstatus", "stvec", "sepc", "scause", "stval", "sscratch", "sie", "sip", "satp"],
  ...["stimecmp", "senvcfg", "fcsr", "minstret"],
];

export interface HartSnapshot {
  readonly pc: bigint;
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly csrs: ReadonlyMap<string, bigint>;
}

/** What the registers hold now. CSRs that this machine does not have are left out. */
export function takeSnapshot(hart: HartView): HartSnapshot {
  const registers = Array.from({ length: 32 }, (_, index) => index);
  const csrs = new Map<string, bigint>();
  for (const name of shownCsrs) {
    const value = readCsr(hart, name);
    if (value !== undefined) csrs.set(name, value);
  }
  return {
    pc: hart.pc,
    x: registers.map((register) => hart.x(register)),
    f: registers.map((register) => hart.f(register)),
    csrs,
  };
}

function readCsr(hart: HartView, name: string): bigint | undefined {
  try {
    return hart.csr(name);
  } catch {
    return undefined; // which CSRs there are depends on the extensions
  }
}
