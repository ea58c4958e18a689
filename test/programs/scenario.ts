/**
 * Scenarios: commands for the shell, with what they print and their exit status, in files a person can read.
 *
 *     # a comment
 *     $ echo hello; false      what is typed
 *     > another line of it
 *     hello                    what it prints, on standard output or standard error
 *     ~ ^\d+ bytes$            a line that need only match
 *     ? 1                      its exit status, where that is not 0
 *
 * A blank line between two commands belongs to neither.
 */

/** A command and what is expected of it. */
export interface Step {
  /** One or more lines. */
  readonly command: string;
  /** A line as it must be, or what it must match. */
  readonly output: readonly (string | RegExp)[];
  readonly status: number;
}

/** What a command did. */
export interface Outcome {
  readonly output: readonly string[];
  readonly status: number;
}

/** A file of steps, by name. */
export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** Reads the text of a scenario. Throws when a line stands where it means nothing. */
export function parseScenario(name: string, text: string): Scenario {
  const steps: { command: string; output: (string | RegExp)[]; status: number }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const step = steps.at(-1);
    if (line.startsWith("#")) continue;
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [], status: 0 });
    else if (step === undefined && line !== "") throw new Error(`${name}:${index + 1}: no command yet`);
    else if (step === undefined) continue;
    else if (line.startsWith("> ") && step.output.length === 0) step.command += `\n${line.slice(2)}`;
    else if (line.startsWith("~ ")) step.output.push(new RegExp(line.slice(2)));
    else if (line.startsWith("? ")) step.status = Number(line.slice(2));
    else step.output.push(line);
  }
  for (const { output } of steps) if (output.at(-1) === "") output.pop();
  return { name, steps };
}

/**
 * A shell script that executes a scenario's steps in a new folder of their own, with nothing on standard input, and
 * marks in what it prints where each begins and how it ended.
 */
export function scriptOf({ name, steps }: Scenario): string {
  const parts = steps.map(
    ({ command }, index) =>
      `echo "@begin ${name} ${index}"\n${command}\nprintf '\\n@end ${name} ${index} %d\\n' "$?"\n`,
  );
  return `mkdir -p /tmp/${name}\ncd /tmp/${name}\nexec </dev/null 2>&1\n${parts.join("")}`;
}

/** What the console shows of a step after its scenario's script ran; undefined if it was never reached or did not end. */
export function outcomeOf(console: string, name: string, index: number): Outcome | undefined {
  const begin = `@begin ${name} ${index}\n`;
  const start = console.indexOf(begin);
  const end = new RegExp(`\\n@end ${name} ${index} (\\d+)\\n`).exec(start < 0 ? "" : console.slice(start));
  if (start < 0 || end === null) return undefined;
  // The newline before "@end" is ours; one before that ended the last line of output.
  const output = console.slice(start + begin.length, Math.max(start + end.index, start + begin.length));
  const lines = output === "" ? [] : output.replace(/\n$/, "").split("\n");
  return { output: lines, status: Number(end[1]) };
}

/** The scenario as it would be written if `outcomes` were right. Equal to its text with its own expectations if they are. */
export function transcript(steps: readonly Step[], outcomes: readonly (Outcome | undefined)[]): string {
  const written = steps.map((step, index) => {
    const outcome = outcomes[index];
    const lines = [`$ ${step.command.replaceAll("\n", "\n> ")}`];
    if (outcome === undefined) return [...lines, "(did not end)"];
    for (const [at, line] of outcome.output.entries()) {
      const expected = step.output[at];
      lines.push(expected instanceof RegExp && expected.test(line) ? `~ ${expected.source}` : line);
    }
    return outcome.status === 0 ? lines : [...lines, `? ${outcome.status}`];
  });
  return written.map((lines) => lines.join("\n")).join("\n\n");
}

/** The scenario as it is written, in the form of `transcript`. */
export function expectedTranscript(steps: readonly Step[]): string {
  const written = steps.map(({ command, output, status }) => {
    const lines = output.map((line) => (line instanceof RegExp ? `~ ${line.source}` : line));
    return [`$ ${command.replaceAll("\n", "\n> ")}`, ...lines, ...(status === 0 ? [] : [`? ${status}`])].join(
      "\n",
    );
  });
  return written.join("\n\n");
}
