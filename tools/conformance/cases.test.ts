import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Machine } from "../../emulator/index.ts";
import type { Case, Test } from "./case.ts";
import { writeCaseFile } from "./case-file.ts";
import { findTests } from "./catalogue.ts";
import { openCase } from "./open-case.ts";
import { References } from "./references.ts";
import type { Result } from "./result.ts";
import { runEntry } from "./run-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "trapframe-cases-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = 0x8000_1000n;
const word = (bits: number) => new Uint8Array(Uint32Array.of(bits).buffer);
const addw = word(0x00c5_853b); // addw a0,a1,a2
const store = word(0x00b5_2023); // sw a1,0(a0)

const right: Case = {
  name: "addw wraps",
  because: "unprivileged, RV64I 4.2: addw sign-extends the low 32 bits of the sum",
  before: { pc: at, x: { 11: 0x7fff_ffffn, 12: 1n } },
  memory: [{ at, bytes: addw }],
  steps: [{ slots: 1, after: { pc: at + 4n, x: { 10: 0xffff_ffff_8000_0000n } } }],
};
const wrong: Case = {
  ...right,
  name: "addw doesn't wrap",
  steps: [{ slots: 1, after: { pc: at + 4n, x: { 10: 0x8000_0000n } } }],
};
const keeping: Case = {
  name: "mscratch takes what is written",
  because: "privileged 3.1.13",
  before: { pc: at, x: { 11: 7n } },
  memory: [
    { at, bytes: word(0x3405_9073) }, // csrw mscratch,a1
    { at: at + 4n, bytes: word(0x0000_0013) },
  ],
  steps: [{ slots: 2, after: { pc: at + 8n, csrs: { mscratch: 8n } } }],
};
const trapping: Case = {
  name: "a store to nowhere",
  because: "privileged 3.1.15",
  before: { pc: at, x: { 10: 0n }, csrs: { mtvec: 0x8000_2000n } },
  memory: [{ at, bytes: store }],
  steps: [
    {
      slots: 1,
      after: {
        pc: 0x8000_2000n,
        csrs: { mstatus: 0xa_0000_1800n },
        trap: { mode: "M", cause: 5n, pc: at, value: 0n },
      },
    },
  ],
};
/** The store is what a case about memory is about, though other instructions follow it. */
const stored: Case = {
  name: "a store, then something else",
  because: "unprivileged 2.6",
  before: { pc: at, x: { 10: 0x8000_3000n, 11: 7n, 12: 1n } },
  memory: [
    { at, bytes: store },
    { at: at + 4n, bytes: word(0x0000_0013) }, // nop
  ],
  steps: [{ slots: 2, after: { pc: at + 8n, memory: [{ at: 0x8000_3000n, bytes: word(8) }] } }],
};

function written(name: string, ...cases: Case[]): string {
  const test: Test = { name, cases: () => cases };
  const path = join(folder, `${name}.case.json`);
  writeFileSync(path, writeCaseFile(test));
  return path;
}

async function run(path: string): Promise<Result> {
  const [entry] = await findTests([path], new References(undefined));
  if (entry === undefined) throw new Error("no test was found");
  return runEntry(entry, { engines: ["interpreter", "reference"], cpu: undefined, harts: 1, timeout: 1000 });
}

describe("cases of a file", () => {
  it("pass", async () => {
    expect(await run(written("right", right))).toMatchObject({
      status: "passed",
      cases: 1,
      kind: "case file",
    });
  });

  it("fail with what was expected, why, and what happened", async () => {
    const path = written("wrong", right, wrong);
    const { status, failures } = await run(path);
    expect(status).toBe("failed");
    expect(failures).toMatchObject([
      {
        engines: ["interpreter", "reference"],
        case: wrong.name,
        because: wrong.because,
        summary: "a0 expected 0x80000000, found 0xffffffff80000000",
        instruction: { address: "0x80001000", text: expect.stringMatching(/^addw +a0,a1,a2$/) },
        notes: ["with a1 = 0x7fffffff, a2 = 0x1"],
        history: [{ mode: "M", effect: "a0 = 0xffffffff80000000" }],
        rerun: `trapframe boot ${path} --case 'addw doesn'\\''t wrap' --engine interpreter`,
      },
    ]);
  });

  it("tell traps in words", async () => {
    const { failures } = await run(written("trap", trapping));
    expect(failures[0]?.summary).toBe("mcause expected 5 (load access fault), found 7 (store access fault)");
    expect(failures[0]?.history[0]?.trap).toBe("trap to M at 0x80002000: store access fault, tval 0x0");
  });

  it("name the store where only memory is wrong", async () => {
    const { failures } = await run(written("stored", stored));
    expect(failures).toMatchObject([
      {
        summary: "memory at 0x80003000 expected 08 00 00 00, found 07 00 00 00",
        instruction: { address: "0x80001000", text: expect.stringMatching(/^sw +a1,0\(a0\)$/) },
        history: [{ effect: "4 bytes at 0x80003000 = 7" }, {}],
      },
    ]);
  });

  it("name the last access to a CSR that is wrong", async () => {
    const { failures } = await run(written("csr", keeping));
    expect(failures).toMatchObject([
      {
        summary: "mscratch expected 8, found 7",
        instruction: { address: "0x80001000", text: expect.stringMatching(/^csrw +mscratch,a1$/) },
        history: [{}, {}],
      },
    ]);
  });

  it("are an error where there are none, or the file is damaged", async () => {
    expect(await run(written("empty"))).toMatchObject({ status: "error" });
    const path = join(folder, "damaged.case.json");
    writeFileSync(path, '{"format":"trapframe-case-1","name":"x","cases":[{}]}');
    const { status, failures } = await run(path);
    expect(status).toBe("error");
    expect(failures[0]?.summary).toMatch(/damaged\.case\.json": "cases\[0\]\.name" is not a string/);
  });
});

describe("openCase", () => {
  const request = { cpu: undefined, engine: "interpreter", startTime: 0n } as const;

  it("has a machine stand before the case's first instruction", async () => {
    const { options } = await openCase({ ...request, path: written("two", right, wrong), name: wrong.name });
    const machine = await Machine.create(options);
    const [hart] = machine.harts;
    expect([hart?.pc, hart?.x(11), hart?.mode]).toEqual([at, 0x7fff_ffffn, "M"]);
    machine.step(0);
    expect([hart?.pc, hart?.x(10)]).toEqual([at + 4n, 0xffff_ffff_8000_0000n]);
  });

  it("needs no name where there is one case", async () => {
    const { title } = await openCase({ ...request, path: written("one", right), name: undefined });
    expect(title).toContain(right.name);
  });

  it("names the cases there are", async () => {
    const path = written("both", right, wrong);
    await expect(openCase({ ...request, path, name: undefined })).rejects.toThrow(
      /say which case with --case/,
    );
    await expect(openCase({ ...request, path, name: "x" })).rejects.toThrow(
      /no case "x"; there are addw wraps, addw doesn't wrap/,
    );
  });
});
