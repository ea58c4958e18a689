/**
 * The guest's registers in locals of a region's function: loaded where the region begins and after calls, stored where it
 * is left. A floating-point register that is used as a number of double precision is kept as that, others as bits.
 */
import { F_OFFSET, X_OFFSET } from "../../hart/layout.ts";
import type { Code } from "../../wasm/code.ts";
import { fromBits, toBits } from "../native-float/host-format.ts";
import type { Analysis, Registers } from "./analysis.ts";
import { registersOf } from "./analysis.ts";

/** Where a floating-point register is. */
export interface FloatLocal {
  readonly local: number;
  readonly isDouble: boolean;
}

export class RegisterLocals {
  readonly #code: Code;
  readonly #hart: () => Code;
  readonly #x = new Map<number, number>();
  readonly #f = new Map<number, FloatLocal>();

  /** Of a function whose code is given; `hart` pushes the address of the hart's state. */
  constructor(code: Code, hart: () => Code, { used, doubles }: Pick<Analysis, "used" | "doubles">) {
    this.#code = code;
    this.#hart = hart;
    const numbers = new Set(registersOf(doubles, "f"));
    for (const n of registersOf(used, "x")) this.#x.set(n, code.local("i64", `x${n}`));
    for (const n of registersOf(used, "f")) {
      const isDouble = numbers.has(n);
      this.#f.set(n, { local: code.local(isDouble ? "f64" : "i64", `f${n}`), isDouble });
    }
  }

  /** Sets all that occur from the hart's state. */
  load(): void {
    for (const n of this.#x.keys()) {
      this.#hart().load("i64.load", X_OFFSET + n * 8);
      this.setX(n);
    }
    for (const n of this.#f.keys()) {
      this.#hart().load("i64.load", F_OFFSET + n * 8);
      this.setF(n);
    }
  }

  /** Stores those of a set, all of which occur, in the hart's state. */
  store(set: Registers): void {
    for (const n of registersOf(set, "x")) {
      this.#hart();
      this.pushX(n);
      this.#code.store("i64.store", X_OFFSET + n * 8);
    }
    for (const n of registersOf(set, "f")) {
      this.#hart();
      this.pushF(n);
      this.#code.store("i64.store", F_OFFSET + n * 8);
    }
  }

  /** Pushes an integer register; x0 is in no local. */
  pushX(n: number): void {
    const local = this.#x.get(n);
    if (local === undefined) this.#code.i64(0);
    else this.#code.get(local);
  }

  /** Sets an integer register to what is on the stack; x0 stays as it is. */
  setX(n: number): void {
    const local = this.#x.get(n);
    if (local === undefined) this.#code.drop();
    else this.#code.set(local);
  }

  /** Pushes the bits of a floating-point register. */
  pushF(n: number): void {
    const { local, isDouble } = this.float(n);
    this.#code.get(local);
    if (isDouble) toBits(this.#code, "f64");
  }

  /** Sets a floating-point register to the bits on the stack. */
  setF(n: number): void {
    const { local, isDouble } = this.float(n);
    if (isDouble) fromBits(this.#code, "f64");
    this.#code.set(local);
  }

  /** Where a floating-point register that occurs is. */
  float(n: number): FloatLocal {
    const local = this.#f.get(n);
    if (local === undefined) throw new Error(`f${n} does not occur`);
    return local;
  }
}
