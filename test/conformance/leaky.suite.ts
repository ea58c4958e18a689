/** The leaky profile (emulator/isa/LEAKY.md): what U-mode gets away with, and what it does not. */
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Suite } from "../../tools/conformance/case.ts";
import { word } from "./support/assemble.ts";
import { illegal, trial } from "./support/trial.ts";

const RD = 5;
const RS1 = 6;
/** A source register's value and the immediate that stands in its place. */
const SOURCE = 0x1_0000_0015n;
const ZIMM = 0x15;
const WRITTEN = ["csrrw", "csrrwi"];
const MODIFIED = ["csrrs", "csrrc", "csrrsi", "csrrci"];
const isImmediate = (name: string) => name.endsWith("i");

/** Supervisor registers by number (privileged 2.2, table 3), each with a value that it can hold. */
const supervisor: Readonly<Record<string, readonly [number: number, value: bigint]>> = {
  sie: [0x104, 0x222n],
  stvec: [0x105, 0x8000_4000n],
  scounteren: [0x106, 5n],
  senvcfg: [0x10a, 1n],
  sscratch: [0x140, 0x1234_5678_9abc_def0n],
  sepc: [0x141, 0x8000_2000n],
  scause: [0x142, 0x8000_0000_0000_0009n],
  stval: [0x143, 0x4321n],
  satp: [0x180, 0x77n],
};
const before = (name: string, value: bigint, mode: PrivilegeMode) => ({
  mode,
  x: { [RS1]: SOURCE },
  csrs: { mideleg: 0x222n, [name]: value },
});

function access(instruction: string, number: number, operand: number): number {
  const source = isImmediate(instruction) ? { zimm: operand } : { rs1: operand };
  return word(instruction, { rd: RD, immediate: number, ...source });
}

function* leakingAccesses(instruction: string): Generator<Case> {
  const operand = isImmediate(instruction) ? ZIMM : RS1;
  for (const [name, [number, value]] of Object.entries(supervisor)) {
    yield trial({
      name: `${name} in U`,
      because: "LEAKY.md: a supervisor CSR is read as it is, and nothing is written",
      code: [access(instruction, number, operand)],
      before: before(name, value, "U"),
      after: { mode: "U", x: { [RD]: value } },
    });
  }
  for (const mode of ["S", "M"] as const) {
    const [number, value] = supervisor.sscratch ?? [0, 0n];
    yield trial({
      name: `sscratch in ${mode}`,
      because: "LEAKY.md: only U-mode differs",
      code: [access(instruction, number, operand)],
      before: before("sscratch", value, mode),
      after: { mode, x: { [RD]: value }, csrs: { sscratch: written(instruction, value) } },
    });
  }
  const refused: Readonly<Record<string, number>> = {
    mscratch: 0x340,
    "no register at all": 0x1c0,
    hstatus: 0x600,
  };
  for (const [name, number] of Object.entries(refused)) {
    yield illegal(
      `${name} in U`,
      "LEAKY.md: machine CSRs and numbers without a supervisor register trap",
      access(instruction, number, operand),
      { mode: "U", x: { [RS1]: SOURCE } },
    );
  }
  yield* notWriting(instruction);
}

/** With x0 or a zero, csrrs and csrrc only read; csrrw writes, which a read-only counter refuses. */
function* notWriting(instruction: string): Generator<Case> {
  const [number, value] = supervisor.sscratch ?? [0, 0n];
  yield trial({
    name: "sscratch in U, from x0 or with 0",
    because: "LEAKY.md: a supervisor CSR is read as it is, and nothing is written",
    code: [access(instruction, number, 0)],
    before: before("sscratch", value, "U"),
    after: { mode: "U", x: { [RD]: value } },
  });
  if (MODIFIED.includes(instruction)) return;
  yield illegal(
    "cycle in U, written",
    "LEAKY.md: a write to a read-only number traps in every mode",
    access(instruction, 0xc00, isImmediate(instruction) ? ZIMM : RS1),
    { mode: "U", csrs: { mcounteren: 7n, scounteren: 7n } },
  );
}

/** What the instruction leaves in a register where it does write (unprivileged, Zicsr). */
function written(instruction: string, old: bigint): bigint {
  const operand = isImmediate(instruction) ? BigInt(ZIMM) : SOURCE;
  if (WRITTEN.includes(instruction)) return operand;
  return instruction.startsWith("csrrs") ? old | operand : old & ~operand;
}

const silent = ["sret", "wfi", "sfence.vma", "sinval.vma", "sfence.w.inval", "sfence.inval.ir"];
const SPP = 1n << 8n;
const TRAPPING = (1n << 20n) | (1n << 21n) | (1n << 22n);
const MSTATUS = 0xa_0000_2000n;

function* doNothing(instruction: string): Generator<Case> {
  for (const [what, bits] of Object.entries({ "": 0n, ", with TVM, TW and TSR": TRAPPING })) {
    yield trial({
      name: `in U${what}`,
      because: "LEAKY.md: it goes on behind it, in U-mode",
      code: [word(instruction)],
      before: { mode: "U", csrs: { mstatus: MSTATUS | SPP | bits, sepc: 0x8000_3000n } },
      after: { mode: "U", waiting: false },
    });
  }
}

export const suite: Suite = {
  about: "the leaky profile: supervisor instructions that do not trap in U-mode",
  tests: [
    ...[...WRITTEN, ...MODIFIED].map((name) => ({ name, cpu: "leaky", cases: () => leakingAccesses(name) })),
    ...silent.map((name) => ({ name, cpu: "leaky", cases: () => doNothing(name) })),
    ...["mret"].map((name) => ({
      name,
      cpu: "leaky",
      cases: () => [illegal("in U", "LEAKY.md: machine-mode instructions trap", word(name), { mode: "U" })],
    })),
  ],
};
