/** Results as text for a terminal or a log. */
import { mismatchText } from "../mismatch.ts";
import type { Failure, HistoryLine, Place, Result } from "../result.ts";

/** Everything about the tests that did not pass, and a line that sums up. */
export function formatResults(results: readonly Result[]): string {
  const bad = results.filter(({ status }) => status === "failed" || status === "error");
  const skipped = results.filter(({ status }) => status === "skipped");
  return [
    ...bad.map((result) => `${formatResult(result)}\n\n`),
    ...skipped.map(({ name, note }) => `SKIPPED ${name}: ${note}\n`),
    `${summarise(results)}\n`,
  ].join("");
}

/** For example "3 tests: 2 passed, 1 failed; 10 cases, 1,234,567 instructions". */
export function summarise(results: readonly Result[]): string {
  const count = (status: Result["status"]) => results.filter((result) => result.status === status).length;
  const counts = (["passed", "failed", "error", "skipped"] as const)
    .map((status) => ({ status, number: count(status) }))
    .filter(({ status, number }) => number > 0 || status === "passed")
    .map(({ status, number }) => `${number} ${status === "error" && number !== 1 ? "errors" : status}`);
  const cases = results.reduce((sum, result) => sum + result.cases, 0);
  const instructions = results.reduce((sum, result) => sum + result.instructions, 0);
  const many = (number: number, what: string) =>
    `${number.toLocaleString("en-US")} ${what}${number === 1 ? "" : "s"}`;
  return `${many(results.length, "test")}: ${counts.join(", ")}; ${many(cases, "case")}, ${many(instructions, "instruction")}`;
}

/** A test that did not pass, with all that is known about why. */
export function formatResult({ name, status, failures }: Result): string {
  return [`${status === "error" ? "ERROR" : "FAILED"} ${name}`, ...failures.map(formatFailure)].join("\n");
}

/** A failure, indented by two spaces. */
export function formatFailure(failure: Failure): string {
  const { engines, summary, mismatches, because, instruction, notes, history, console, rerun } = failure;
  const on = engines.length === 0 ? "" : ` (${engines.join(" and ")})`;
  const part = failure.case === undefined ? "" : `${failure.case}: `;
  const lines = [
    `${part}${summary}${on}`,
    ...(because === undefined ? [] : [`because      ${because}`]),
    ...(instruction === undefined ? [] : [`instruction  ${placeText(instruction)}`]),
    ...mismatches.map((mismatch) => `             ${mismatchText(mismatch)}`),
    ...notes.map((note) => `note         ${note}`),
    ...(console === undefined || console === ""
      ? []
      : [
          "it printed",
          ...console
            .trimEnd()
            .split("\n")
            .map((l) => `  ${l}`),
        ]),
    ...(history.length === 0 ? [] : [historyTitle(history.length), ...formatHistory(history)]),
    ...(rerun === undefined ? [] : [`debug        ${rerun}`]),
  ];
  return lines
    .flatMap((line) => line.split("\n"))
    .map((line) => `  ${line}`.trimEnd())
    .join("\n");
}

const historyTitle = (slots: number) =>
  slots === 1 ? "the last instruction" : `the last ${slots} instructions`;

function placeText({ address, symbol, text, source }: Place): string {
  const name = symbol === undefined ? "" : ` <${symbol}>`;
  return `${address}${name}  ${text.replace(/ +/g, " ")}${source === undefined ? "" : `  (${source})`}`;
}

/** Lines of a table: mode, address, instruction, what came of it. */
function formatHistory(history: readonly HistoryLine[]): string[] {
  const several = history.some(({ hart }) => hart !== history[0]?.hart);
  return history.map(({ hart, mode, address, text, symbol, effect, trap }) => {
    const whose = several ? `hart ${hart} ` : "";
    const came = [trap === undefined ? undefined : `!! ${trap}`, effect].filter((part) => part !== undefined);
    const label = symbol === undefined ? "" : `<${symbol}>`;
    return `  ${whose}${mode} ${address.slice(2).padStart(16)} ${label.padEnd(20)} ${text.padEnd(30)} ${came.join("  ")}`.trimEnd();
  });
}
