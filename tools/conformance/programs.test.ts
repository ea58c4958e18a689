import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCpu } from "../../emulator/board/cpu.ts";
import { parseElf } from "../../emulator/board/elf.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import { state } from "../../emulator/hart/layout.ts";
import { replaceIn } from "../mutation/replace.ts";
import { findTests } from "./catalogue.ts";
import { findDisagreement } from "./disagreement.ts";
import { explainProgram } from "./explain-program.ts";
import { References } from "./references.ts";
import { formatFailure } from "./report/text.ts";
import type { Entry, Result, Settings } from "./result.ts";
import { runEntry } from "./run-entry.ts";
import { hasPassed, type ProgramTest, runProgram } from "./run-program.ts";
import { buildProgram } from "./testing/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "trapframe-conform-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings: Settings = {
  engines: ["interpreter", "reference"],
  cpu: undefined,
  harts: 1,
  timeout: 50_000,
};
const right = ["fffffffffffffffe", "ffffffff80000001", "000000000000000c", "00000000deadbeef"];

/** Runs what is found at a path, which must be one test. */
async function run(path: string, over: Partial<Settings> = {}, signatures?: string): Promise<Result> {
  const entries = await findTests([path], new References(signatures));
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  if (entry === undefined) throw new Error("no test was found");
  return runEntry(entry, { ...settings, ...over });
}

function soleFailure({ failures }: Result) {
  expect(failures).toHaveLength(1);
  const [failure] = failures;
  if (failure === undefined) throw new Error("it has not failed");
  return failure;
}

