/** `trapframe boot`: a machine on the screen. */
import { Application } from "../tui/application.ts";
import type { Command } from "./command.ts";
import { type MachineArguments, withMachine } from "./machine-options.ts";
import { usage } from "./quantity.ts";
import { start } from "./start.ts";

export const command: Command<MachineArguments> = {
  builder: (yargs) =>
    withMachine(yargs).example([
      ["$0 boot", "our own guest"],
      ["$0 boot Image --initrd root.cpio --harts 4", "Linux under our firmware, on four harts"],
    ]),
  handler: async (given) => {
    process.exitCode = await boot(given);
  },
};

async function boot(given: MachineArguments): Promise<number> {
  const { stdin, stdout } = process;
  if (given["dump-dtb"] === undefined) requireScreen(stdin, stdout);
  const started = await start(given);
  return started === undefined ? 0 : Application.run({ ...started, input: stdin, output: stdout });
}

function requireScreen(input: NodeJS.ReadStream, output: NodeJS.WriteStream): void {
  if (!input.isTTY || !output.isTTY) {
    throw usage('boot needs a terminal on stdin and stdout; use "trapframe run" in pipes and scripts');
  }
  if (process.env.TERM === "dumb") {
    throw usage('boot needs a terminal with a cursor, and TERM says "dumb"; use "trapframe run"');
  }
}
