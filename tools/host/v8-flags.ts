/**
 * What V8 is asked for before it compiles the machine's WebAssembly. The machine runs without any of it, only slower: the
 * percentages are of the processor time of five of the benchmark's programs.
 */
import { setFlagsFromString } from "node:v8";

const flags: readonly string[] = [
  // The generated code says which of its branches lead to what happens seldom; V8 then keeps that out of the way. 9 %.
  "--experimental-wasm-branch-hinting",
  // No test for a full stack at every function and loop: 4 %. The guest cannot fill it, for translated regions call each
  // other to a fixed depth (see MOST_CALLS), and the description's procedures never call themselves.
  "--no-wasm-stack-checks",
  // More has to execute before V8 compiles anew, on another thread whose time counts, what will mostly not pay for it:
  // WebAssembly that was just made, and the JavaScript that makes it (the last flag below). 15 %.
  "--wasm-tiering-budget=10000000",
  // Garbage is collected sooner, for translated code that has gone takes much more outside of the heap, as long as it is
  // not: of 240 MB beside the guest's RAM where other programs are busy, too, a third.
  "--heap-growing-percent=25",
];

/** What only the V8 of Node 20 knows; others complain. */
const flagsOfNode20: readonly string[] = [
  // Fused multiplication and addition in one instruction, where later versions of V8 have it anyway.
  "--experimental-wasm-relaxed-simd",
  "--interrupt-budget=400000",
];

/** Sets the flags for the whole process; what was compiled before stays as it is. */
export function setV8Flags(): void {
  for (const flag of flags) setFlagsFromString(flag);
  if (process.versions.v8.startsWith("11.3.")) for (const flag of flagsOfNode20) setFlagsFromString(flag);
}
