/** Results in the Test Anything Protocol, version 14. */
import type { Result } from "../result.ts";
import { formatFailure } from "./text.ts";

/** A line for each test; what is known about a failure follows as a YAML block. */
export function tapReport(results: readonly Result[]): string {
  const points = results.map((result, index) => testPoint(result, index + 1));
  return ["TAP version 14", `1..${results.length}`, ...points, ""].join("\n");
}

function testPoint({ name, status, failures, note }: Result, number: number): string {
  const good = status === "passed" || status === "skipped";
  const directive = status === "skipped" ? ` # SKIP ${oneLine(note ?? "")}` : "";
  const line = `${good ? "ok" : "not ok"} ${number} - ${escaped(oneLine(name))}${directive}`;
  if (good) return line;
  const text = failures.map(formatFailure).join("\n");
  // A JSON string is a YAML string; the block below it keeps its lines.
  const block = text.split("\n").map((l) => `    ${printable(l)}`.trimEnd());
  return [
    line,
    "  ---",
    `  severity: ${status === "error" ? "error" : "fail"}`,
    `  message: ${JSON.stringify(failures.map(({ summary }) => summary).join("; "))}`,
    // "2" says how far the text is indented, which its first line, itself indented, does not.
    "  explanation: |2",
    ...block,
    "  ...",
  ].join("\n");
}

const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("#", "\\#");
const oneLine = (text: string) => printable(text.replace(/\s+/g, " "));
const printable = (text: string) =>
  text.replace(/[^\t\u0020-\u007e\u00a0-\ud7ff\ue000-\u{10ffff}]/gu, "\ufffd");
