import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Suite, Test } from "../../tools/conformance/case.ts";
import type { Register } from "./oracle/csr-table.ts";
import {
  constants,
  counters,
  existing,
  ONES,
  readOnly,
  SSTATUS_READABLE,
  SSTATUS_WRITABLE,
  writable,
} from "./oracle/csr-table.ts";
import { modeNumber, mstatus } from "./oracle/status.ts";
import { exception } from "./oracle/trap.ts";
import { code, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, RAM, trapped, went } from "./support/situation.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const [RD, RS] = [10, 11];
const FORMS = ["csrrw", "csrrs", "csrrc"] as const;
const IMMEDIATE_FORMS = ["csrrwi", "csrrsi", "csrrci"] as const;
type Form = (typeof FORMS)[number] | (typeof IMMEDIATE_FORMS)[number];

const hex = (value: bigint | number) => `0x${value.toString(16)}`;
const single = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** What an instruction writes over an old value (unprivileged, "Zicsr"). */
function operation(form: Form, old: bigint, operand: bigint): bigint {
  if (form.startsWith("csrrs")) return old | operand;
  if (form.startsWith("csrrc")) return old & ~operand & ONES;
  return operand;
}

/** The instruction on CSR `number` with rd = a0; its operand is a1 or an immediate. */
const instruction = (form: Form, number: number, operand: bigint, rd = RD): number =>
  form.endsWith("i")
    ? word(form, { rd, immediate: number, zimm: Number(operand) })
    : word(form, { rd, rs1: RS, immediate: number });

interface Access {
  readonly form: Form;
  readonly number: number;
  readonly operand: bigint;
}

/** A case of one CSR instruction that M-mode may execute: it reads `old` and leaves `after`. */
function access(
  { form, number, operand }: Access,
  about: string,
  because: string,
  old: bigint,
  csrs: Readonly<Record<string, bigint>>,
  after: Readonly<Record<string, bigint>>,
): Case {
  const s: Situation = { mode: "M", csrs, x: { [RS]: form.endsWith("i") ? 0n : operand } };
  return {
    name: `${form} ${hex(operand)} over ${about}`,
    because,
    before: before(s),
    memory: [code(RAM, [instruction(form, number, operand)])],
    steps: [{ slots: 1, after: went(s, 4n, { x: { [RD]: old }, csrs: after }) }],
  };
}

/** Every access to a register that tells its fields apart. */
function* fieldCases({ name, number, because, write, values = [], full, plain }: Register): Iterable<Case> {
  const empty = write(0n, 0n);
  const given = (form: Form, old: bigint, operand: bigint) => {
    const after = write(old, operation(form, old, operand));
    return access({ form, number, operand }, hex(old), because, old, { [name]: old }, { [name]: after });
  };
  const filled = full ?? write(empty, ONES);
  for (const old of [empty, filled]) {
    for (const value of new Set([0n, ONES, ...single, ...values])) yield given("csrrw", old, value);
    for (const value of [0n, 1n, 2n, 4n, 8n, 16n, 31n]) {
      for (const form of IMMEDIATE_FORMS) yield given(form, old, value);
    }
  }
  for (const bit of new Set([0n, ONES, ...(plain ? [] : single), ...values.slice(0, 8)])) {
    yield given("csrrs", empty, bit);
    yield given("csrrc", filled, bit);
  }
}

function* constantCases(): Iterable<Case> {
  for (const { name, number, because, write } of constants) {
    const value = write(0n, 0n);
    for (const form of FORMS) {
      for (const operand of [0n, ONES]) {
        yield access({ form, number, operand }, name, because, value, {}, { [name]: value });
      }
    }
  }
  for (const { name, number, because } of readOnly) {
    yield readsOnly("csrrs", name, number, because);
  }
}

/** A case in which hart 0 reads 0 from a register. */
const readsOnly = (form: "csrrs" | "csrrc", name: string, number: number, because: string): Case => ({
  name: `${form} x0 of ${name}`,
  because,
  before: before({ mode: "M", x: { [RD]: ONES } }),
  memory: [code(RAM, [word(form, { rd: RD, immediate: number })])],
  steps: [{ slots: 1, after: went({ mode: "M" }, 4n, { x: { [RD]: 0n } }) }],
});

