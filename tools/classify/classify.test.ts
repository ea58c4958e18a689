/** What the tables of instructions and CSRs state is what the machine does, on both profiles. */
import { beforeAll, describe, expect, test } from "vitest";
import { state } from "../../emulator/hart/layout.ts";
import { rd } from "../../emulator/isa/operands.ts";
import { instructions } from "../../emulator/isa/table.ts";
import { block } from "../../emulator/language/statement.ts";
import { Measuring } from "./measure.ts";
import { operations } from "./operations.ts";
import { Prober } from "./prober.ts";
import { verdictData, verdictText } from "./report.ts";
import type { Verdict } from "./verdict.ts";
import { findingOf, judge } from "./verdict.ts";

const PATIENCE = 240_000;
const verdicts = new Map<string, Verdict>();
const verdictOn = (profile: string) => {
  const verdict = verdicts.get(profile);
  if (verdict === undefined) throw new Error(`${profile} has not been judged`);
  return verdict;
};
const names = (findings: Verdict["findings"]) => findings.map(({ name }) => name);

beforeAll(async () => {
  for (const profile of ["strict", "leaky"] as const) {
    verdicts.set(profile, await judge(profile, operations, () => Promise.resolve()));
  }
}, PATIENCE);

test("every instruction and every CSR is measured", () => {
  const measured = new Set(operations.map(({ name }) => name));
  for (const { name, class: stated } of instructions)
    expect(measured.has(name) || stated === "by CSR", name).toBe(true);
  for (const { name, words } of operations) expect(words.length, name).toBeGreaterThan(0);
});

describe.each(["strict", "leaky"] as const)("on the %s profile", (profile) => {
  test("the class measured is the class stated", () => {
    const wrong = verdictOn(profile).findings.filter(({ agrees }) => !agrees);
    expect(wrong.map(({ name, measured, stated }) => ({ name, measured, stated }))).toEqual([]);
  });

  test("an operation is sensitive only with a reason", () => {
    for (const { name, measured, why } of verdictOn(profile).findings) {
      expect(why.length, name).toBe(Number(measured.control) + Number(measured.behaviour));
    }
  });
});

test("strict is virtualizable by a monitor that holds the counters", () => {
  const { virtualizable, offenders, conditions } = verdictOn("strict");
  expect(names(offenders)).toEqual([]);
  expect(virtualizable).toBe(true);
  expect(names(conditions)).toEqual(["csrr cycle", "csrr time", "csrr instret"]);
});

test("leaky is not, and says by what", () => {
  const { virtualizable, offenders } = verdictOn("leaky");
  expect(virtualizable).toBe(false);
  const found = names(offenders);
  const supervisorCsrs = ["sstatus", "sie", "stvec", "sscratch", "sepc", "scause", "stval", "sip", "satp"];
  for (const name of ["sret", "wfi", "sfence.vma", "sinval.vma"]) expect(found).toContain(name);
  for (const csr of supervisorCsrs)
    for (const form of ["csrr", "csrw"]) expect(found).toContain(`${form} ${csr}`);
  for (const name of found) expect(name).not.toMatch(/mret|csr\w+ m|cycle|time$/);
  const read = offenders.find(({ name }) => name === "csrr sstatus");
  expect(read?.why).toEqual([
    "csrr a0,sstatus in U-mode: a0 is 0x8000000200006000, but 0x8000000200006100 with sstatus.SPP=1",
  ]);
  const flush = offenders.find(({ name }) => name === "sfence.vma");
  expect(flush?.why.join()).toMatch(/changes TLB; in U-mode it does not trap/);
});

test("what traps in every mode is not privileged, and what only M-mode executes is", () => {
  const find = (name: string) => verdictOn("strict").findings.find((finding) => finding.name === name);
  expect(find("ecall")).toMatchObject({ modes: { U: "traps", S: "traps", M: "traps" }, causes: [8] });
  expect(find("csrw cycle")?.measured.privilege).toBe("none");
  expect(find("mret")).toMatchObject({ modes: { U: "traps", S: "traps", M: "runs" }, causes: [2] });
  expect(find("cbo.zero")?.modes.U).toBe("held");
});

describe("a fault in the description is noticed", () => {
  const measured = async (name: string, semantics: () => void) => {
    const prober = await Prober.create("strict", (own, body) => (own === name ? block(semantics) : body));
    const operation = operations.find((candidate) => candidate.name === name);
    if (operation === undefined) throw new Error(`nothing is called "${name}"`);
    return findingOf("strict", new Measuring(prober).measure(operation));
  };

  test("a result that depends on a resource", async () => {
    const finding = await measured("add", () => rd.set(state.satp.get()));
    expect(finding).toMatchObject({ agrees: false, measured: { behaviour: true, control: false } });
  });

  test("a result that depends on the mode", async () => {
    const finding = await measured("add", () => rd.set(state.mode.get().toU64()));
    expect(finding).toMatchObject({ agrees: false, measured: { behaviour: true } });
    expect(finding.why[0]).toMatch(/in U-mode, but .* in [SM]-mode/);
  });

  test("a resource that changes", async () => {
    const finding = await measured("add", () => state.stvec.set(state.sepc.get()));
    expect(finding).toMatchObject({ agrees: false, measured: { control: true } });
  });

  test("a trap that is missing", async () => {
    const finding = await measured("sret", () => {});
    expect(finding).toMatchObject({ agrees: false, measured: { privilege: "none" }, modes: { U: "runs" } });
  });
});

describe("the report", () => {
  test("fits 80 columns, with a line for every operation", () => {
    const text = verdictText([verdictOn("strict"), verdictOn("leaky")]);
    const lines = text.split("\n");
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^add +both +runs +runs +runs +innocuous +yes$/m);
    expect(text).toMatch(/^sret +strict +traps some +runs +privileged control behaviour +yes$/m);
    expect(text).toMatch(/^csrr pmpaddr0-15 +both/m);
    expect(text).toMatch(/^strict: virtualizable/m);
    expect(text).toMatch(/^leaky: not virtualizable/m);
  });

  test("is complete for programs", () => {
    const data = JSON.parse(JSON.stringify(verdictData([verdictOn("leaky")])));
    expect(data.profiles[0].operations).toHaveLength(operations.length);
    expect(data.profiles[0].operations.find((o: { name: string }) => o.name === "sret")).toMatchObject({
      measured: { words: ["control-sensitive", "behaviour-sensitive"] },
      modes: { U: "runs", S: "some", M: "runs" },
    });
    expect(data.disagreements).toEqual([]);
  });

  test("names what disagrees", () => {
    const [finding] = verdictOn("strict").findings;
    if (finding === undefined) throw new Error("nothing has been found");
    const wrong = { ...finding, stated: { ...finding.stated, control: true }, agrees: false };
    const text = verdictText([{ ...verdictOn("strict"), findings: [wrong] }]);
    expect(text).toMatch(/lui on strict: measured innocuous, but stated as control-sensitive/);
  });
});
