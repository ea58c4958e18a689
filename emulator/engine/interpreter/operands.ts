/** Where an instruction finds its operands and its own address: in its slot. */
import { F_OFFSET, X_OFFSET } from "../../hart/layout.ts";
import type { Code } from "../../wasm/code.ts";
import type { Site } from "../lower.ts";
import { codeBias } from "./lookaside.ts";
import { SLOT_SHIFT, SlotOffset } from "./slot.ts";

export type Operands = Pick<
  Site,
  "code" | "hart" | "x" | "f" | "writeX" | "writeF" | "immediate" | "encoding" | "pc" | "next"
>;

/** Operands of an instruction of so many bytes, given the locals that hold the hart's state and the slot. */
export function slotOperands(code: Code, hart: number, slot: number, length: number): Operands {
  const register = (offset: number) => {
    code.get(hart).get(slot).load("i32.load16_u", offset).arithmetic("i32", "add");
  };
  const read = (file: number, offset: number) => {
    register(offset);
    code.load("i64.load", file);
  };
  const written = code.scratch("i64", 0);
  const write = (file: number, offset: number, value: () => void) => {
    value();
    code.set(written);
    register(offset);
    code.get(written).store("i64.store", file);
  };
  return {
    code,
    hart: () => code.get(hart),
    x: (operand) => read(X_OFFSET, SlotOffset[operand]),
    f: (operand) => read(F_OFFSET, SlotOffset[operand]),
    writeX: (operand, value) => write(X_OFFSET, SlotOffset[operand], value),
    writeF: (operand, value) => write(F_OFFSET, SlotOffset[operand], value),
    immediate: () => code.get(slot).load("i64.load32_s", SlotOffset.immediate),
    encoding: () => code.get(slot).load("i32.load", SlotOffset.encoding),
    pc: () => pcOfSlot(code, hart, slot),
    next: () => {
      pcOfSlot(code, hart, slot);
      code.i64(length).arithmetic("i64", "add");
    },
  };
}

/** Pushes the guest address of a slot. */
export function pcOfSlot(code: Code, hart: number, slot: number): void {
  code.get(hart).load("i64.load", codeBias.offset).get(slot).convert("extend_u").arithmetic("i64", "add");
  code.i64(SLOT_SHIFT).arithmetic("i64", "shr_s");
}