/** What a hart holds when it starts. */
function* resetCases(): Iterable<Case> {
  const others: Readonly<Record<string, bigint>> = {
    // Svadu and Svpbmt are on for kernels that start in M-mode and know nothing of menvcfg (our choice).
    menvcfg: (1n << 61n) | (1n << 62n),
    stimecmp: ONES,
  };
  for (const { name, number, write } of [...writable, ...constants]) {
    yield {
      name,
      because:
        "privileged 3.4: MIE, MPRV, satp.MODE and the A and L of PMP are 0; the rest is ours to choose",
      before: { x: { [RD]: 1n } },
      memory: [code(RAM, [word("csrrs", { rd: RD, immediate: number })])],
      steps: [{ slots: 1, after: { pc: RAM + 4n, mode: "M", x: { [RD]: others[name] ?? write(0n, 0n) } } }],
    };
  }
}

// ---- which there are, and who may

/** All that takes a register away from a mode is off. */
const permissive = {
  menvcfg: 1n << 63n,
  mcounteren: 0xffff_ffffn,
  scounteren: 0xffff_ffffn,
};

/** One access that changes no register: legal or not. */
function permission(name: string, because: string, s: Situation, bits: number, legal: boolean): Case {
  return {
    name,
    because,
    before: before(s),
    memory: [code(RAM, [bits])],
    steps: [{ slots: 1, after: legal ? went(s) : trapped(s, exception.illegalInstruction, BigInt(bits)) }],
  };
}

const reading = (number: number) => word("csrrs", { immediate: number });
/** Sets no bit of a register, for a1 holds zero: a write all the same. */
const writing = (number: number) => word("csrrs", { rs1: RS, immediate: number });

function* numberCases(mode: PrivilegeMode): Iterable<Case> {
  const s: Situation = { mode, status: { FS: 3 }, csrs: permissive };
  for (const number of range(4096)) {
    const reachable = existing.has(number) && ((number >> 8) & 3) <= modeNumber[mode];
    const because = "privileged 2.1: bits 9:8 are the lowest mode with access, 11:10 = 3 means read-only";
    yield permission(`${hex(number)} read`, because, s, reading(number), reachable);
    const mayWrite = reachable && number >> 10 !== 3;
    // What is not there is so for reads and writes alike; a sample shows it.
    if (existing.has(number) || number % 16 === 5)
      yield permission(`${hex(number)} written`, because, s, writing(number), mayWrite);
  }
}

function* formCases(): Iterable<Case> {
  const because = "unprivileged, Zicsr: csrrs and csrrc with x0 or 0 only read; all else writes";
  const read = 0xc00;
  const s: Situation = { mode: "M" };
  for (const form of FORMS) {
    const onlyReads = form !== "csrrw";
    const bits = (rs1: number) => word(form, { rs1, immediate: read });
    yield permission(`${form} with x0 of a read-only register`, because, s, bits(0), onlyReads);
    yield permission(`${form} with a register that holds 0`, because, s, bits(RS), false);
  }
  for (const form of IMMEDIATE_FORMS) {
    for (const zimm of range(32)) {
      const bits = word(form, { immediate: read, zimm });
      const legal = form !== "csrrwi" && zimm === 0;
      yield permission(`${form} ${zimm} of a read-only register`, because, s, bits, legal);
    }
  }
  const same = word("csrrw", { rd: RS, rs1: RS, immediate: 0x340 });
  yield {
    name: "csrrw of a register with itself swaps",
    because: "unprivileged, Zicsr: the old value goes to rd, the initial value of rs1 to the CSR",
    before: before({ mode: "M", csrs: { mscratch: 5n }, x: { [RS]: 7n } }),
    memory: [code(RAM, [same])],
    steps: [{ slots: 1, after: went(s, 4n, { x: { [RS]: 5n }, csrs: { mscratch: 7n } }) }],
  };
}

function* counterCases(): Iterable<Case> {
  const because = "privileged 3.1.11, 4.1.5: mcounteren denies S and U, scounteren U";
  for (const { name, number, enable } of counters) {
    const bit = 1n << BigInt(enable);
    const others = 0xffff_ffffn & ~bit;
    for (const mode of MODES) {
      for (const machine of [bit, others, 0xffff_ffffn, 0n]) {
        for (const supervisor of [bit, others]) {
          const s: Situation = { mode, csrs: { mcounteren: machine, scounteren: supervisor } };
          const byMachine = (machine & bit) !== 0n;
          const bySupervisor = (supervisor & bit) !== 0n;
          const legal = mode === "M" || (byMachine && (mode === "S" || bySupervisor));
          const about = `${name} in ${mode}, mcounteren ${hex(machine)}, scounteren ${hex(supervisor)}`;
          yield permission(about, because, s, reading(number), legal);
        }
      }
    }
  }
}

