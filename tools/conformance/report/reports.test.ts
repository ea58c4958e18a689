import { describe, expect, it } from "vitest";
import type { Failure, Result } from "../result.ts";
import { escapeXml } from "./junit.ts";
import { reports } from "./reports.ts";

const failure: Failure = {
  engines: ["interpreter"],
  summary: 'a4 expected "1" <2>, found &\u0000\ud800',
  case: "test 7 (test_7)",
  instruction: { address: "0x80000010", bits: "00c58533", text: "add      a0,a1,a2", source: "add.S:7" },
  mismatches: [{ what: "a4", expected: "1", found: "2" }],
  notes: ["with a1 = 0x1 ]]> <script>alert(1)</script>"],
  history: [{ address: "0x80000010", bits: "00c58533", text: "add      a0,a1,a2", hart: 0, mode: "M" }],
  rerun: "trapframe boot x --break test_7",
};
const base = { path: "p", milliseconds: 12, instructions: 34, cases: 1, failures: [] };
const results: Result[] = [
  { ...base, name: "good #1", kind: "self-checking", status: "passed" },
  { ...base, name: 'bad & "worse" <\n', kind: "signature", status: "failed", failures: [failure] },
  { ...base, name: "lost", kind: "suite", status: "error", failures: [failure] },
  { ...base, name: "rv32", kind: "skipped", status: "skipped", note: "RV32 # no" },
];

/** Throws unless every element that is opened is closed, and no forbidden character stands anywhere. */
function checkXml(text: string): void {
  const open: string[] = [];
  const rest = text
    .replace(/^<\?xml[^>]*\?>/, "")
    .replace(/<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>/g, (_, end, name, __, alone) => {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (alone === "") open.push(name);
      return "";
    });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#\d+;)/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0008\ud800-\udfff]/);
}

describe("the JUnit report", () => {
  const text = reports.junit(results);
  it("is well-formed whatever is in it", () => checkXml(text));
  it("has a case for each test, with its outcome", () => {
    expect(text.match(/<testcase /g)).toHaveLength(4);
    expect(text).toContain('tests="4" failures="1" errors="1" skipped="1" time="0.048"');
    expect(text).toContain("<failure message=");
    expect(text).toContain("<error message=");
    expect(text).toContain('<skipped message="RV32 # no"/>');
    expect(text).toContain("trapframe boot x --break test_7");
  });
});

describe("the TAP report", () => {
  const lines = reports.tap(results).split("\n");
  it("has a plan and a point for each test", () => {
    expect(lines.slice(0, 3)).toEqual(["TAP version 14", "1..4", "ok 1 - good \\#1"]);
    expect(lines).toContain('not ok 2 - bad & "worse" < ');
    expect(lines).toContain("ok 4 - rv32 # SKIP RV32 # no");
  });
  it("has a YAML block for each failure", () => {
    expect(lines.filter((line) => line === "  ---")).toHaveLength(2);
    expect(lines.filter((line) => line === "  ...")).toHaveLength(2);
    expect(lines).toContain("      instruction  0x80000010  add a0,a1,a2  (add.S:7)");
  });
});

describe("the HTML report", () => {
  const text = reports.html(results);
  it("is complete in itself and escapes what it shows", () => {
    expect(text).not.toMatch(/<script|src=|href=/);
    expect(text).toContain("&lt;script&gt;");
    expect(text.match(/<details>/g)).toHaveLength(2);
  });
  it("closes every element", () =>
    checkXml(text.replace("<!doctype html>", "").replace(/<meta[^>]*>|<style>[\s\S]*<\/style>/g, "")));
});

describe("the JSON report", () => {
  it("holds everything", () => {
    expect(JSON.parse(reports.json(results))).toMatchObject({
      format: "trapframe-conform-1",
      counts: { passed: 1, failed: 1, error: 1, skipped: 1 },
      results: [{ name: "good #1" }, { failures: [{ case: "test 7 (test_7)" }] }, {}, { note: "RV32 # no" }],
    });
  });
});

describe("escapeXml", () => {
  it("leaves nothing that XML forbids", () => {
    expect(escapeXml('<a b="c">&\u0001\ufffe😀')).toBe("&lt;a b=&quot;c&quot;&gt;&amp;\ufffd\ufffd😀");
  });
});
