/** The WebAssembly instructions that load and store guest memory, once it is known where it lies. */
import type { Load, Store } from "../wasm/code.ts";

export type AccessBytes = 1 | 2 | 4 | 8;

const LOADS: Record<AccessBytes, { readonly signed: Load; readonly unsigned: Load }> = {
  1: { signed: "i64.load8_s", unsigned: "i64.load8_u" },
  2: { signed: "i64.load16_s", unsigned: "i64.load16_u" },
  4: { signed: "i64.load32_s", unsigned: "i64.load32_u" },
  8: { signed: "i64.load", unsigned: "i64.load" },
};
const STORES: Record<AccessBytes, Store> = {
  1: "i64.store8",
  2: "i64.store16",
  4: "i64.store32",
  8: "i64.store",
};
const EXTENSIONS = { 1: "extend8_s", 2: "extend16_s", 4: "extend32_s", 8: undefined } as const;

/** Loads that many bytes into an i64. */
export const guestLoad = (bytes: AccessBytes, signed: boolean): Load =>
  LOADS[bytes][signed ? "signed" : "unsigned"];
/** Stores the low bytes of an i64. */
export const guestStore = (bytes: AccessBytes): Store => STORES[bytes];
/** What extends the sign of a zero-extended value of that many bytes; undefined where nothing need be done. */
export const signExtension = (bytes: AccessBytes) => EXTENSIONS[bytes];