function* virtualMemoryCases(): Iterable<Case> {
  const because = "privileged 3.1.6.5: with TVM, S-mode may not touch satp";
  for (const mode of MODES) {
    for (const TVM of [0, 1]) {
      const s: Situation = { mode, status: { TVM } };
      const legal = mode === "M" || (mode === "S" && TVM === 0);
      yield permission(`satp read in ${mode}, TVM=${TVM}`, because, s, reading(0x180), legal);
      yield permission(`satp written in ${mode}, TVM=${TVM}`, because, s, writing(0x180), legal);
    }
  }
}

function* supervisorTimerCases(): Iterable<Case> {
  const because = "Sstc 2.1 and 2.2: below M, stimecmp needs menvcfg.STCE and mcounteren.TM";
  for (const mode of MODES) {
    for (const STCE of [0n, 1n << 63n]) {
      for (const mcounteren of [0n, 2n, 0xffff_fffdn]) {
        const s: Situation = { mode, csrs: { menvcfg: STCE, mcounteren, scounteren: 0xffff_ffffn } };
        const legal = mode === "M" || (mode === "S" && STCE !== 0n && mcounteren === 2n);
        const about = `in ${mode}, menvcfg ${hex(STCE)}, mcounteren ${hex(mcounteren)}`;
        yield permission(`read ${about}`, because, s, reading(0x14d), legal);
        yield permission(`written ${about}`, because, s, writing(0x14d), legal);
      }
    }
  }
}

/** A register, or all of a range, that is illegal in every mode on a processor without its extension. */
function* absentCases(numbers: readonly number[], because: string): Iterable<Case> {
  for (const mode of MODES) {
    const s: Situation = { mode, status: { FS: 3 }, csrs: { ...permissive, menvcfg: 0n } };
    for (const number of numbers) {
      yield permission(`${hex(number)} in ${mode}`, because, s, reading(number), false);
    }
  }
}

// ---- floating point

const FLOAT = [
  { name: "fflags", number: 1, low: 0n, mask: 0x1fn },
  { name: "frm", number: 2, low: 5n, mask: 0x7n },
  { name: "fcsr", number: 3, low: 0n, mask: 0xffn },
] as const;

/** The sum of zero and what is no boxed number is the canonical NaN, boxed (unprivileged, D, "NaN boxing"). */
const BOXED_NAN = 0xffff_ffff_7fc0_0000n;

function* floatCases(): Iterable<Case> {
  const because =
    "privileged 3.1.6.6: FS = 0 takes the unit away in every mode; writes of its state set FS = 3";
  for (const mode of MODES) {
    for (const FS of range(4)) {
      for (const { name, number, low, mask } of FLOAT) {
        for (const [form, operand] of [
          ["csrrs", 0n],
          ["csrrc", 0x24n],
          ["csrrs", 0x142n],
          ["csrrw", ONES],
          ["csrrw", 0n],
        ] as const) {
          const fcsr = 0xa5n;
          const s: Situation = { mode, status: { FS }, csrs: { fcsr }, x: { [RS]: operand } };
          const bits = word(form, {
            rd: RD,
            rs1: form !== "csrrw" && operand === 0n ? 0 : RS,
            immediate: number,
          });
          const old = (fcsr >> low) & mask;
          const next = operation(form, old, operand) & mask;
          const writes = form === "csrrw" || operand !== 0n;
          const done = went(s, 4n, {
            x: { [RD]: old },
            csrs: {
              fcsr: (fcsr & ~(mask << low)) | (next << low),
              mstatus: mstatus({ FS: writes ? 3 : FS }),
            },
          });
          // Setting up fcsr makes FS dirty, so mstatus is written after it.
          const { csrs = {}, ...rest } = before(s);
          yield {
            name: `${form} ${hex(operand)} of ${name} in ${mode}, FS=${FS}`,
            because,
            before: { ...rest, csrs: { fcsr, ...csrs } },
            memory: [code(RAM, [bits])],
            steps: [
              { slots: 1, after: FS === 0 ? trapped(s, exception.illegalInstruction, BigInt(bits)) : done },
            ],
          };
        }
      }
    }
  }
}

