/** Makes the engine of a name. */
import type { Configuration, Engine } from "./engine.ts";
import type { InterpreterPlacement } from "./interpreter/interpreter.ts";
import { Interpreter } from "./interpreter/interpreter.ts";
import { ReferenceEngine } from "./reference/reference.ts";
import { atOnce, whenHot } from "./translator/policy.ts";
import { Translator } from "./translator/translator.ts";

/** The engines there are, the one that is made to be read first. */
export const engineNames = ["reference", "interpreter", "translator", "auto"] as const;
export type EngineName = (typeof engineNames)[number];

export async function createEngine(
  name: EngineName,
  configuration: Configuration,
  placement: InterpreterPlacement,
): Promise<Engine> {
  switch (name) {
    case "reference":
      return new ReferenceEngine(configuration);
    case "interpreter":
      return Interpreter.create(configuration, placement);
    case "translator":
      return Translator.create(configuration, placement, atOnce);
    case "auto":
      return Translator.create(configuration, placement, whenHot);
  }
}
