/** The command line: which commands there are, and how every one of them ends. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { ImageError } from "../emulator/board/image-error.ts";
import { lazyCommand } from "./command/command.ts";
import { reportKinds } from "./conformance/report/kinds.ts";
import { GuestBuildError } from "./guest/error.ts";
import { ROOT } from "./guest/root.ts";
import { debugging } from "./host/debugging.ts";
import { exitStatus, signalStatus } from "./host/exit-status.ts";
import { Failure } from "./host/failure.ts";
import { describeFileError } from "./host/read-input.ts";
import { setV8Flags } from "./host/v8-flags.ts";
import { restoreTerminal } from "./terminal/restoration.ts";

setV8Flags();

const commandNames: readonly string[] = [
  "boot",
  "run",
  "disasm",
  "isa",
  "bench",
  "conform",
  "fuzz",
  "mutate",
  "image",
  "completion",
];
const repeatableOptions: readonly string[] = ["disk", "expect", "send", "path", "report", "break", "names"];

/** Says what went wrong, and exits. Only a defect of our own, or `--debug`, is worth a stack trace. */
function die(error: unknown): never {
  restoreTerminal();
  const { message, status } = describe(error);
  process.stderr.write(`trapframe: ${message.trimEnd()}\n`);
  if (debugging && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(status);
}

function describe(error: unknown): { message: string; status: number } {
  if (error instanceof Failure) return error;
  if (error instanceof ImageError || error instanceof GuestBuildError) {
    return { message: error.message, status: exitStatus.badInput };
  }
  const message = error instanceof Error ? error.message : String(error);
  // The parser throws some of the user's mistakes instead of reporting them.
  if (error instanceof Error && error.name === "YError") {
    return { message: explainMistake(message), status: exitStatus.badUsage };
  }
  return {
    message: `internal error: ${message}${debugging ? "" : "\nRun with --debug to see where."}`,
    status: exitStatus.defect,
  };
}

/**
 * The parser gives every option one value: `--stats`, which may stand alone, would take the next word for its own, and of
 * `--report KIND FILE` it would leave the file.
 */
function spellOut(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const [word = "", next = "", after = ""] = argv.slice(index, index + 3);
    if (word === "--stats" && next !== "json" && next !== "human") words.push("--stats=human");
    else if (word === "--report" && reportKinds.some((kind) => kind === next)) {
      words.push(`--report=${next}=${after}`);
      index += 2;
    } else words.push(word);
  }
  return words;
}

/** An option that takes one value but was given several arrives as a list. */
function refuseRepetition(given: Record<string, unknown>): true {
  for (const [option, value] of Object.entries(given)) {
    if (Array.isArray(value) && option !== "_" && !repeatableOptions.includes(option)) {
      throw new Failure(`--${option} is given ${value.length} times; once is enough`, exitStatus.badUsage);
    }
  }
  return true;
}

function explainMistake(message: string): string {
  const first = process.argv[2] ?? "";
  const isCommand = commandNames.includes(first);
  const unknown = isCommand || first === "" || first.startsWith("-") ? "" : `unknown command "${first}". `;
  return `${unknown}${message}\nSee trapframe${isCommand ? ` ${first}` : ""} --help.`;
}

/** The parser would look for the `package.json` of whatever folder we are started in. */
function version(): string {
  const described: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const known = typeof described === "object" && described !== null && "version" in described;
  return known ? `${described.version}` : "unknown";
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as head, is no error; nobody is left to be told more.
  if (error.code === "EPIPE") process.exit(signalStatus(constants.signals.SIGPIPE));
  die(new Failure(`cannot write to stdout: ${describeFileError(error)}`, exitStatus.badInput));
});
process.stderr.on("error", () => {});
process.on("uncaughtException", die);
process.on("unhandledRejection", die);

const command = yargs(spellOut(hideBin(process.argv)))
  .scriptName("trapframe")
  .version(version())
  // All that we say ourselves is English.
  .detectLocale(false)
  .usage("$0 COMMAND\n\nA RISC-V machine you can see through.")
  .parserConfiguration({
    "boolean-negation": false,
    "greedy-arrays": false,
    "parse-numbers": false,
    "camel-case-expansion": false,
  })
  .command(
    lazyCommand(
      "boot [image]",
      "run a machine in a terminal UI: console, registers, code, traps, TLB",
      () => import("./command/boot.ts"),
    ),
  )
  .command(
    lazyCommand(
      "run [image]",
      "run a machine with its console on stdin and stdout",
      () => import("./command/run.ts"),
    ),
  )
  .command(
    lazyCommand(
      "disasm <elf> [address]",
      "disassemble a riscv64 program",
      () => import("./command/disasm.ts"),
    ),
  )
  .command(
    lazyCommand(
      "isa [name]",
      "list instructions, or tell all about one, an extension, or a CSR",
      () => import("./command/isa.ts"),
    ),
  )
  .command(
    lazyCommand("bench", "compare the machine's speed with QEMU's", () => import("./command/bench.ts")),
  )
  .command(
    lazyCommand(
      "conform [path..]",
      "run conformance tests: riscv-tests, architecture tests, our own",
      () => import("./command/conform.ts"),
    ),
  )
  .command(
    lazyCommand(
      "fuzz",
      "run random programs on QEMU and on our engines, and compare",
      () => import("./command/fuzz.ts"),
    ),
  )
  .command(
    lazyCommand(
      "mutate [names..]",
      "how many slips in the instruction table our conformance suite notices",
      () => import("./command/mutate.ts"),
    ),
  )
  .command(
    lazyCommand(
      "image",
      "make and edit disk images with the microkernel's file system",
      () => import("./command/image.ts"),
    ),
  )
  .completion("completion", "print a script that completes commands and options in your shell")
  .option("debug", { type: "boolean", global: true, description: "show stack traces" })
  .demandCommand(1, 1, "which command?")
  .recommendCommands()
  .strict()
  // The parser lays out the help of every command, asked for or not; fitting the lines takes it longest.
  .wrap(process.argv.includes("--help") ? Math.min(110, process.stdout.columns ?? 80) : null)
  .check(refuseRepetition, true)
  .fail((message, error) => {
    if (error) throw error;
    throw new Failure(explainMistake(message), exitStatus.badUsage);
  });

try {
  await command.parseAsync();
} catch (error) {
  die(error);
}
await new Promise((resolve) => process.stdout.write("", resolve));
// A guest's console may still hold stdin open.
process.exit();
