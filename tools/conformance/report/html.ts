/** Results as one page for a browser, complete in itself. */
import type { Result } from "../result.ts";
import { escapeXml } from "./junit.ts";
import { formatFailure, summarise } from "./text.ts";

const style = `
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --dim: #8889; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
.passed { color: var(--good); } .failed, .error { color: var(--bad); } .skipped { color: var(--dim); }
details { border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; margin: .5rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
pre { overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; }
td.name { overflow-wrap: anywhere; }
`;

/** A summary, every failure to open and read, and a table of all tests. */
export function htmlReport(results: readonly Result[]): string {
  const bad = results.filter(({ status }) => status === "failed" || status === "error");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Conformance: ${bad.length === 0 ? "passed" : `${bad.length} not passed`}</title>
<style>${style}</style>
</head>
<body>
<h1>Conformance</h1>
<p>${escapeXml(summarise(results))}</p>
${kindsTable(results)}
${bad.length === 0 ? "" : `<h2>Not passed</h2>\n${bad.map(failureDetails).join("\n")}`}
<h2>All tests</h2>
${testsTable(results)}
</body>
</html>
`;
}

const statuses = ["passed", "failed", "error", "skipped"] as const;

function kindsTable(results: readonly Result[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const rows = kinds.map((kind) => {
    const own = results.filter((result) => result.kind === kind);
    const counts = statuses.map((status) => {
      const number = own.filter((result) => result.status === status).length;
      return `<td class="number${number > 0 ? ` ${status}` : ""}">${number}</td>`;
    });
    return `<tr><td>${escapeXml(kind)}</td>${counts.join("")}</tr>`;
  });
  const heads = statuses.map((status) => `<th class="number">${status}</th>`).join("");
  return `<table><thead><tr><th>kind</th>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function failureDetails({ name, status, failures }: Result): string {
  const summary = failures.map((failure) => failure.summary).join("; ");
  const text = failures.map(formatFailure).join("\n\n");
  return `<details><summary><span class="${status}">${status}</span> <b>${escapeXml(name)}</b>: ${escapeXml(summary)}</summary>
<pre>${escapeXml(text)}</pre></details>`;
}

function testsTable(results: readonly Result[]): string {
  const rows = results.map(
    ({ name, status, cases, instructions, milliseconds, note }) =>
      `<tr><td class="name">${escapeXml(name)}</td><td class="${status}">${status}${note === undefined ? "" : `: ${escapeXml(note)}`}</td>` +
      `<td class="number">${cases}</td><td class="number">${instructions}</td><td class="number">${milliseconds}</td></tr>`,
  );
  return `<table><thead><tr><th>test</th><th>result</th><th class="number">cases</th><th class="number">instructions</th><th class="number">ms</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table>`;
}
