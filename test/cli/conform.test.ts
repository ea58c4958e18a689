import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "../../tools/conformance/testing/programs.ts";
import { Scratch, trapframe } from "./trapframe.ts";

const scratch = new Scratch();
afterAll(() => scratch.remove());

const text = scratch.file("readme.txt", "hello");
const conform = (...args: string[]) => trapframe(["conform", ...args]);

describe("trapframe conform refuses", () => {
  const cases: [what: string, args: string[], status: number, message: RegExp][] = [
    [
      "an unknown engine",
      ["--engine", "fast"],
      2,
      /no engine "fast"; there are reference, interpreter, translator, auto, and all/,
    ],
    ["an unknown extension", ["--cpu", "zfoo"], 2, /--cpu: unknown extension "zfoo"/],
    ["a share that is none", ["--shard", "3/2"], 2, /--shard: "3\/2" is not K\/N/],
    ["a timeout of nothing", ["--timeout", "0"], 2, /--timeout/],
    ["a bad filter", ["--filter", "("], 2, /--filter: "\(" is no regular expression/],
    ["an unknown kind of report", ["--report", "pdf=x"], 2, /--report: "pdf=x" is not KIND=FILE/],
    ["a report without a file", ["--report", "junit"], 2, /--report: "junit=" is not KIND=FILE/],
    ["no jobs", ["--jobs", "0"], 2, /--jobs/],
    ["a path that is not there", ["nowhere"], 1, /"nowhere": there is no such file/],
    ["a file that is no test", [text], 1, /it is no test: neither an ELF file/],
    ["a folder without tests", [scratch.folder], 1, /no tests in/],
    ["signatures that are not there", ["--signatures", "nowhere"], 1, /--signatures "nowhere"/],
  ];
  it.concurrent.each(cases)("%s", async (_, args, status, message) => {
    const finished = await conform(...args);
    expect(finished.status).toBe(status);
    expect(finished.errors).toMatch(message);
    expect(finished.errors).not.toMatch(/ at .*\.js:/);
    expect(finished.output).toBe("");
  });
});

describe("trapframe run", () => {
  it("does not take a suite for a raw image", async () => {
    const { status, errors } = await trapframe(["run", "test/conformance/bits.suite.ts"]);
    expect(status).toBe(2);
    expect(errors).toMatch(/"test\/conformance\/bits.suite.ts" holds tests: "trapframe conform" runs them/);
  });
});

describe("trapframe boot refuses", () => {
  it.each([
    [["--case", "x"], /give that file as IMAGE/],
    [["nowhere.case.json", "--case", "x"], /cannot read test "nowhere\.case\.json": there is no such file/],
  ])("%j", async (args, message) => {
    const { status, errors } = await trapframe(["boot", ...args]);
    expect(status).not.toBe(0);
    expect(errors).toMatch(message);
  });
});

describe("trapframe conform runs", () => {
  let right: string;
  let wrong: string;
  beforeAll(async () => {
    [right, wrong] = await Promise.all([buildProgram("checks"), buildProgram("checks", "WRONG")]);
  });

  it("tests that pass, and writes reports in both spellings", async () => {
    const [junit, json] = [join(scratch.folder, "r.xml"), join(scratch.folder, "r.json")];
    const { status, output, errors } = await conform(
      right,
      "--report",
      "junit",
      junit,
      `--report=json=${json}`,
    );
    expect(errors).toBe("");
    expect(status).toBe(0);
    expect(output).toMatch(/^1 test: 1 passed; 1 case, [\d,]+ instructions\n$/);
    expect(readFileSync(junit, "utf8")).toMatch(/<testsuite .*tests="1" failures="0"/);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ counts: { passed: 1 } });
  });

  it("tests that fail, and explains them", async () => {
    const { status, output } = await conform(right, wrong, "--jobs", "2", "--engine", "interpreter");
    expect(status).toBe(1);
    expect(output).toMatch(
      /^FAILED .*wrong\.elf\n {2}test 7 \(test_7\): a4 expected 0x2b, found 0x2a \(interpreter\)/,
    );
    expect(output).toMatch(/2 tests: 1 passed, 1 failed/);
  });

  it("only what is asked for", async () => {
    const list = async (...args: string[]) =>
      (await conform(right, wrong, "--list", ...args)).output.trim().split("\n");
    const all = await list();
    expect(all).toHaveLength(2);
    expect(await list("--filter", "wrong")).toEqual(all.filter((name) => name.includes("wrong")));
    expect((await Promise.all([list("--shard", "1/2"), list("--shard", "2/2")])).flat().toSorted()).toEqual(
      all,
    );
    const none = await conform(right, "--filter", "nothing");
    expect([none.status, none.errors]).toEqual([1, expect.stringMatching(/none of the 1 tests .* is left/)]);
  });
});
