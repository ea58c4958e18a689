/** `trapframe run`: a machine without a screen, its console on stdin and stdout. */
import type { InferredOptionTypes } from "yargs";
import { ticksPerSecond } from "../../emulator/board/memory-map.ts";
import { holdsCases } from "../conformance/open-case.ts";
import { exitStatus } from "../host/exit-status.ts";
import { collectStatistics, formatStatistics } from "../host/statistics.ts";
import { Headless } from "../terminal/headless.ts";
import type { Command } from "./command.ts";
import { readConversation } from "./conversation.ts";
import { type MachineArguments, withMachine } from "./machine-options.ts";
import { parseCount, parseSeconds, usage } from "./quantity.ts";
import { start } from "./start.ts";

const group = "Run:";

const runOptions = {
  "max-instructions": {
    group,
    type: "string",
    requiresArg: true,
    description: `end with status ${exitStatus.limit} after so many, such as 10M`,
  },
  timeout: {
    group,
    type: "string",
    requiresArg: true,
    description: `end with status ${exitStatus.limit} after so many seconds`,
  },
  expect: {
    group,
    type: "string",
    array: true,
    requiresArg: true,
    description: `wait until the console shows this regular expression; status ${exitStatus.notSeen} if it never does`,
  },
  send: {
    group,
    type: "string",
    array: true,
    requiresArg: true,
    description: "then type this; \\n \\r \\t \\e \\\\ and \\xNN are understood",
  },
  "no-reboot": { group, type: "boolean", description: "end when the guest reboots" },
  stats: {
    group,
    choices: ["human", "json"],
    description: "say on stderr what the run cost",
  },
} as const;

type RunArguments = MachineArguments & InferredOptionTypes<typeof runOptions>;

const statuses = `Exit status: what the guest powers off with; or
  ${exitStatus.badInput}    an image or another file cannot be used
  ${exitStatus.badUsage}    the command line cannot be understood
  ${exitStatus.notSeen}  the guest ended before --expect was satisfied
  ${exitStatus.stuck}  the guest traps for ever, retiring nothing
  ${exitStatus.asleep}  every hart sleeps and nothing can wake one
  ${exitStatus.powerLoss}  the power failed after --disk FILE,crash-after=WRITES
  ${exitStatus.limit}  --timeout or --max-instructions was reached
  130, 143, …  ended by SIGINT, SIGTERM, …`;

export const command: Command<RunArguments> = {
  builder: (yargs) =>
    withMachine(yargs)
      .options(runOptions)
      .example([
        ["$0 run", "our own guest; Ctrl-A x quits, Ctrl-A h helps"],
        ["$0 run vmlinux --initrd root.cpio --append 'quiet'", "Linux under our firmware"],
        ["$0 run --bios fw_jump.elf --kernel Image --disk root.img,snapshot", "Linux under OpenSBI"],
        ["$0 run --expect '\\$ $' --send 'ps\\n' --timeout 60", "type ps at the prompt"],
      ])
      .epilogue(statuses),
  handler: async (given) => {
    process.exitCode = await run(given);
  },
};

async function run(given: RunArguments): Promise<number> {
  const { image } = given;
  if (image !== undefined && holdsCases(image)) {
    throw usage(`"${image}" holds tests: "trapframe conform" runs them, "trapframe boot --case" opens one`);
  }
  const steps = readConversation(process.argv.slice(2));
  const instructionLimit = optional(given["max-instructions"], (text) =>
    parseCount("--max-instructions", text, 1, Number.MAX_SAFE_INTEGER),
  );
  const timeoutSeconds = optional(given.timeout, (text) => parseSeconds("--timeout", text));
  const started = await start(given);
  if (started === undefined) return 0;

  const headless = new Headless(started.builder, {
    steps,
    instructionLimit,
    timeoutSeconds,
    reboot: given["no-reboot"] !== true,
    powerLoss: started.powerLoss,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
  });
  const { status, message } = await headless.run();
  if (message !== undefined) {
    process.stderr.write(`${headless.midLine ? "\n" : ""}trapframe: ${message}\n`);
  }
  if (given.stats !== undefined && headless.machine !== undefined) {
    const statistics = collectStatistics(headless.machine, headless.effort, ticksPerSecond);
    const json = given.stats === "json";
    process.stderr.write(
      json ? `${JSON.stringify({ status, ...statistics })}\n` : formatStatistics(statistics),
    );
  }
  return status;
}

function optional<Value>(text: string | undefined, parse: (text: string) => Value): Value | undefined {
  return text === undefined ? undefined : parse(text);
}
