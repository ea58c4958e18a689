/** What a native floating-point operation is given and what it leaves, wherever its code goes. */
import type { Code } from "../../wasm/code.ts";

/**
 * An argument of the procedure: in a local of the parameter's type, in one of the host's numbers of double precision, or
 * known. Or it is frm, where a local (i64) has no bits if that is nearest-even and NX is set, and all bits otherwise.
 */
export type Operand =
  | { readonly local: number }
  | { readonly double: number }
  | { readonly constant: bigint }
  | { readonly unusual: number };

/** Where a native operation stands: at the head of a procedure, or among translated code in place of a call. */
export interface Surroundings {
  readonly code: Code;
  /** The procedure's arguments, in order; the rounding mode is among them. */
  readonly operands: readonly Operand[];
  /** Pushes fcsr as an i32. */
  fcsr(): void;
  /** Pushes what the described procedure gives (and raises what it raises), or leaves. Unlikely. */
  slow(): void;
}

/**
 * Emits code that pushes the procedure's result: computed by the host's instructions where that gives the same bits
 * and raises no flag that is not set already, `slow()` otherwise.
 */
export type NativeOperation = (surroundings: Surroundings) => void;

/** The ways to compute what a procedure describes natively. */
export interface NativePaths {
  /** Short, for the usual state: nearest-even rounding, and NX is already set so that nobody can tell inexact results. */
  readonly usual: NativeOperation;
  /** Finds results to be exact, so that NX need not be set; worth trying before the described body. */
  readonly exact?: NativeOperation;
}
