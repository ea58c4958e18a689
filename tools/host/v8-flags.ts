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
];

/** Sets the flags for the whole process; what was compiled before stays as it is. */
export function setV8Flags(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
