/** `trapframe isa`: what the machine's own table knows of instructions and registers. */
import { setImmediate } from "node:timers/promises";
import { classText, classWords } from "../../emulator/isa/class.ts";
import { type Csr, csrClass, csrs } from "../../emulator/isa/csr.ts";
import type { Instruction } from "../../emulator/isa/instruction.ts";
import { pseudoInstructions } from "../../emulator/isa/pseudo.ts";
import { instructions } from "../../emulator/isa/table.ts";
import { operations } from "../classify/operations.ts";
import type { Profile } from "../classify/prober.ts";
import { disagreements, verdictData, verdictText } from "../classify/report.ts";
import { judge, type Verdict } from "../classify/verdict.ts";
import { describeSemantics } from "../code/semantics.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Progress } from "../terminal/progress.ts";
import type { Command } from "./command.ts";
import { usage } from "./quantity.ts";

interface IsaArguments {
  readonly name: string | undefined;
  readonly json: boolean | undefined;
  readonly classify: boolean | undefined;
  readonly profile: string;
}

const profiles = ["strict", "leaky"] as const satisfies readonly Profile[];

export const command: Command<IsaArguments> = {
  builder: (yargs) =>
    yargs
      .positional("name", { type: "string", description: "an instruction, an extension, or a CSR" })
      .option("json", { type: "boolean", description: "for programs to read" })
      .option("classify", {
        type: "boolean",
        description: "measure which instructions are privileged, sensitive or innocuous",
      })
      .option("profile", {
        choices: [...profiles, "both"],
        requiresArg: true,
        default: "both",
        description: "the processors to measure",
      })
      .example([
        ["$0 isa", "every instruction"],
        ["$0 isa sret", "one of them"],
        ["$0 isa zbb", "an extension"],
        ["$0 isa mstatus --json", "a CSR's fields"],
        ["$0 isa --classify", "whether the machine can be virtualized"],
      ]),
  handler: async ({ name, json = false, classify = false, profile }) => {
    if (classify) {
      if (name !== undefined) throw usage(`--classify measures every instruction; leave "${name}" out`);
      await classifyAll(
        profiles.filter((one) => profile === one || profile === "both"),
        json,
      );
      return;
    }
    process.stdout.write(json ? `${JSON.stringify(lookUpData(name), undefined, 2)}\n` : lookUpText(name));
  },
};

/** Measures, prints, and reports by the exit status whether the tables state what has been measured. */
async function classifyAll(chosen: readonly Profile[], json: boolean): Promise<void> {
  const verdicts = await Progress.show("measuring", async (progress) => {
    const results: Verdict[] = [];
    for (const profile of chosen) {
      progress.say(`measuring ${operations.length} operations on the ${profile} profile`);
      // A breath now and then, so that progress is shown.
      results.push(await judge(profile, operations, () => setImmediate()));
    }
    return results;
  });
  process.stdout.write(
    json ? `${JSON.stringify(verdictData(verdicts), undefined, 2)}\n` : verdictText(verdicts),
  );
  if (disagreements(verdicts).length > 0) process.exitCode = exitStatus.badInput;
}

function lookUpText(name: string | undefined): string {
  const found = lookUp(name);
  if (found.kind === "instruction") return instructionText(found.entry);
  if (found.kind === "csr") return csrText(found.entry);
  return found.entries.map(listLine).join("");
}

function lookUpData(name: string | undefined): unknown {
  const found = lookUp(name);
  if (found.kind === "instruction") {
    return { ...instructionData(found.entry), semantics: describeSemantics(found.entry.semantics()) };
  }
  return found.kind === "csr" ? csrData(found.entry) : found.entries.map(instructionData);
}

type Found =
  | { readonly kind: "instruction"; readonly entry: Instruction }
  | { readonly kind: "csr"; readonly entry: Csr }
  | { readonly kind: "list"; readonly entries: readonly Instruction[] };

function lookUp(given: string | undefined): Found {
  if (given === undefined) return { kind: "list", entries: instructions };
  const name = given.toLowerCase();
  const entry = instructions.find((candidate) => candidate.name === name);
  if (entry) return { kind: "instruction", entry };
  const csr = csrs.find((candidate) => candidate.name === name);
  if (csr) return { kind: "csr", entry: csr };
  const entries = instructions.filter((candidate) => extensionsOf(candidate).includes(name));
  if (entries.length > 0) return { kind: "list", entries };
  const bases = pseudoBases(name);
  if (bases.length === 1 && bases[0]) return { kind: "instruction", entry: bases[0] };
  if (bases.length > 1) return { kind: "list", entries: bases };
  throw usage(`no instruction, extension or CSR is called "${given}"${suggestion(name)}`);
}

/** The extensions of which each brings the instruction. */
function extensionsOf({ extension, sharedWith }: Instruction): string[] {
  return [extension, ...sharedWith];
}

