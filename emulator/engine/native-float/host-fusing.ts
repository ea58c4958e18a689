/**
 * Whether the host multiplies and adds in one instruction. WebAssembly lets it (relaxed SIMD), which does not say whether
 * it does; both ways give what is described, so that no guest can tell.
 */
import type { FloatType } from "../../wasm/code.ts";
import { Code } from "../../wasm/code.ts";
import { ModuleBuilder } from "../../wasm/module.ts";

/** Emits the product of what `a` and `b` push plus what `c` pushes. */
export function multiplyAdd(code: Code, type: FloatType, ...operands: readonly (() => void)[]): void {
  for (const push of operands) {
    push();
    code.splat(type);
  }
  code.relaxedMultiplyAdd(type).firstLane(type);
}

/** Products that are one more bit than the format holds, which is all that is left when the rest is taken away. */
const PROBES = { f32: 2 ** -13, f64: 2 ** -30 };

let answer: boolean | undefined;

/** Whether `multiplyAdd` can be compiled here, and rounds once in both formats. */
export function hostFuses(): boolean {
  answer ??= probe();
  return answer;
}

function probe(): boolean {
  const module = new ModuleBuilder();
  for (const type of ["f32", "f64"] as const) {
    const code = new Code([type, type]);
    multiplyAdd(
      code,
      type,
      () => code.get(0),
      () => code.get(0),
      () => code.get(1),
    );
    const index = module.declare({ parameters: [type, type], results: [type] });
    module.define(index, code);
    module.exportFunction(type, index);
  }
  const bytes = module.finish();
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return (["f32", "f64"] as const).every((type) => {
    const fused = exports[type];
    const least = PROBES[type];
    return fused instanceof Function && fused(1 + least, -(1 + 2 * least)) === least ** 2;
  });
}
