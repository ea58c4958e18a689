/** A hart's state after reset (privileged 3.4). */
import { state } from "../hart/layout.ts";
import { csrs } from "../isa/csr.ts";
import { MENVCFG_ADUE } from "../memory/translate.ts";
import type { CpuOptions } from "./options.ts";

/** Puts the hart whose state lies at `address` of machine memory, all zero so far, into M-mode at `pc`. */
export function resetHart(view: DataView, address: number, hart: number, cpu: CpuOptions, pc: bigint): void {
  const set64 = (offset: number, value: bigint) => view.setBigUint64(address + offset, value, true);
  for (const csr of csrs) if (csr.field !== undefined) set64(csr.field.offset, csr.reset);
  // Kernels that know nothing of Svadu (xv6) leave A and D clear and expect the hardware to set them, as QEMU does.
  if (cpu.svadu) set64(state.menvcfg.offset, 1n << BigInt(MENVCFG_ADUE));
  set64(state.pc.offset, pc);
  set64(state.mtimecmp.offset, 2n ** 64n - 1n);
  set64(state.reservation.offset, 2n ** 64n - 1n);
  set64(state.lastTrapRetired.offset, 2n ** 64n - 1n);
  view.setInt32(address + state.mode.offset, 3, true);
  view.setInt32(address + state.hartId.offset, hart, true);
}