/** A copy of a program under another name, with files beside it. */
function copied(program: string, name: string, beside: Readonly<Record<string, string>> = {}): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(program, path);
  for (const [file, text] of Object.entries(beside)) {
    const target = join(dirname(path), file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  return path;
}

const lines = (words: readonly string[]) => `${words.join("\n")}\n`;

describe("a program of riscv-tests' kind", () => {
  it("passes on every engine", async () => {
    const result = await run(await buildProgram("checks"));
    expect(result).toMatchObject({ kind: "self-checking", status: "passed", failures: [] });
    expect(result.instructions).toBeGreaterThan(100);
  });

  it("says what it expected, what it found, and where", async () => {
    const result = await run(await buildProgram("checks", "WRONG"));
    const failure = soleFailure(result);
    expect(result.status).toBe("failed");
    expect(failure).toMatchObject({
      engines: ["interpreter", "reference"],
      case: "test 7 (test_7)",
      summary: "a4 expected 0x2b, found 0x2a",
      instruction: {
        text: expect.stringMatching(/^mul +a4,a1,a2$/),
        source: expect.stringMatching(/checks\.S:\d+$/),
      },
      mismatches: [{ what: "a4", expected: "0x2b", found: "0x2a" }],
    });
    expect(failure.notes[0]).toBe("with a1 = 0x6, a2 = 0x7");
    expect(failure.history).toHaveLength(32);
    expect(failure.history.at(-1)).toMatchObject({
      text: expect.stringMatching(/^bne .*<fail>$/),
      mode: "U",
    });
    expect(failure.rerun).toMatch(
      /^trapframe boot \S+ --bios none --cpu \S+ --engine interpreter --break test_7$/,
    );
  });

  it("names the trap that it does not expect", async () => {
    const failure = soleFailure(await run(await buildProgram("checks", "TRAP")));
    expect(failure.summary).toMatch(
      /^a trap that the test does not expect: .*illegal instruction, tval 0xffffffff$/,
    );
    expect(failure.case).toBe("test 7 (test_7)");
    expect(failure.instruction?.symbol).toMatch(/^test_7\+/);
    expect(failure.history.some(({ trap }) => trap?.includes("illegal instruction"))).toBe(true);
  });

  it("says where it loops", async () => {
    const failure = soleFailure(await run(await buildProgram("checks", "LOOP"), { timeout: 20_000 }));
    expect(failure.summary).toMatch(
      /^it had not ended after 20,000 instructions: in the end, it executes 2 instructions between .*<test_7\+0x[0-9a-f]+>/,
    );
  });

  it("keeps an exit code whole", async () => {
    const failure = soleFailure(await run(await buildProgram("checks", "EXIT")));
    expect(failure.summary).toBe("it ended with 65536 (0x10000) without going to fail");
  });

  it("may print, and what it printed is shown when it fails", async () => {
    expect(await run(await buildProgram("checks", "PRINT"))).toMatchObject({ status: "passed" });
    expect(soleFailure(await run(await buildProgram("checks", "PRINT", "WRONG"))).console).toBe("hello\n");
  });

  it("is skipped when it is for RV32", async () => {
    const bytes = readFileSync(await buildProgram("checks"));
    bytes[4] = 1;
    const path = join(folder, "rv32ui-p-add");
    writeFileSync(path, bytes);
    expect(await run(path)).toMatchObject({ status: "skipped", note: expect.stringContaining("RV32") });
  });
});

describe("an architecture test", () => {
  const places: [string, string, string][] = [
    ["beside it", "a/add-01.elf", "add-01.reference_output"],
    ["under its whole name", "b/add-01.elf", "add-01.elf.signature"],
    ["in a folder", "c/add-01", "references/add-01.reference_output"],
    ["in a folder beside its own", "d/src/add-01", "../references/add-01.sig"],
    ["as RISCOF leaves it", "e/add-01.S/dut/my.elf", "../ref/Reference-sail_c_simulator.signature"],
  ];
  it.each(places)("finds its reference %s", async (_, name, reference) => {
    const path = copied(await buildProgram("signature"), name, { [reference]: lines(right) });
    expect(await run(path)).toMatchObject({ kind: "signature", status: "passed" });
  });

  it("finds its reference in another folder, the likeliest of several", async () => {
    const program = await buildProgram("signature");
    const path = copied(program, "tests/vm_sv48/pages.elf", {
      "../../refs/vm_sv48/pages.reference_output": lines(right),
      "../../refs/vm_sv39/pages.reference_output": lines(["0".repeat(16), ...right.slice(1)]),
    });
    expect(await run(path, {}, join(folder, "refs"))).toMatchObject({ status: "passed" });
    const elsewhere = copied(program, "tests/pages.elf");
    const failure = soleFailure(await run(elsewhere, {}, join(folder, "refs")));
    expect(failure.summary).toMatch(/more than one reference signature/);
  });

  it("accepts lines of four bytes, upper case, blank lines", async () => {
    const words = ["fffffffe", "80000001", "0000000c", "deadbeef"].map((word) => word.toUpperCase());
    const path = copied(await buildProgram("signature", "NARROW"), "n/narrow", {
      "narrow.reference_output": `\n${words.join("\r\n\r\n")}\r\n`,
    });
    expect(await run(path)).toMatchObject({ status: "passed" });
  });

  it("may end by jumping to itself", async () => {
    const path = copied(await buildProgram("signature", "SPIN"), "s/spin", { "spin.sig": lines(right) });
    expect(await run(path, { timeout: 2_000_000 })).toMatchObject({ status: "passed" });
  });

  it("is an error without its reference, not a pass", async () => {
    const result = await run(copied(await buildProgram("signature"), "lonely/add-01"));
    expect(result.status).toBe("error");
    expect(soleFailure(result).summary).toMatch(/^no reference signature/);
  });

  it("is an error with a reference that is none", async () => {
    const path = copied(await buildProgram("signature"), "odd/add-01", { "add-01.sig": "not hexadecimal\n" });
    const result = await run(path);
    expect(result.status).toBe("error");
    expect(soleFailure(result).summary).toMatch(
      /add-01\.sig": line 1, "not hexadecimal", is not 8 hexadecimal digits/,
    );
  });

  it("says which word is wrong, and which instruction made it", async () => {
    const wrong = [right[0] ?? "", "0000000080000001", ...right.slice(2)];
    const path = copied(await buildProgram("signature"), "w/lw-01.elf", {
      "lw-01.reference_output": lines(wrong),
    });
    const failure = soleFailure(await run(path));
    expect(failure.summary).toMatch(
      /^1 word of the signature is wrong; the first: word 1 of the signature, at 0x[0-9a-f]+8 expected 0x0000000080000001, found 0xffffffff80000001$/,
    );
    expect(failure.instruction?.text).toMatch(/^lw +a2,0\(a0\)$/);
    expect(failure.case).toMatch(/^stored at inst_1/);
    expect(failure.rerun).toMatch(/--break inst_1$/);
  });

  it("says which trap a handler has told of, however long ago it was taken", async () => {
    const wrong = [...right.slice(0, 3), "0000000000000002"];
    const path = copied(await buildProgram("signature", "TRAP"), "t/ebreak", { "ebreak.sig": lines(wrong) });
    const failure = soleFailure(await run(path));
    expect(failure.mismatches).toMatchObject([
      { expected: "0x0000000000000002", found: "0x0000000000000003" },
    ]);
    expect(failure.notes.at(-1)).toMatch(/^the last trap: trap to M at 0x8[0-9a-f]+: breakpoint, tval 0x8/);
  });

  it("reports every word that is missing or too many", async () => {
    const program = await buildProgram("signature");
    const short = copied(program, "short/x", { "x.sig": lines(right.slice(0, 2)) });
    expect(soleFailure(await run(short)).mismatches.map(({ expected }) => expected)).toEqual(
      Array.from({ length: 2 }, () => "none: the reference ends before"),
    );
    const long = copied(program, "long/x", { "x.sig": lines([...right, right[0] ?? ""]) });
    expect(soleFailure(await run(long)).mismatches[0]?.found).toBe("none: the signature ends before");
  });
});

const unsignedLoad: Rewrite = (name, body) =>
  name === "lw"
    ? replaceIn(body, {
        node: (node) => (node.kind === "read" ? { ...node, signed: false } : node),
        statement: (statement) => statement,
      })
    : body;

describe("a fault seeded into an engine", () => {
  const lostFlags: Rewrite = (name, body) =>
    name === "writeCsr"
      ? body
      : replaceIn(body, {
          node: (node) => node,
          statement: (statement) =>
            statement.kind === "store" && statement.offset === state.fcsr.offset ? undefined : statement,
        });

  let test: ProgramTest;
  beforeAll(async () => {
    const path = await buildProgram("checks");
    const image = readFileSync(path);
    test = {
      path,
      image,
      program: parseElf(image, path),
      reference: undefined,
      cpu: "rva22s64",
      options: { cpu: parseCpu("rva22s64"), rewrite: unsignedLoad },
      timeout: 50_000,
    };
  });

  it.each(["interpreter", "reference"] as const)("is found in the %s, and told", async (engine) => {
    const outcome = await runProgram(test, engine);
    expect(hasPassed(outcome, test)).toBe(false);
    const failure = await explainProgram(test, engine, outcome);
    expect(failure.summary).toBe("a4 expected 0xfffffffffffffffe, found 0xfffffffe");
    expect(failure.case).toBe("test 3 (test_3)");
    expect(failure.instruction?.text).toMatch(/^lw +a4,0\(a1\)$/);
    const text = formatFailure(failure);
    expect(text).toContain("instruction  0x");
    expect(text).toContain("the last 32 instructions");
    expect(text).toContain(basename(test.path));
  });

  it("that loses accrued exceptions is traced to the instruction that raised them", async () => {
    const forgetful = { ...test, options: { ...test.options, rewrite: lostFlags } };
    const failure = await explainProgram(
      forgetful,
      "interpreter",
      await runProgram(forgetful, "interpreter"),
    );
    expect(failure.summary).toBe("fflags.NX expected 1, found 0");
    expect(failure.instruction?.text).toMatch(/^fadd\.s/);
  });
});

describe("findDisagreement", () => {
  it("names the first instruction after which two machines differ", async () => {
    const path = await buildProgram("checks");
    const image = readFileSync(path);
    const options = { cpu: parseCpu("rva22s64") };
    const program = parseElf(image, path);
    const test = { path, image, program, reference: undefined, cpu: "rva22s64", options, timeout: 50_000 };
    const faulty = { ...test, options: { ...options, rewrite: unsignedLoad } };
    const found = await findDisagreement(
      { test, engine: "reference" },
      { test: faulty, engine: "interpreter" },
    );
    expect(found).toMatchObject({
      instruction: { symbol: expect.stringMatching(/^test_3/), text: expect.stringMatching(/^lw +a4/) },
      mismatches: [{ what: "a4", expected: "0xfffffffffffffffe", found: "0xfffffffe" }],
    });
    expect(found?.history.at(-1)?.effect).toBe("a4 = 0xfffffffe");
    const same = await findDisagreement({ test, engine: "reference" }, { test, engine: "interpreter" });
    expect(same).toBeUndefined();
  });
});

describe("findTests", () => {
  it("finds tests below folders, each once, and leaves out what is none", async () => {
    const root = join(folder, "mixed");
    const program = await buildProgram("checks");
    copied(program, "mixed/b/rv64ui-p-add", { "rv64ui-p-add.dump": "text", "add.o": "object" });
    copied(program, "mixed/a/rv64ui-p-sub");
    copied(await buildProgram("signature"), "mixed/c/lw.S/dut/my.elf", { "../ref/ref.elf": "\x7fELF" });
    const entries = await findTests([root, join(root, "a"), root], new References(undefined));
    expect(entries.map(({ path }: Entry) => path.slice(root.length + 1))).toEqual([
      "a/rv64ui-p-sub",
      "b/rv64ui-p-add",
      "c/lw.S/dut/my.elf",
    ]);
  });

  const refused: [string, (path: string) => void, RegExp][] = [
    ["is not there", () => {}, /there is no such file/],
    ["is text", (path) => writeFileSync(path, "hello"), /it is no test: neither an ELF file/],
    ["is empty", (path) => writeFileSync(path, ""), /it is no test/],
    ["ends early", (path) => writeFileSync(path, header({}).subarray(0, 20)), /ends within its header/],
    ["is an object", (path) => writeFileSync(path, header({ type: 1 })), /link it first/],
    ["is for another processor", (path) => writeFileSync(path, header({ machine: 62 })), /another processor/],
  ];
  it.each(refused)("refuses a path that %s", async (what, make, message) => {
    const path = join(folder, what);
    make(path);
    await expect(findTests([path], new References(undefined))).rejects.toThrow(message);
  });

  function header({ type = 2, machine = 243 }): Uint8Array {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.set([type, 0, machine, 0, 1], 16);
    return bytes;
  }
});
