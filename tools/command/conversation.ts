/** `--expect` and `--send`, whose order among each other counts. */
import { parseExpect, parseSend, type ScriptStep } from "../terminal/script.ts";
import { usage } from "./quantity.ts";

const parsers = new Map([
  ["--expect", parseExpect],
  ["--send", parseSend],
]);

/**
 * The steps in the order in which they stand on the command line, which the parsed options no longer tell. `argv` is
 * known to be well-formed. Throws `Failure` on a bad regular expression or escape.
 */
export function readConversation(argv: readonly string[]): ScriptStep[] {
  const steps: ScriptStep[] = [];
  for (let index = 0; index < argv.length && argv[index] !== "--"; index++) {
    const [, option = "", inline] = /^(--[^=]+)(?:=(.*))?$/s.exec(argv[index] ?? "") ?? [];
    const parse = parsers.get(option);
    if (parse === undefined) continue;
    const value = inline ?? argv[++index] ?? "";
    try {
      steps.push(parse(value));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw usage(`${option}: ${error.message}`);
    }
  }
  return steps;
}