/** The unit's instructions, not its CSRs alone. */
function* floatInstructionCases(): Iterable<Case> {
  const because =
    "privileged 3.1.6.6: with FS = 0 illegal; what writes a register or a flag sets FS = 3, reading leaves it";
  const instructions: readonly (readonly [name: string, bits: number, length: 2 | 4, dirties: boolean])[] = [
    ["fld", word("fld", { rd: 1, rs1: 8 }), 4, true],
    ["flw", word("flw", { rd: 1, rs1: 8 }), 4, true],
    ["fsd", word("fsd", { rs1: 8, rs2: 1 }), 4, false],
    ["c.fld", word("c.fld", { rd: 9, rs1: 8 }), 2, true],
    ["c.fsd", word("c.fsd", { rs1: 8, rs2: 9 }), 2, false],
    ["fadd.d", word("fadd.d", { rd: 1, rs1: 2, rs2: 3 }), 4, true],
    ["fmadd.s", word("fmadd.s", { rd: 1, rs1: 2, rs2: 3, rs3: 4 }), 4, true],
    ["fmv.x.d", word("fmv.x.d", { rd: 0, rs1: 2 }), 4, false],
    ["fmv.d.x", word("fmv.d.x", { rd: 1, rs1: 0 }), 4, true],
    ["fclass.d", word("fclass.d", { rd: 0, rs1: 2 }), 4, false],
    ["flh", word("flh", { rd: 1, rs1: 8 }), 4, true],
  ];
  for (const mode of MODES) {
    for (const FS of range(4)) {
      for (const [name, bits, length, dirties] of instructions) {
        const s: Situation = { mode, status: { FS }, x: { 8: DATA } };
        // What is written shows in FS alone: zeros over zeros, but for the boxes of narrow numbers.
        const boxes = { flw: 0xffff_ffff_0000_0000n, flh: 0xffff_ffff_ffff_0000n, "fmadd.s": BOXED_NAN };
        const f = Object.entries(boxes).find(([boxed]) => boxed === name)?.[1] ?? 0n;
        const after = {
          csrs: { mstatus: mstatus({ FS: dirties ? 3 : FS }) },
          f: dirties && length === 4 ? { 1: f } : {},
        };
        yield {
          name: `${name} in ${mode}, FS=${FS}`,
          because,
          before: before(s),
          memory: [code(RAM, [bits])],
          steps: [
            {
              slots: 1,
              after:
                FS === 0
                  ? trapped(s, exception.illegalInstruction, BigInt(bits))
                  : went(s, BigInt(length), after),
            },
          ],
        };
      }
    }
  }
}

// ---- what comes with an extension

/** A register of which a processor has but a part. */
const partial = (name: string, mask: bigint): Test["cases"] => {
  const whole = writable.find((register) => register.name === name);
  if (whole === undefined) throw new Error(`no register is named "${name}"`);
  return () =>
    fieldCases({
      ...whole,
      because: `${whole.because}; fields of an extension that is not there are zero`,
      write: (old, written) => whole.write(old, written) & mask,
    });
};

const withoutFields: readonly (readonly [cpu: string, mask: bigint])[] = [
  ["no-svadu", ~(1n << 61n)],
  ["no-svpbmt", ~(1n << 62n)],
  ["no-sstc", ~(1n << 63n)],
  ["no-zicboz", ~(1n << 7n)],
  ["no-zicbom", ~(7n << 4n)],
];

/** satp of a processor whose tables have fewer levels. */
function* modeCases(modes: readonly bigint[]): Iterable<Case> {
  const because = "privileged 4.1.11: a write with an unsupported MODE has no effect";
  for (let mode = 0n; mode < 16n; mode++) {
    const written = (mode << 60n) | (5n << 44n) | 7n;
    const old = (8n << 60n) | 3n;
    const after = modes.includes(mode) ? written : old;
    const by = { form: "csrrw", number: 0x180, operand: written } as const;
    yield access(by, hex(old), because, old, { satp: old }, { satp: after });
  }
}

// ---- views

const EXTREMES = [0n, ONES, ...single];

