/** A command of the command line, loaded only when it is the one that is meant: each takes long to load. */
import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";

/** What a command's own module gives. */
export interface Command<Arguments> {
  /** Declares the command's arguments. */
  builder(yargs: Argv): Argv<Arguments>;
  /** Does the work. May set `process.exitCode`. */
  handler(given: ArgumentsCamelCase<Arguments>): Promise<void> | void;
}

/** `usage` is the name and its arguments, as in "run [image]". */
export function lazyCommand<Arguments>(
  usage: string,
  describe: string,
  load: () => Promise<{ readonly command: Command<Arguments> }>,
): CommandModule<object, Arguments> {
  return {
    command: usage,
    describe,
    builder: async (yargs) => (await load()).command.builder(yargs),
    handler: async (given) => (await load()).command.handler(given),
  };
}
