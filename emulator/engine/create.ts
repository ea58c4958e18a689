/** Makes the engine of a name. */
import { ENGINE_BYTES, ENGINE_OFFSET } from "../hart/layout.ts";
import { flagPage, PageFlag, pageFlagsOf } from "../memory/physical.ts";
import type { Configuration, Engine } from "./engine.ts";
import type { InterpreterPlacement } from "./interpreter/interpreter.ts";
import { Interpreter } from "./interpreter/interpreter.ts";
import type { EngineName } from "./names.ts";
import { ReferenceEngine } from "./reference/reference.ts";
import { atOnce, whenHot, whenWarm } from "./translator/policy.ts";
import { Translator } from "./translator/translator.ts";

/**
 * Makes an engine for a machine in which another may have executed before: of what that one kept in machine memory
 * nothing is left, and it must not execute again. Before the new one does, it is to be told `stateChanged`.
 */
export async function createEngine(
  name: EngineName,
  configuration: Configuration,
  placement: InterpreterPlacement,
): Promise<Engine> {
  clearRoom(configuration);
  switch (name) {
    case "reference":
      return ReferenceEngine.of(configuration);
    case "interpreter":
      return Interpreter.create(configuration, placement);
    case "translator":
      return Translator.create(configuration, placement, atOnce);
    case "auto":
      return Translator.create(configuration, placement, configuration.brief ? whenWarm : whenHot);
  }
}

/** Clears what engines keep about harts, and takes away the flags of pages whose code they have known. */
function clearRoom({ memory, harts, settings }: Configuration): void {
  const bytes = new Uint8Array(memory.buffer);
  for (const hart of harts) bytes.fill(0, hart + ENGINE_OFFSET, hart + ENGINE_OFFSET + ENGINE_BYTES);
  const flags = pageFlagsOf(memory.buffer, settings);
  flags.forEach((flag, page) => {
    if (flag & PageFlag.code) flagPage(flags, page, PageFlag.code, false);
  });
}
