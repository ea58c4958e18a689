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

/** The state of a machine's hart, if it has one only. */
export const onlyOf = (harts: readonly number[]): number | undefined =>
  harts.length === 1 ? harts[0] : undefined;

/** The executing hart's state: its address is in a local, but known beforehand where there is but one hart. */
export class HartState {
  readonly local: number;
  readonly #code: Code;
  readonly #global: number;
  readonly #only: number | undefined;

  constructor(code: Code, { hartGlobal }: { readonly hartGlobal: number }, only: number | undefined) {
    this.local = code.local("i32");
    this.#code = code;
    this.#global = hartGlobal;
    this.#only = only;
  }

  /** At the function's beginning: sets the local. V8 knows that what comes of a global needs no extension to 64 bits. */
  begin(): void {
    if (this.#only === undefined) this.#code.getGlobal(this.#global).set(this.local);
    else this.#code.i32(this.#only).set(this.local);
  }

  /** With an offset in the state on the stack: leaves an address there, from what it gives. */
  base(): number {
    if (this.#only !== undefined) return this.#only;
    this.#code.get(this.local).arithmetic("i32", "add");
    return 0;
  }
}

/** Operands of an instruction of so many bytes, whose slot is in a local. */
export function slotOperands(code: Code, state: HartState, slot: number, length: number): Operands {
  const register = (offset: number): number => {
    code.get(slot).load("i32.load16_u", offset);
    return state.base();
  };
  const read = (file: number, offset: number) => code.load("i64.load", file + register(offset));
  const written = code.scratch("i64", 0);
  const write = (file: number, offset: number, value: () => void) => {
    value();
    code.set(written);
    const base = register(offset);
    code.get(written).store("i64.store", file + base);
  };
  return {
    code,
    hart: () => code.get(state.local),
    x: (operand) => read(X_OFFSET, SlotOffset[operand]),
    f: (operand) => read(F_OFFSET, SlotOffset[operand]),
    writeX: (operand, value) => write(X_OFFSET, SlotOffset[operand], value),
    writeF: (operand, value) => write(F_OFFSET, SlotOffset[operand], value),
    immediate: () => code.get(slot).load("i64.load32_s", SlotOffset.immediate),
    encoding: () => code.get(slot).load("i32.load", SlotOffset.encoding),
    pc: () => pcOfSlot(code, state, slot),
    next: () => {
      pcOfSlot(code, state, slot);
      code.i64(length).arithmetic("i64", "add");
    },
  };
}

/** Pushes the guest address of a slot. */
export function pcOfSlot(code: Code, state: HartState, slot: number): void {
  code.get(state.local).load("i64.load", codeBias.offset);
  code.get(slot).convert("extend_u").arithmetic("i64", "add");
  code.i64(SLOT_SHIFT).arithmetic("i64", "shr_s");
}
