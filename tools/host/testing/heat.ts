/**
 * A run of a program with a kept module: `node heat.js FOLDER` says whether V8 has optimised the module's function to
 * begin with, executes it until that is so, and keeps what V8 has made by then.
 */
import { Code } from "../../../emulator/wasm/code.ts";
import { ModuleBuilder } from "../../../emulator/wasm/module.ts";
import { KeptFiles } from "../kept-files.ts";
import { ModulesInFiles } from "../kept-modules.ts";
import { machineCodeOf } from "../machine-code.ts";

const modules = new ModulesInFiles(new KeptFiles(process.argv[2] ?? ""));
const module = await modules.compile("adding one", () => {
  const builder = new ModuleBuilder();
  const index = builder.declare({ parameters: ["i32"], results: ["i32"] });
  builder.define(index, new Code(["i32"]).get(0).i32(1).arithmetic("i32", "add"));
  builder.exportFunction("run", index);
  return builder.finish();
});
const { run } = new WebAssembly.Instance(module).exports as { run: (value: number) => number };
if (run(1) !== 2) throw new Error("one and one should be two");
// With --expose-gc and --stress-flush-code: V8 forgets what it has compiled.
for (let i = 0; i < 10; i++) globalThis.gc?.();
const isOptimised = () => machineCodeOf(module, [run]) !== undefined;
console.log(isOptimised() ? "optimised" : "as it comes");

modules.executes(module, run);
modules.keepMachineCode();
while (!isOptimised()) {
  for (let i = 0; i < 1_000_000; i++) run(i);
  await new Promise((done) => setTimeout(done, 1));
}
modules.keepMachineCode();
