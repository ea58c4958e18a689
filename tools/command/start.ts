/** What every command does that starts a machine, before anything runs. */
import { MachineBuilder } from "../host/machine-builder.ts";
import { writeOutput } from "../host/read-input.ts";
import { gather, type Ingredients } from "../host/recipe.ts";
import { type MachineArguments, readRecipe } from "./machine-options.ts";

export interface Start extends Ingredients {
  readonly builder: MachineBuilder;
}

/** Gathers what the options name; undefined when only the device tree was asked for, which is then written. */
export async function start(given: MachineArguments): Promise<Start | undefined> {
  // Images are read while what runs them is loaded.
  const [ingredients, { Machine }] = await Promise.all([
    gather(readRecipe(given)),
    import("../../emulator/index.ts"),
  ]);
  for (const notice of ingredients.notices) process.stderr.write(`trapframe: ${notice}\n`);
  const builder = new MachineBuilder(ingredients.options, Machine.create);
  const file = given["dump-dtb"];
  if (file === undefined) return { ...ingredients, builder };
  const machine = await builder.build({});
  await writeOutput("device tree", file, machine.deviceTree);
  return undefined;
}
