/** Privileged instructions (privileged 3.3 and 4.2) and Svinval (chapter 7). */
import { state } from "../hart/layout.ts";
import type { I32 } from "../language/expression.ts";
import { setting32, u32 } from "../language/expression.ts";
import { jumpTo, local, synchronise, when } from "../language/statement.ts";
import { tlbFlushAddress, tlbFlushSpace } from "../memory/tlb.ts";
import { illegalInstruction } from "../trap/cause.ts";
import { wakes } from "../trap/interrupt.ts";
import { Status } from "../trap/status.ts";
import { returnFromMachine, returnFromSupervisor } from "../trap/trap.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { encoding, rs1, rs2 } from "./operands.ts";

/** Classes by the mode from which on an instruction executes, and by what it does there. */
const supervisor = { privilege: "supervisor", control: false, behaviour: false } as const;
const controlling = { ...supervisor, control: true };
const returning = { ...controlling, behaviour: true };

const modeBelow = (mode: number): I32 => state.mode.get().ltU(mode);
/** A bit of mstatus that takes an instruction away from S-mode. */
const trappedBy = (bit: number): I32 => state.mode.get().eq(1).and(state.mstatus.get().bit(bit));

/**
 * What S-mode may do except where it is denied, and M-mode always. In U-mode it is illegal; on a leaky machine it does
 * nothing there (LEAKY.md).
 */
function fromSupervisorOn(effect: () => void, denied?: I32): void {
  when(
    modeBelow(1),
    () => when(setting32("leaky").isZero(), illegalInstruction),
    () => {
      if (denied !== undefined) when(denied, illegalInstruction);
      effect();
    },
  );
}

/** rs1 = x0 means every address, rs2 = x0 every address space (privileged 4.2.1). */
function flushTranslations(): void {
  const word = local(encoding);
  const anyAddress = word.shrU(15).and(31).eq(0);
  const anyAsid = local(word.shrU(20).and(31).eq(0));
  const asid = local(rs2.and(0xffff).toI32());
  when(
    anyAddress,
    () => tlbFlushSpace({ asid, anyAsid }),
    () => tlbFlushAddress({ virtual: rs1, asid, anyAsid }),
  );
  synchronise();
}

const fenceOfTranslations = (extension: string, name: string, funct7: string) =>
  instruction(
    extension,
    name,
    `${funct7} rs2 rs1 000 00000 1110011`,
    "rs1, rs2",
    () => fromSupervisorOn(flushTranslations, trappedBy(Status.TVM)),
    { class: controlling },
  );

const orderingFence = (name: string, rs2Field: string) =>
  instruction(
    "svinval",
    name,
    `0001100 ${rs2Field} 00000 000 00000 1110011`,
    "",
    // Flushes take effect at once, so there is nothing to order.
    () => fromSupervisorOn(() => {}),
    { class: supervisor },
  );

export const privilegedInstructions: readonly Instruction[] = [
  instruction(
    "i",
    "mret",
    "0011000 00010 00000 000 00000 1110011",
    "",
    () => {
      when(modeBelow(3), illegalInstruction);
      const target = local(returnFromMachine({}));
      synchronise();
      jumpTo(target);
    },
    { class: { ...returning, privilege: "machine" } },
  ),
  instruction(
    "i",
    "sret",
    "0001000 00010 00000 000 00000 1110011",
    "",
    () =>
      fromSupervisorOn(() => {
        const target = local(returnFromSupervisor({}));
        synchronise();
        jumpTo(target);
      }, trappedBy(Status.TSR)),
    { class: returning },
  ),
  instruction(
    "i",
    "wfi",
    "0001000 00101 00000 000 00000 1110011",
    "",
    () =>
      fromSupervisorOn(() => {
        when(wakes().isZero(), () => state.waiting.set(u32(1)));
        synchronise();
      }, trappedBy(Status.TW)),
    { class: controlling },
  ),
  fenceOfTranslations("i", "sfence.vma", "0001001"),
  fenceOfTranslations("svinval", "sinval.vma", "0001011"),
  orderingFence("sfence.w.inval", "00000"),
  orderingFence("sfence.inval.ir", "00001"),
];
