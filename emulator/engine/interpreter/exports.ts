/** What the interpreter's module exports, and the functions that it and translated regions call each other by. */
import type { ValueType } from "../../wasm/code.ts";

/**
 * The function of a translated region: the hart's state, a counter (`SLOTS_BIT`), the address of its first instruction,
 * and how deep it may call. Gives back the counter; registers and pc are in the hart's state. The vector says nothing.
 * JavaScript cannot pass one, so V8 makes no wrapper for modules that import such a function, in case it were
 * JavaScript's: compiling that took longer than the rest of the module.
 */
export const REGION_SIGNATURE: { readonly parameters: ValueType[]; readonly results: ValueType[] } = {
  parameters: ["i32", "i64", "i64", "i32", "v128"],
  results: ["i64"],
};
/** The exported function that goes on in a region of any module, and what it takes: the region's number comes last. */
export const ENTER_REGION = "enter region";
export const ENTER_SIGNATURE = {
  parameters: [...REGION_SIGNATURE.parameters, "i32" as const],
  results: REGION_SIGNATURE.results,
};
/** Under which name the module exports a procedure's function, or that of what answers a hook. */
export const exportName = (procedure: string): string => `procedure ${procedure}`;

/** What the generated module exports, besides its procedures. */
export interface InterpreterExports {
  /** The functions of translated regions, by number. */
  readonly regions: WebAssembly.Table;
  /** 1 while a trap has been raised and not yet taken. */
  readonly raised: WebAssembly.Global;
  readonly [procedure: string]: unknown;
  /** Executes up to `slots` slots on the hart whose state is at an address, the first perhaps past a breakpoint. */
  run(hart: number, slots: number, past: number): number;
  /** Executes instruction by instruction (trace.ts). */
  trace(hart: number, steps: number, past: number, at: number): [steps: number, result: number];
}
