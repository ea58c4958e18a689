import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Expectation, Step, Suite } from "../../tools/conformance/case.ts";
import type { Interruptible } from "./oracle/interrupt.ts";
import { interrupt, interruptTaken } from "./oracle/interrupt.ts";
import type { Status } from "./oracle/status.ts";
import { mstatus } from "./oracle/status.ts";
import { exception } from "./oracle/trap.ts";
import { code, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import {
  before,
  interrupted,
  MACHINE_VECTOR,
  NOWHERE,
  RAM,
  SUPERVISOR_VECTOR,
  trapped,
  went,
} from "./support/situation.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const ALL = Object.values(interrupt);
const DELEGABLE = [interrupt.SSI, interrupt.STI, interrupt.SEI];
const EVERY = 0xaaan;
const SOFTWARE = 0x222n;
/** Lines that the board drives; supervisor's bits are written by software here. */
const LINES = 0x888n;
const STCE = 1n << 63n;
const NEVER = (1n << 64n) - 1n;
const [COUNT, OPERAND] = [10, 11];

const bit = (code: number) => 1n << BigInt(code);
const nameOf = (code: number) =>
  Object.entries(interrupt).find(([, value]) => value === code)?.[0] ?? `${code}`;
const namesOf = (set: bigint) =>
  ALL.filter((code) => set & bit(code))
    .map(nameOf)
    .join("+") || "nothing";
const subsets = (codes: readonly number[]): readonly bigint[] =>
  codes.reduce<bigint[]>((sets, code) => sets.flatMap((set) => [set, set | bit(code)]), [0n]);

const NOP = word("addi");
/** One more in a0. */
const COUNTING = word("addi", { rd: COUNT, rs1: COUNT, immediate: 1 });
/** Tables of vectors, and what direct mode enters. */
const vectors = () => [
  code(
    MACHINE_VECTOR,
    Array.from({ length: 64 }, () => NOP),
  ),
  code(
    SUPERVISOR_VECTOR,
    Array.from({ length: 64 }, () => NOP),
  ),
];

/** What the next slot does: an interrupt that is due, or the counting instruction. */
function next(s: Situation, by: Omit<Interruptible, "mode" | "status">): Expectation {
  const taken = interruptTaken({ mode: s.mode, status: s.status ?? {}, ...by });
  return taken === undefined ? went(s, 4n, { x: { [COUNT]: 1n } }) : interrupted(s, taken);
}

/** One slot with interrupts pending as given. */
function pendingCase(
  name: string,
  because: string,
  s: Situation,
  { mie, pending, mideleg }: Omit<Interruptible, "mode" | "status">,
): Case {
  const situation = { ...s, mideleg, csrs: { menvcfg: 0n, mie, mip: pending & SOFTWARE, ...s.csrs } };
  return {
    name,
    because,
    before: before(situation),
    memory: [code(RAM, [COUNTING]), ...vectors()],
    steps: [{ slots: 1, lines: pending & LINES, after: next(situation, { mie, pending, mideleg }) }],
  };
}

const enables: readonly Status[] = [
  {},
  { MIE: 1 },
  { SIE: 1 },
  { SIE: 1, MIE: 1, SPIE: 1, MPIE: 1, SPP: 1, MPP: 3 },
];
const enablesName = ({ SIE = 0, MIE = 0 }: Status) => `SIE=${SIE} MIE=${MIE}`;

/** All that are enabled, every set of them pending; then the other way round. */
function* priorityCases(mode: PrivilegeMode): Iterable<Case> {
  const because =
    "privileged 3.1.9, 4.1.3: M-mode's before S-mode's, each in the order MEI, MSI, MTI, SEI, SSI, STI; " +
    "S-mode's never in M-mode";
  for (const status of enables) {
    for (const mideleg of subsets(DELEGABLE)) {
      for (const set of subsets(ALL)) {
        const about = `${namesOf(set)}, ${enablesName(status)}, delegated ${namesOf(mideleg)}`;
        const s = { mode, status };
        yield pendingCase(`pending ${about}`, because, s, { mie: EVERY, pending: set, mideleg });
        if (set === EVERY) continue;
        yield pendingCase(`enabled ${about}`, because, s, { mie: set, pending: EVERY, mideleg });
      }
    }
  }
}

function* vectorCases(): Iterable<Case> {
  const because =
    "privileged 3.1.7, 4.1.2: vectored, an interrupt enters at BASE + 4 x cause; direct, at BASE";
  for (const cause of ALL) {
    for (const mode of MODES) {
      for (const vectored of [0n, 1n]) {
        for (const mideleg of [0n, SOFTWARE]) {
          const s: Situation = {
            mode,
            status: { MIE: 1, SIE: 1 },
            mtvec: MACHINE_VECTOR + 0x20n + vectored,
            stvec: SUPERVISOR_VECTOR + 0x20n + vectored,
            // Exceptions' delegation has no say in interrupts.
            medeleg: mideleg === 0n ? 0xb3ffn : 0n,
          };
          const about = `${nameOf(cause)} in ${mode}, ${vectored ? "vectored" : "direct"}, mideleg 0x${mideleg.toString(16)}`;
          yield pendingCase(about, because, s, { mie: EVERY, pending: bit(cause), mideleg });
        }
      }
    }
  }
}

// ---- what raises and lowers them

/** An instruction after which an interrupt is due is the last one executed. */
function* momentCases(): Iterable<Case> {
  const because =
    "privileged 3.1.9: after an explicit write or an xRET, a pending interrupt is taken at once";
  const write = (form: string, csr: number) => word(form, { rs1: OPERAND, immediate: csr });
  const SSI = bit(interrupt.SSI);
  interface Moment {
    readonly name: string;
    readonly word: number;
    readonly s: Situation;
    readonly after: Readonly<Record<string, bigint>>;
    readonly status?: Status;
  }
  const moments: readonly Moment[] = [
    {
      name: "csrs mie",
      word: write("csrrs", 0x304),
      s: { mode: "M", status: { MIE: 1 }, csrs: { mip: SSI }, x: { [OPERAND]: SSI } },
      after: { mie: SSI },
    },
    {
      name: "csrs mip",
      word: write("csrrs", 0x344),
      s: { mode: "M", status: { MIE: 1 }, csrs: { mie: SSI }, x: { [OPERAND]: SSI } },
      after: { mip: SSI },
    },
    {
      name: "csrs mstatus",
      word: write("csrrs", 0x300),
      s: { mode: "M", csrs: { mie: SSI, mip: SSI }, x: { [OPERAND]: 8n } },
      after: {},
      status: { MIE: 1 },
    },
    {
      name: "csrs sstatus",
      word: write("csrrs", 0x100),
      s: { mode: "S", mideleg: SSI, csrs: { mie: SSI, mip: SSI }, x: { [OPERAND]: 2n } },
      after: {},
      status: { SIE: 1 },
    },
    {
      name: "csrs sie",
      word: write("csrrs", 0x104),
      s: { mode: "S", mideleg: SSI, status: { SIE: 1 }, csrs: { mip: SSI }, x: { [OPERAND]: SSI } },
      after: { mie: SSI },
    },
    {
      name: "csrs sip",
      word: write("csrrs", 0x144),
      s: { mode: "S", mideleg: SSI, status: { SIE: 1 }, csrs: { mie: SSI }, x: { [OPERAND]: SSI } },
      after: { mip: SSI },
    },
    {
      name: "csrc mideleg",
      word: write("csrrc", 0x303),
      s: { mode: "M", mideleg: SSI, status: { MIE: 1 }, csrs: { mie: SSI, mip: SSI }, x: { [OPERAND]: SSI } },
      after: { mideleg: 0n },
    },
    {
      name: "stimecmp",
      word: write("csrrw", 0x14d),
      s: {
        mode: "S",
        csrs: { mie: bit(interrupt.STI), menvcfg: STCE, stimecmp: NEVER, mcounteren: 2n },
        x: { [OPERAND]: 0n },
      },
      after: { stimecmp: 0n },
    },
    {
      name: "menvcfg.STCE",
      word: write("csrrs", 0x30a),
      s: {
        mode: "M",
        status: { MIE: 1 },
        csrs: { mie: bit(interrupt.STI), menvcfg: 0n, stimecmp: 0n },
        x: { [OPERAND]: STCE },
      },
      after: { menvcfg: STCE },
    },
  ];
  for (const { name, word: bits, s, after, status = s.status ?? {} } of moments) {
    const middle: Situation = {
      ...s,
      pc: RAM + 4n,
      status,
      mideleg: after.mideleg ?? s.mideleg ?? 0n,
    };
    const cause = name.startsWith("st") || name.includes("STCE") ? interrupt.STI : interrupt.SSI;
    yield {
      name,
      because,
      before: before(s),
      memory: [code(RAM, [bits, COUNTING]), ...vectors()],
      steps: [
        { slots: 1, after: went(s, 4n, { csrs: { ...after, mstatus: mstatus(status) } }) },
        { slots: 1, after: interrupted(middle, cause) },
      ],
    };
  }
  for (const [name, mode, status, csr] of [
    ["mret", "M", { MPIE: 1, MPP: 3 }, "mepc"],
    ["mret", "M", { MPP: 0 }, "mepc"],
    ["sret", "S", { SPIE: 1, SPP: 1 }, "sepc"],
    ["sret", "S", { SPP: 0 }, "sepc"],
  ] as const) {
    const toMachine = name === "mret" && status.MPP === 3;
    const mideleg = name === "sret" ? SSI : 0n;
    const to: PrivilegeMode = toMachine ? "M" : name === "sret" && status.SPP === 1 ? "S" : "U";
    const s: Situation = { mode, status, mideleg, csrs: { mie: SSI, mip: SSI, [csr]: RAM + 8n } };
    const returned: Status =
      name === "mret" ? { MIE: toMachine ? 1 : 0, MPIE: 1 } : { SIE: to === "S" ? 1 : 0, SPIE: 1 };
    yield {
      name: `${name} to ${to}`,
      because,
      before: before(s),
      memory: [code(RAM, [word(name), NOP, COUNTING]), ...vectors()],
      steps: [
        { slots: 1, after: { pc: RAM + 8n, mode: to, csrs: { mstatus: mstatus(returned) } } },
        {
          slots: 1,
          after: interrupted({ ...s, mode: to, pc: RAM + 8n, status: returned }, interrupt.SSI),
        },
      ],
    };
  }
}

/** A line raised before some instruction of a run of code, and lowered again. */
function* lineCases(): Iterable<Case> {
  const because =
    "privileged 3.1.9: an interrupt is taken before an instruction, and not when its line has gone";
  for (const cause of [interrupt.MSI, interrupt.MTI, interrupt.MEI, interrupt.SEI]) {
    for (const mode of MODES) {
      for (const instructions of [0, 1, 2, 7]) {
        const s: Situation = { mode, status: { MIE: 1 }, csrs: { mie: EVERY } };
        const body = Array.from({ length: 16 }, () => COUNTING);
        const raised = { ...s, pc: RAM + BigInt(4 * instructions) };
        const begun: Step = {
          slots: instructions,
          after: went(s, BigInt(4 * instructions), { x: { [COUNT]: BigInt(instructions) } }),
        };
        const about = `${nameOf(cause)} in ${mode} after ${instructions} instructions`;
        yield {
          name: about,
          because,
          before: before(s),
          memory: [code(RAM, body), ...vectors()],
          steps: [begun, { slots: 1, lines: bit(cause), after: interrupted(raised, cause) }],
        };
        yield {
          name: `${about}, gone again`,
          because,
          before: before(s),
          memory: [code(RAM, body), ...vectors()],
          steps: [
            begun,
            { slots: 0, lines: bit(cause), after: went(raised, 0n) },
            { slots: 1, lines: 0n, after: went(raised, 4n, { x: { [COUNT]: BigInt(instructions + 1) } }) },
          ],
        };
      }
    }
  }
}

/** The supervisor's external interrupt is there as long as either source has it. */
function* externalCases(): Iterable<Case> {
  const because = "privileged 3.1.9: SEIP is what software wrote or what the interrupt controller drives";
  const SEI = bit(interrupt.SEI);
  for (const software of [0n, SEI]) {
    for (const line of [0n, SEI]) {
      for (const mideleg of [0n, SEI]) {
        const pending = software | line;
        const s: Situation = { mode: "S", mideleg, status: { SIE: 1 }, csrs: { mie: SEI, mip: software } };
        yield {
          name: `software ${software ? 1 : 0}, line ${line ? 1 : 0}, mideleg 0x${mideleg.toString(16)}`,
          because,
          before: before(s),
          memory: [code(RAM, [COUNTING]), ...vectors()],
          steps: [{ slots: 1, lines: line, after: next(s, { mie: SEI, pending, mideleg }) }],
        };
      }
    }
  }
}

/** Before any exception of the instruction that is not reached. */
function* synchronousCases(): Iterable<Case> {
  const because =
    "privileged 3.1.9, table 3.7: an interrupt is taken before the instruction, which has no effect";
  const SSI = bit(interrupt.SSI);
  const load = word("ld", { rd: COUNT, rs1: OPERAND });
  for (const [name, words, pc] of [
    ["an illegal instruction", [0xffff_ffff], RAM],
    ["ecall", [word("ecall")], RAM],
    ["ebreak", [word("ebreak")], RAM],
    ["a load from nowhere", [load], RAM],
    ["a fetch from nowhere", [], NOWHERE],
    ["wfi", [word("wfi")], RAM],
    ["mret", [word("mret")], RAM],
  ] as const) {
    const s: Situation = {
      mode: "M",
      status: { MIE: 1 },
      pc,
      csrs: { mie: SSI, mip: SSI },
      x: { [OPERAND]: NOWHERE },
    };
    yield {
      name: `SSI before ${name}`,
      because,
      before: before(s),
      memory: [code(RAM, words), ...vectors()],
      steps: [{ slots: 1, after: interrupted(s, interrupt.SSI) }],
    };
  }
}

/** Handlers are interrupted only where they say so, or by more privileged ones. */
function* nestedCases(): Iterable<Case> {
  const SSI = bit(interrupt.SSI);
  const MSI = bit(interrupt.MSI);
  const s: Situation = { mode: "U", mideleg: SSI, csrs: { mie: SSI | MSI, mip: SSI } };
  const first = interrupted(s, interrupt.SSI);
  const inHandler: Situation = { ...s, mode: "S", pc: SUPERVISOR_VECTOR + 4n, status: { SPIE: 0, SPP: 0 } };
  yield {
    name: "S-mode's handler is not interrupted by what it handles",
    because: "privileged 3.1.6.1: taking a trap clears the enable",
    before: before(s),
    memory: vectors(),
    steps: [
      { slots: 1, after: first },
      { slots: 2, after: went(inHandler, 8n) },
    ],
  };
  yield {
    name: "S-mode's handler is interrupted by M-mode",
    because: "privileged 3.1.9: M-mode's interrupts are always enabled in less privileged modes",
    before: before(s),
    memory: vectors(),
    steps: [
      { slots: 1, after: first },
      { slots: 1, lines: MSI, after: interrupted(inHandler, interrupt.MSI) },
      {
        slots: 2,
        after: {
          pc: MACHINE_VECTOR + 12n,
          mode: "M",
        },
      },
    ],
  };
  const enable = word("csrrsi", { immediate: 0x300, zimm: 8 });
  const nesting: Situation = { mode: "M", status: { MIE: 1 }, csrs: { mie: MSI | bit(interrupt.MEI) } };
  const handler: Situation = { ...nesting, pc: MACHINE_VECTOR + 4n, status: { MPIE: 1, MPP: 3, MIE: 1 } };
  yield {
    name: "M-mode's handler that enables interrupts again",
    because: "privileged 3.1.6.1: then the next one is taken, and mepc and mstatus's stack are overwritten",
    before: before(nesting),
    memory: [code(RAM, [NOP]), code(MACHINE_VECTOR, [enable, NOP, NOP])],
    steps: [
      {
        slots: 1,
        lines: MSI,
        after: {
          ...interrupted(nesting, interrupt.MSI),
          csrs: { mstatus: mstatus({ MIE: 1, MPIE: 1, MPP: 3 }) },
        },
      },
      {
        slots: 1,
        lines: bit(interrupt.MEI),
        after: {
          ...interrupted(handler, interrupt.MEI),
          csrs: { mstatus: mstatus({ MIE: 1, MPIE: 1, MPP: 3 }) },
        },
      },
    ],
  };
}

/** stimecmp against time, which the board counts in ticks of 25 slots (board's documentation). */
function* timerCases(): Iterable<Case> {
  const because = "Sstc 2.1: with STCE, STIP is set while time >= stimecmp, unsigned";
  const STI = bit(interrupt.STI);
  const SLOTS_PER_TICK = 25;
  const loop = word("jal", { immediate: 0 });
  for (const mode of ["S", "U"] as const) {
    for (const mideleg of [0n, STI]) {
      for (const ticks of [1, 2, 5]) {
        const s: Situation = {
          mode,
          mideleg,
          status: { SIE: 1 },
          csrs: { menvcfg: STCE, stimecmp: BigInt(ticks), mie: STI },
        };
        yield {
          name: `at tick ${ticks} in ${mode}, mideleg 0x${mideleg.toString(16)}`,
          because,
          before: before(s),
          memory: [code(RAM, [loop]), ...vectors()],
          steps: [
            { slots: SLOTS_PER_TICK * ticks - 1, after: { pc: RAM, mode } },
            { slots: 2, after: interrupted(s, interrupt.STI) },
          ],
        };
      }
      for (const [about, stimecmp, fires] of [
        ["stimecmp = 2^63", 1n << 63n, false],
        ["stimecmp = all ones", NEVER, false],
        ["stimecmp = 0", 0n, true],
      ] as const) {
        const s: Situation = {
          mode,
          mideleg,
          status: { SIE: 1 },
          csrs: { menvcfg: STCE, stimecmp, mie: STI },
        };
        yield {
          name: `${about} in ${mode}, mideleg 0x${mideleg.toString(16)}`,
          because,
          before: before(s),
          memory: [code(RAM, [loop]), ...vectors()],
          steps: [{ slots: 1, after: fires ? interrupted(s, interrupt.STI) : { pc: RAM, mode } }],
        };
      }
    }
  }
}

/** STIP is software's again where STCE is off, and stimecmp then does nothing. */
function* withoutTimerCases(): Iterable<Case> {
  const STI = bit(interrupt.STI);
  for (const software of [0n, STI]) {
    const s: Situation = { mode: "U", csrs: { menvcfg: 0n, mip: software, stimecmp: 0n, mie: STI } };
    yield {
      name: `mip.STIP=${software ? 1 : 0}, stimecmp reached, STCE=0`,
      because: "Sstc 2.1: without STCE, STIP is what M-mode wrote",
      before: before(s),
      memory: [code(RAM, [COUNTING]), ...vectors()],
      steps: [{ slots: 1, after: next(s, { mie: STI, pending: software, mideleg: 0n }) }],
    };
  }
  const s: Situation = {
    mode: "M",
    csrs: { mip: STI, menvcfg: STCE, stimecmp: NEVER, mie: STI },
    status: { MIE: 1 },
  };
  yield {
    name: "mip.STIP written before STCE is not seen with it",
    because: "Sstc 2.1: with STCE, STIP is read-only and follows stimecmp",
    before: before(s),
    memory: [code(RAM, [COUNTING]), ...vectors()],
    steps: [{ slots: 1, after: went(s, 4n, { x: { [COUNT]: 1n } }) }],
  };
}

/** All exceptions still come where an interrupt is masked. */
function* maskedCases(): Iterable<Case> {
  for (const mode of MODES) {
    const cause = { U: exception.callFromU, S: exception.callFromS, M: exception.callFromM }[mode];
    const s: Situation = { mode, csrs: { mie: 0n, mip: SOFTWARE, menvcfg: 0n } };
    yield {
      name: `ecall in ${mode} with all pending and none enabled`,
      because: "privileged 3.1.9: mie masks interrupts only",
      before: before(s),
      memory: [code(RAM, [word("ecall")])],
      steps: [{ slots: 1, lines: LINES, after: trapped(s, cause, 0n) }],
    };
  }
}

export const suite: Suite = {
  about:
    "interrupts: which one is taken, when, in which mode and at which vector, and what sets them pending",
  tests: [
    ...MODES.map((mode) => ({
      name: `priority and masking in ${mode}-mode`,
      cases: () => priorityCases(mode),
    })),
    { name: "vectors", cases: vectorCases },
    { name: "moments", cases: momentCases },
    { name: "lines", cases: lineCases },
    { name: "SEIP's sources", cases: externalCases },
    { name: "before exceptions", cases: synchronousCases },
    { name: "masked", cases: maskedCases },
    { name: "nesting", cases: nestedCases },
    { name: "stimecmp", cases: timerCases },
    { name: "STIP without stimecmp", cases: withoutTimerCases },
  ],
};