/** sstatus is part of mstatus (4.1.1). */
function* statusViewCases(mode: "S" | "M"): Iterable<Case> {
  const LENGTHS = 0xa_0000_0000n;
  const whole = 0x7f_f9aan & ~(3n << 9n) & ~(3n << 15n);
  const SD = 1n << 63n;
  const summed = (status: bigint) => (((status >> 13n) & 3n) === 3n ? status | SD : status & ~SD);
  // Seen from S-mode the machine's bits are set but for TVM, TW and TSR, which change nothing here.
  for (const old of [LENGTHS, summed(whole | LENGTHS)]) {
    for (const form of FORMS) {
      for (const operand of EXTREMES) {
        const seen = old & SSTATUS_READABLE;
        const written = operation(form, seen, operand) & SSTATUS_WRITABLE;
        const s: Situation = { mode, x: { [RS]: operand } };
        const { csrs = {}, ...rest } = before(s);
        yield {
          name: `${form} ${hex(operand)} over mstatus ${hex(old)}`,
          because: "privileged 4.1.1: SIE, SPIE, SPP, FS, SUM and MXR are mstatus's own; UXL and SD are read",
          before: { ...rest, csrs: { ...csrs, mstatus: old } },
          memory: [code(RAM, [instruction(form, 0x100, operand)])],
          steps: [
            {
              slots: 1,
              after: went(s, 4n, {
                x: { [RD]: seen },
                csrs: { mstatus: summed((old & ~SSTATUS_WRITABLE) | written) },
              }),
            },
          ],
        };
      }
    }
  }
}

const DELEGABLE = [1, 5, 9];
const subsets = (places: readonly number[]): readonly bigint[] =>
  places.reduce<bigint[]>((sets, bit) => sets.flatMap((set) => [set, set | (1n << BigInt(bit))]), [0n]);

/** sie is what of mie is delegated (4.1.3). */
function* enableViewCases(mode: "S" | "M"): Iterable<Case> {
  for (const mideleg of subsets(DELEGABLE)) {
    for (const mie of [0n, 0xaaan]) {
      for (const form of FORMS) {
        for (const operand of [0n, ONES, ...subsets(DELEGABLE).slice(1), 1n << 3n, 1n << 11n]) {
          const seen = mie & mideleg;
          const written = operation(form, seen, operand) & mideleg;
          const s: Situation = { mode, mideleg, csrs: { mie }, x: { [RS]: operand } };
          yield {
            name: `${form} ${hex(operand)} over mie ${hex(mie)}, mideleg ${hex(mideleg)}`,
            because:
              "privileged 4.1.3: bits of mie that are not delegated read as zero in sie and keep their value",
            before: before(s),
            memory: [code(RAM, [instruction(form, 0x104, operand)])],
            steps: [
              {
                slots: 1,
                after: went(s, 4n, { x: { [RD]: seen }, csrs: { mie: (mie & ~mideleg) | written } }),
              },
            ],
          };
        }
      }
    }
  }
}

const LINES = { MSIP: 1n << 3n, MTIP: 1n << 7n, SEIP: 1n << 9n, MEIP: 1n << 11n };
const SOFTWARE = 0x222n;

/** mip and sip: software's bits, the board's lines, and STIP as stimecmp has it. */
function* pendingCases(): Iterable<Case> {
  const because =
    "privileged 3.1.9, Sstc 2.1: SSIP, STIP and SEIP are written, STIP not with STCE; MxIP follow their lines; " +
    "csrrs and csrrc modify the SEIP that software wrote, and return it with the line";
  const STIP = 1n << 5n;
  const timers = [
    { name: "STCE=0", menvcfg: 0n, stimecmp: 0n, on: false, fired: false },
    { name: "STCE=1, not reached", menvcfg: 1n << 63n, stimecmp: ONES, on: true, fired: false },
    { name: "STCE=1, reached", menvcfg: 1n << 63n, stimecmp: 0n, on: true, fired: true },
  ];
  for (const { name, menvcfg, stimecmp, on, fired } of timers) {
    const shown = (software: bigint, lines: bigint) => {
      const timed = on ? (software & ~STIP) | (fired ? STIP : 0n) : software;
      return timed | lines;
    };
    for (const lines of [0n, LINES.SEIP, LINES.MSIP | LINES.MTIP | LINES.MEIP, 0xa88n]) {
      for (const software of subsets(DELEGABLE)) {
        for (const form of FORMS) {
          for (const operand of [0n, ONES, ...subsets(DELEGABLE).slice(1), 0x888n]) {
            const mutable = on ? SOFTWARE & ~STIP : SOFTWARE;
            const held = on ? software & ~STIP : software;
            const modified = on && fired ? held | STIP : held;
            const next = (software & ~mutable) | (operation(form, modified, operand) & mutable);
            const s: Situation = {
              mode: "M",
              csrs: { mip: software, menvcfg, stimecmp },
              x: { [RS]: operand },
            };
            yield {
              name: `mip: ${form} ${hex(operand)} over ${hex(software)}, lines ${hex(lines)}, ${name}`,
              because,
              before: before(s),
              memory: [code(RAM, [instruction(form, 0x344, operand)])],
              steps: [
                {
                  slots: 1,
                  lines,
                  after: went(s, 4n, {
                    x: { [RD]: shown(software, lines) },
                    csrs: { mip: shown(next, lines) },
                  }),
                },
                // With the lines quiet, what software wrote is left.
                { slots: 0, lines: 0n, after: went(s, 4n, { csrs: { mip: shown(next, 0n) } }) },
              ],
            };
          }
        }
      }
    }
  }
}

