/**
 * The machine code that V8 has made of a WebAssembly module, as bytes: for browsers to keep between visits, and in Node
 * only within reach of V8's own tests' functions. V8 says itself whether it can go on with such bytes: it must be the same
 * version, with the same flags, on a processor that can do the same.
 */
import { setFlagsFromString } from "node:v8";

/** Gives what a call of V8's own function gives of `a` and `b`; undefined where this V8 does not have it. */
function intrinsic(call: string, a: unknown, b?: unknown): unknown {
  setFlagsFromString("--allow-natives-syntax");
  try {
    // Made for each call: what has not been called for a while V8 compiles anew, and the flag must be set then.
    return new Function("a", "b", `return ${call}`)(a, b);
  } catch {
    return undefined;
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
  }
}

/**
 * What V8's optimising compiler has made of a module up to now. Undefined as long as it has not compiled a function
 * among these exports of an instance of the module: V8 aborts if it is to write down the code of a module of which
 * nothing is optimised.
 */
export function machineCodeOf(
  module: WebAssembly.Module,
  exported: readonly WebAssembly.ExportValue[],
): Uint8Array | undefined {
  const all = exported.filter((value) => value instanceof Function);
  if (intrinsic("a.some((f) => %IsTurboFanFunction(f))", all) !== true) return undefined;
  const code = intrinsic("%SerializeWasmModule(a)", module);
  return code instanceof ArrayBuffer ? new Uint8Array(code) : undefined;
}

/** The module of these bytes, with machine code that was made of it; undefined where V8 cannot go on with that. */
export function withMachineCode(
  bytes: Uint8Array<ArrayBuffer>,
  code: Uint8Array,
): WebAssembly.Module | undefined {
  const module = intrinsic("%DeserializeWasmModule(a, b)", new Uint8Array(code).buffer, bytes);
  return module instanceof WebAssembly.Module ? module : undefined;
}
