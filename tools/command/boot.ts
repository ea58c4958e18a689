/** `trapframe boot`: a machine on the screen. */
import type { InferredOptionTypes } from "yargs";
import { Machine } from "../../emulator/index.ts";
import { parseAddress } from "../code/address.ts";
import { holdsCases, openCase } from "../conformance/open-case.ts";
import { parseDisk } from "../disk/disk.ts";
import { MachineBuilder } from "../host/machine-builder.ts";
import { Application } from "../tui/application.ts";
import type { Command } from "./command.ts";
import { type MachineArguments, readRecipe, withMachine } from "./machine-options.ts";
import { usage } from "./quantity.ts";
import { type Start, start } from "./start.ts";

const group = "Debugger:";

const debuggerOptions = {
  break: {
    group,
    type: "string",
    array: true,
    requiresArg: true,
    description: "stop at a symbol or an address; may be given again for more",
  },
  case: {
    group,
    type: "string",
    requiresArg: true,
    description: "of a *.suite.ts or *.case.json as IMAGE: the case to stand before, as TEST/CASE or CASE",
  },
} as const;

type BootArguments = MachineArguments & InferredOptionTypes<typeof debuggerOptions>;

export const command: Command<BootArguments> = {
  builder: (yargs) =>
    withMachine(yargs)
      .options(debuggerOptions)
      .example([
        ["$0 boot", "our own guest"],
        ["$0 boot Image --initrd root.cpio --harts 4", "Linux under our firmware, on four harts"],
        ["$0 boot rv64ui-p-add --break test_7", "a test program, stopped at its seventh case"],
        [
          "$0 boot bits.suite.ts --case 'clz/x11 from x22 = 0x1'",
          "a case of our own suite, at its beginning",
        ],
      ]),
  handler: async (given) => {
    process.exitCode = await boot(given);
  },
};

async function boot(given: BootArguments): Promise<number> {
  const { stdin, stdout } = process;
  const debugsCase = given.case !== undefined || (given.image !== undefined && holdsCases(given.image));
  const opened = debugsCase ? await startCase(given) : undefined;
  if (given["dump-dtb"] === undefined) requireScreen(stdin, stdout);
  if (given.disk?.some((spec) => parseDisk(spec).crashAfter !== undefined)) {
    throw usage('crash-after ends a run without a screen; use "trapframe run"');
  }
  const started = opened ?? (await start(given));
  if (started === undefined) return 0;
  const breakpoints = (given.break ?? []).map((text) => {
    const address = parseAddress(started.symbols, text);
    if (address === undefined) {
      throw usage(`--break: "${text}" is no symbol of ${started.title} and no hexadecimal address`);
    }
    return address;
  });
  return Application.run({
    ...started,
    input: stdin,
    output: stdout,
    breakpoints,
    paused: opened !== undefined,
  });
}

async function startCase(given: BootArguments): Promise<Start> {
  const { image } = given;
  if (image === undefined || !holdsCases(image)) {
    throw usage("--case names a case of a *.suite.ts or a *.case.json; give that file as IMAGE");
  }
  const { cpu, engine, startTime } = readRecipe(given);
  const ingredients = await openCase({
    path: image,
    name: given.case,
    cpu: given.cpu === "" ? undefined : cpu,
    engine,
    startTime,
  });
  return { ...ingredients, builder: new MachineBuilder(ingredients.options, Machine.create) };
}

function requireScreen(input: NodeJS.ReadStream, output: NodeJS.WriteStream): void {
  if (!input.isTTY || !output.isTTY) {
    throw usage('boot needs a terminal on stdin and stdout; use "trapframe run" in pipes and scripts');
  }
  if (process.env.TERM === "dumb") {
    throw usage('boot needs a terminal with a cursor, and TERM says "dumb"; use "trapframe run"');
  }
}
