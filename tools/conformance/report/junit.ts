/** Results as JUnit XML, which continuous-integration servers read. */
import type { Result } from "../result.ts";
import { formatFailure } from "./text.ts";

/** One suite with one case for each test; a failure's text is all that is known about it. */
export function junitReport(results: readonly Result[]): string {
  const count = (status: Result["status"]) => results.filter((result) => result.status === status).length;
  const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  const totals = attributes({
    tests: String(results.length),
    failures: String(count("failed")),
    errors: String(count("error")),
    skipped: String(count("skipped")),
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="trapframe conform"${totals}>`,
    `  <testsuite name="trapframe conform"${totals}>`,
    ...results.map(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(result: Result): string {
  const { name, path, milliseconds, status, failures, note } = result;
  const head = `    <testcase${attributes({ name, classname: result.kind, file: path, time: (milliseconds / 1000).toFixed(3) })}`;
  if (status === "passed") return `${head}/>`;
  if (status === "skipped") return `${head}><skipped${attributes({ message: note ?? "" })}/></testcase>`;
  const element = status === "error" ? "error" : "failure";
  const message = failures.map(({ summary }) => summary).join("; ");
  const text = failures.map(formatFailure).join("\n");
  return `${head}><${element}${attributes({ message })}>${escapeXml(text)}</${element}></testcase>`;
}

function attributes(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(
      ([name, value]) => ` ${name}="${escapeXml(value).replace(/[\n\t]/g, (c) => `&#${c.charCodeAt(0)};`)}"`,
    )
    .join("");
}

/** Text as XML 1.0 may hold it; characters that it may not (2.2) become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