/** Instructions of which `name` is a usual name for a special case. */
function pseudoBases(name: string): Instruction[] {
  return instructions.filter((entry) => pseudoNames(entry).includes(name));
}

function pseudoNames(entry: Instruction): string[] {
  return [...new Set(pseudoInstructions.get(entry.name)?.map((pseudo) => pseudo.name))];
}

function suggestion(name: string): string {
  const known = [...instructions, ...csrs].map((entry) => entry.name);
  const close = known.filter((candidate) => candidate.startsWith(name) || name.startsWith(candidate));
  return close.length > 0 ? `; there are ${close.slice(0, 8).join(", ")}` : "; trapframe isa lists them";
}

function listLine({ name, assembly, extension, class: kind, pattern }: Instruction): string {
  const briefly = classText(kind).replaceAll(/,|-sensitive/g, "");
  const columns = [name.padEnd(14), assembly.padEnd(24), extension.padEnd(11), briefly.padEnd(28), pattern];
  return `${columns.join(" ").trimEnd()}\n`;
}

function instructionText(entry: Instruction): string {
  const { name, assembly, needs, pattern, encoding, standsFor, fixed, except } = entry;
  const rows: [label: string, text: string][] = [
    ["assembly", `${name} ${assembly}`.trimEnd()],
    ["extension", extensionsOf(entry).join(" or ") + (needs === undefined ? "" : ` with ${needs}`)],
    ["class", classText(entry.class)],
    ["encoding", pattern],
    ["match", `${hex(encoding.match, encoding.length)} under mask ${hex(encoding.mask, encoding.length)}`],
  ];
  if (standsFor !== undefined) rows.push(["stands for", standsFor]);
  const implied = Object.entries(fixed).map(([operand, value]) => `${operand}=${value}`);
  if (implied.length > 0) rows.push(["implied", implied.join(", ")]);
  if (except.length > 0)
    rows.push(["except", except.map(({ operand, value }) => `${operand}=${value}`).join(", ")]);
  const pseudos = pseudoNames(entry);
  if (pseudos.length > 0) rows.push(["also", pseudos.join(", ")]);
  const lines = rows.map(([label, text]) => `${label.padEnd(12)}${text}\n`);
  const semantics = describeSemantics(entry.semantics()).map((line) => `  ${line}\n`);
  return `${lines.join("")}semantics\n${semantics.join("")}`;
}

function instructionData(entry: Instruction) {
  const { name, extension, sharedWith, needs, pattern, encoding, assembly } = entry;
  const { class: kind, standsFor, fixed, except } = entry;
  return {
    name,
    extension,
    ...(sharedWith.length > 0 && { sharedWith }),
    ...(needs !== undefined && { needs }),
    class: kind === "by CSR" ? kind : classWords(kind),
    assembly,
    encoding: pattern,
    bytes: encoding.length,
    match: hex(encoding.match, encoding.length),
    mask: hex(encoding.mask, encoding.length),
    ...(standsFor !== undefined && { standsFor }),
    ...(Object.keys(fixed).length > 0 && { implied: fixed }),
    ...(except.length > 0 && { except }),
    pseudoInstructions: pseudoNames(entry),
  };
}

const modes = ["U", "S", "hypervisor", "M"];

function csrData(csr: Csr) {
  const { name, number, fields, reset } = csr;
  return {
    name,
    number: `0x${number.toString(16)}`,
    lowestMode: modes[(number >> 8) & 3],
    readOnly: number >> 10 === 3,
    reset: `0x${reset.toString(16)}`,
    class: {
      read: classWords(csrClass(csr, { reads: true, writes: false })),
      write: classWords(csrClass(csr, { reads: false, writes: true })),
    },
    fields: fields.map((field) => ({
      name: field.name,
      low: field.low,
      width: field.width,
      ...(field.rule !== "any" && describeRule(field.rule)),
    })),
  };
}

function describeRule(rule: { readonly legal: readonly bigint[] } | { readonly constant: bigint }) {
  return "legal" in rule ? { legal: rule.legal.map(Number) } : { constant: Number(rule.constant) };
}

function csrText(csr: Csr): string {
  const { name, number, lowestMode, readOnly, reset, class: kind, fields } = csrData(csr);
  const lines = [
    `${name}, CSR ${number}: ${readOnly ? "read-only" : "read and write"} from ${lowestMode}-mode up, ${reset} at reset`,
    `reading it is ${kind.read.join(", ")}; writing it, ${kind.write.join(", ")}`,
    ...fields.map((field) => {
      const bits = field.width === 1 ? `${field.low}` : `${field.low + field.width - 1}:${field.low}`;
      const legal = "legal" in field ? `  one of ${field.legal?.join(", ")}` : "";
      const constant = "constant" in field ? `  always ${field.constant}` : "";
      return `  ${bits.padEnd(6)} ${field.name}${legal}${constant}`;
    }),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function hex(value: number, bytes: number): string {
  return `0x${(value >>> 0).toString(16).padStart(bytes * 2, "0")}`;
}
