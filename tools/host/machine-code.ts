/**
 * The machine code that V8 has made of a WebAssembly module, as bytes: for browsers to keep between visits, and in Node
 * only within reach of V8's own tests' functions. V8 says itself whether it can go on with such bytes: it must be the same
 * version, with the same flags, on a processor that can do the same.
 */
import { setFlagsFromString } from "node:v8";

interface MachineCode {
  serialise(module: WebAssembly.Module): ArrayBuffer;
  deserialise(code: ArrayBuffer, bytes: Uint8Array): WebAssembly.Module | undefined;
  isOptimised(run: unknown): boolean;
}

/** Undefined where this V8 does not have the functions. */
const known: MachineCode | undefined = reach();

function reach(): MachineCode | undefined {
  setFlagsFromString("--allow-natives-syntax");
  try {
    return {
      serialise: new Function("module", "return %SerializeWasmModule(module)"),
      deserialise: new Function("code", "bytes", "return %DeserializeWasmModule(code, bytes)"),
      isOptimised: new Function("run", "return %IsTurboFanFunction(run)"),
    } as unknown as MachineCode;
  } catch {
    return undefined;
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
  }
}

/**
 * What V8's optimising compiler has made of a module up to now. Undefined as long as it has not compiled `run`, which an
 * instance of the module exports: V8 aborts if it is to write down the code of a module of which nothing is optimised.
 */
export function machineCodeOf(module: WebAssembly.Module, run: unknown): Uint8Array | undefined {
  return known?.isOptimised(run) ? new Uint8Array(known.serialise(module)) : undefined;
}

/** The module of these bytes, with machine code that was made of it; undefined where V8 cannot go on with that. */
export function withMachineCode(
  bytes: Uint8Array<ArrayBuffer>,
  code: Uint8Array<ArrayBuffer>,
): WebAssembly.Module | undefined {
  return known?.deserialise(code.slice().buffer, bytes);
}
