import { describe, expect, it } from "vitest";
import { F_OFFSET, X_OFFSET } from "../../hart/layout.ts";
import { Code } from "../../wasm/code.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import { RegisterLocals } from "./register-locals.ts";

const x = (n: number) => 1n << BigInt(n);
const f = (n: number) => 1n << BigInt(32 + n);
const HART = 4096;

/** Executes what is written with registers x5, x6, f1 and, as a number, f2, between loading and storing them all. */
function run(before: readonly bigint[], write: (registers: RegisterLocals) => void): bigint[] {
  const used = x(5) | x(6) | f(1) | f(2);
  const code = new Code(["i32"]);
  const registers = new RegisterLocals(code, () => code.get(0), { used, doubles: f(2) });
  registers.load();
  write(registers);
  registers.store(used);
  const module = new ModuleBuilder();
  module.importMemory(1);
  const index = module.declare({ parameters: ["i32"], results: [] });
  module.define(index, code);
  module.exportFunction("run", index);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);
  const cells = [X_OFFSET + 5 * 8, X_OFFSET + 6 * 8, F_OFFSET + 8, F_OFFSET + 16];
  for (const [i, cell] of cells.entries()) view.setBigUint64(HART + cell, before[i] ?? 0n, true);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { memory: { memory } });
  (instance.exports.run as (hart: number) => void)(HART);
  return cells.map((cell) => view.getBigUint64(HART + cell, true));
}

describe("registers in locals", () => {
  const signalling = 0x7ff0_0000_0000_0001n;
  const boxed = 0xffff_ffff_7f80_0001n;

  it("are stored as they were loaded, signalling NaNs and boxed numbers, too", () => {
    for (const bits of [signalling, boxed, 1n << 63n, 0x3ff0_0000_0000_0000n]) {
      const before = [1n, 2n ** 64n - 1n, bits, bits];
      expect(run(before, () => {})).toEqual(before);
    }
  });

  it("hold what they are set to, bit by bit; x0 holds nothing", () => {
    const after = run([1n, 2n, signalling, boxed], (registers) => {
      registers.pushF(1);
      registers.pushF(2);
      registers.setF(1);
      registers.setF(2);
      registers.pushX(5);
      registers.setX(0);
      registers.pushX(0);
      registers.setX(6);
    });
    expect(after).toEqual([1n, 0n, boxed, signalling]);
  });
});
