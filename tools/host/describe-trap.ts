/** Traps in words (causes: privileged specification, table 3.6). */
import type { RepeatingTrap } from "../../emulator/board/stop.ts";

const exceptions = new Map([
  [0, "instruction address misaligned"],
  [1, "instruction access fault"],
  [2, "illegal instruction"],
  [3, "breakpoint"],
  [4, "load address misaligned"],
  [5, "load access fault"],
  [6, "store address misaligned"],
  [7, "store access fault"],
  [8, "ecall from U-mode"],
  [9, "ecall from S-mode"],
  [11, "ecall from M-mode"],
  [12, "instruction page fault"],
  [13, "load page fault"],
  [15, "store page fault"],
]);

const interrupts = new Map([
  [1, "supervisor software interrupt"],
  [3, "machine software interrupt"],
  [5, "supervisor timer interrupt"],
  [7, "machine timer interrupt"],
  [9, "supervisor external interrupt"],
  [11, "machine external interrupt"],
]);

/** For example "load page fault". */
export function describeCause(interrupt: boolean, cause: number): string {
  const name = (interrupt ? interrupts : exceptions).get(cause);
  return name ?? `${interrupt ? "interrupt" : "exception"} ${cause}`;
}

/** An address or a register's contents: 16 hexadecimal digits. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

/** A sentence about a guest that can only trap. */
export function describeStuck({ hart, cause, pc, tval }: RepeatingTrap): string {
  const interrupt = cause >> 63n === 1n;
  const name = describeCause(interrupt, Number(BigInt.asUintN(63, cause)));
  return `hart ${hart} is stuck: ${name} (cause ${BigInt.asUintN(63, cause)}, tval 0x${tval.toString(16)}) at pc 0x${pc.toString(16)}, for ever, with no instruction retired in between`;
}