function* supervisorPendingCases(): Iterable<Case> {
  const because = "privileged 4.1.3: sip shows what is delegated; SSIP alone is written, where delegated";
  for (const mode of ["S", "M"] as const) {
    for (const mideleg of subsets(DELEGABLE)) {
      for (const software of subsets(DELEGABLE)) {
        for (const form of FORMS) {
          for (const operand of [0n, ONES, 2n, 0x20n, 0x200n]) {
            const seen = software & mideleg;
            const mutable = mideleg & 2n;
            const next = (software & ~mutable) | (operation(form, seen, operand) & mutable);
            const s: Situation = {
              mode,
              mideleg,
              csrs: { menvcfg: 0n, mip: software },
              x: { [RS]: operand },
            };
            yield {
              name: `sip in ${mode}: ${form} ${hex(operand)} over mip ${hex(software)}, mideleg ${hex(mideleg)}`,
              because,
              before: before(s),
              memory: [code(RAM, [instruction(form, 0x144, operand)])],
              steps: [{ slots: 1, after: went(s, 4n, { x: { [RD]: seen }, csrs: { mip: next } }) }],
            };
          }
        }
      }
    }
  }
}

// ---- the suite

const fieldTests: readonly Test[] = writable.map((register) => ({
  name: register.name,
  cases: () => fieldCases(register),
}));

export const suite: Suite = {
  about: "CSRs: which there are, who may touch them, and what their fields hold after a write",
  tests: [
    ...fieldTests,
    { name: "constants", cases: constantCases },
    { name: "reset", cases: resetCases },
    ...MODES.map((mode) => ({ name: `numbers in ${mode}-mode`, cases: () => numberCases(mode) })),
    { name: "forms", cases: formCases },
    { name: "counter enables", cases: counterCases },
    { name: "TVM and satp", cases: virtualMemoryCases },
    { name: "stimecmp's enables", cases: supervisorTimerCases },
    { name: "no Sstc", cpu: "no-sstc", cases: () => absentCases([0x14d], "Sstc: stimecmp comes with it") },
    {
      name: "no Zicntr",
      cpu: "no-zicntr",
      cases: () => absentCases([0xc00, 0xc01, 0xc02], "Zicntr: cycle, time and instret come with it"),
    },
    {
      name: "no Zihpm",
      cpu: "no-zihpm",
      cases: () => absentCases([0xc03, 0xc1f], "Zihpm: hpmcounter3 to hpmcounter31 come with it"),
    },
    { name: "fflags, frm and fcsr", cases: floatCases },
    { name: "floating-point instructions and FS", cases: floatInstructionCases },
    ...withoutFields.map(([cpu, mask]) => ({
      name: `menvcfg, ${cpu}`,
      cpu,
      cases: partial("menvcfg", mask),
    })),
    { name: "satp, Sv39", cpu: "sv39", cases: () => modeCases([0n, 8n]) },
    { name: "satp, Sv48", cpu: "sv48", cases: () => modeCases([0n, 8n, 9n]) },
    { name: "sstatus in S-mode", cases: () => statusViewCases("S") },
    { name: "sstatus in M-mode", cases: () => statusViewCases("M") },
    { name: "sie in S-mode", cases: () => enableViewCases("S") },
    { name: "sie in M-mode", cases: () => enableViewCases("M") },
    { name: "mip", cases: pendingCases },
    { name: "sip", cases: supervisorPendingCases },
  ],
};
