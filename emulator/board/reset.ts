/** A hart's state after reset (privileged 3.4). */
import { state } from "../hart/layout.ts";
import { csrs } from "../isa/csr.ts";
import { EnvironmentBit } from "../trap/envcfg.ts";
import { flag } from "../trap/status.ts";
import type { CpuOptions } from "./options.ts";

/** Puts the hart whose state lies at `address` of machine memory, all zero so far, into M-mode at `pc`. */
export function resetHart(view: DataView, address: number, hart: number, cpu: CpuOptions, pc: bigint): void {
  const set64 = (offset: number, value: bigint) => view.setBigUint64(address + offset, value, true);
  for (const csr of csrs) if (csr.field !== undefined) set64(csr.field.offset, csr.reset);
  // The specification leaves these to us. Kernels that start in M-mode and know nothing of menvcfg (xv6) expect A and D
  // to be set by hardware and may use memory types, as on QEMU.
  const adue = cpu.svadu ? flag(EnvironmentBit.ADUE) : 0n;
  const pbmte = cpu.extensions.has("svpbmt") ? flag(EnvironmentBit.PBMTE) : 0n;
  set64(state.menvcfg.offset, adue | pbmte);
  set64(state.pc.offset, pc);
  set64(state.mtimecmp.offset, 2n ** 64n - 1n);
  set64(state.reservation.offset, 2n ** 64n - 1n);
  set64(state.lastTrapRetired.offset, 2n ** 64n - 1n);
  view.setInt32(address + state.mode.offset, 3, true);
  view.setInt32(address + state.hartId.offset, hart, true);
}
