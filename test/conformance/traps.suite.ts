import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Piece, Suite } from "../../tools/conformance/case.ts";
import { pte, pteFlags } from "./oracle/page-table.ts";
import type { Status } from "./oracle/status.ts";
import { mstatus, statusName } from "./oracle/status.ts";
import { exception, returnFromMachine, returnFromSupervisor } from "./oracle/trap.ts";
import { AddressSpace } from "./support/address-space.ts";
import { code, lengthOf, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import {
  before,
  DATA,
  MACHINE_VECTOR,
  NOWHERE,
  RAM,
  SUPERVISOR_VECTOR,
  trapped,
  went,
} from "./support/situation.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const ADDRESS = 11;
const RAM_END = RAM + 0x10000n;
const UNMAPPED = 0xc000_0000n;
const BOOLEAN = [0, 1];

/** Something that traps: an instruction at `pc`, with an address in a1. */
interface Raiser {
  readonly name: string;
  readonly cause: number;
  readonly because: string;
  /** Words from `pc` on. */
  readonly words: readonly number[];
  readonly pc?: bigint;
  readonly address?: bigint;
  readonly value: bigint;
  readonly only?: PrivilegeMode;
  readonly paged?: boolean;
}

const instruction = {
  ecall: word("ecall"),
  ebreak: word("ebreak"),
  shortBreak: word("c.ebreak"),
  load: word("ld", { rd: 10, rs1: ADDRESS }),
  store: word("sd", { rs1: ADDRESS, rs2: 10 }),
  lr: word("lr.d", { rd: 10, rs1: ADDRESS }),
  sc: word("sc.d", { rd: 10, rs1: ADDRESS, rs2: 10 }),
  amo: word("amoadd.d", { rd: 10, rs1: ADDRESS, rs2: 10 }),
  jump: word("jalr", { rd: 10, rs1: ADDRESS }),
};

const NOT_AN_INSTRUCTION = 0xffff_ffff;

/** One way, at least, into each exception that this machine has; fetches are of two or four bytes, so 0 never occurs. */
const raisers: readonly Raiser[] = [
  {
    name: "fetch from nowhere",
    cause: exception.instructionAccess,
    because: "privileged 3.1.16: tval is the address that could not be fetched",
    words: [],
    pc: NOWHERE,
    value: NOWHERE,
  },
  {
    name: "illegal instruction of 32 bits",
    cause: exception.illegalInstruction,
    because: "privileged 3.1.16, Sstvala: tval holds the instruction's bits",
    words: [NOT_AN_INSTRUCTION],
    value: BigInt(NOT_AN_INSTRUCTION),
  },
  {
    name: "illegal instruction of 16 bits",
    cause: exception.illegalInstruction,
    because: "unprivileged, C: sixteen zeros are illegal; tval holds no more than the instruction",
    words: [0, 0xffff_ffff],
    value: 0n,
  },
  {
    name: "reserved compressed instruction",
    cause: exception.illegalInstruction,
    because: "unprivileged, C: c.lwsp to x0 is reserved; tval holds its sixteen bits",
    words: [0x4002],
    value: 0x4002n,
  },
  {
    name: "ebreak",
    cause: exception.breakpoint,
    because: "privileged 3.1.16, 3.3.1: tval of a breakpoint may be its address, and is here",
    words: [instruction.ebreak],
    value: RAM,
  },
  {
    name: "c.ebreak",
    cause: exception.breakpoint,
    because: "privileged 3.1.16, 3.3.1: tval of a breakpoint may be its address, and is here",
    words: [instruction.shortBreak],
    value: RAM,
  },
  {
    name: "misaligned LR",
    cause: exception.loadMisaligned,
    because: "unprivileged, A: an address that is not aligned raises an address-misaligned exception, here",
    words: [instruction.lr],
    address: DATA + 4n,
    value: DATA + 4n,
  },
  {
    name: "load from nowhere",
    cause: exception.loadAccess,
    because: "privileged 3.1.16: tval is the address of the access",
    words: [instruction.load],
    address: NOWHERE,
    value: NOWHERE,
  },
  {
    name: "LR from nowhere",
    cause: exception.loadAccess,
    because: "unprivileged, A: LR faults as a load",
    words: [instruction.lr],
    address: NOWHERE,
    value: NOWHERE,
  },
  ...(["sc", "amo"] as const).map((name) => ({
    name: `misaligned ${name}`,
    cause: exception.storeMisaligned,
    because: "privileged 3.1.15: an AMO's exceptions, and an SC's, are those of a store",
    words: [instruction[name]],
    address: DATA + 2n,
    value: DATA + 2n,
  })),
  ...(["store", "sc", "amo"] as const).map((name) => ({
    name: `${name} to nowhere`,
    cause: exception.storeAccess,
    because: "privileged 3.1.15: an AMO's exceptions, and an SC's, are those of a store",
    words: [instruction[name]],
    address: NOWHERE,
    value: NOWHERE,
  })),
  ...MODES.map((only) => ({
    name: "ecall",
    cause: { U: exception.callFromU, S: exception.callFromS, M: exception.callFromM }[only],
    because: "privileged 3.3.1: the cause tells the mode of the caller; tval is 0",
    words: [instruction.ecall],
    value: 0n,
    only,
  })),
  {
    name: "fetch of an unmapped page",
    cause: exception.instructionPage,
    because: "privileged 4.3.2: V = 0 raises the page fault of the access",
    words: [],
    pc: UNMAPPED,
    value: UNMAPPED,
    paged: true,
  },
  ...(["load", "lr"] as const).map((name) => ({
    name: `${name} of an unmapped page`,
    cause: exception.loadPage,
    because: "privileged 4.3.2: V = 0 raises the page fault of the access",
    words: [instruction[name]],
    address: UNMAPPED + 8n,
    value: UNMAPPED + 8n,
    paged: true,
  })),
  ...(["store", "sc", "amo"] as const).map((name) => ({
    name: `${name} to an unmapped page`,
    cause: exception.storePage,
    because: "privileged 4.3.2: V = 0 raises the page fault of the access",
    words: [instruction[name]],
    address: UNMAPPED + 8n,
    value: UNMAPPED + 8n,
    paged: true,
  })),
];

/** Delegation registers that let an exception through, or do not, whatever they say of others. */
const delegations = (cause: number): readonly bigint[] => {
  const bit = 1n << BigInt(cause);
  return [...new Set([0n, bit, 0xb3ffn & ~bit, 0xb3ffn])];
};

const stacks: readonly Status[] = [
  {},
  { SIE: 1, MIE: 1 },
  { SPIE: 1, MPIE: 1, SPP: 1, MPP: 3 },
  { SIE: 1, MIE: 1, SPIE: 1, MPIE: 1, SPP: 1, MPP: 3, FS: 3, SUM: 1, MXR: 1, TVM: 1, TW: 1, TSR: 1 },
];

function raise(raiser: Raiser, s: Situation, about: string): Case {
  const { words, pc = RAM, address = 0n, cause, value } = raiser;
  const situation: Situation = { ...s, pc, x: { [ADDRESS]: address } };
  return {
    name: `${raiser.name} ${about}`,
    because: raiser.because,
    before: before(situation),
    memory: [code(RAM, words), ...(raiser.paged ? paging(s.mode).pieces() : [])],
    steps: [{ slots: 1, after: trapped(situation, cause, value, pc) }],
  };
}

const paging = (mode: PrivilegeMode) => new AddressSpace("sv39").mapCode(mode === "U" ? "U" : "S");

function* causeCases(mode: PrivilegeMode): Iterable<Case> {
  for (const raiser of raisers) {
    // M-mode's accesses are not translated.
    if ((raiser.only ?? mode) !== mode || (raiser.paged && mode === "M")) continue;
    const csrs: Record<string, bigint> = raiser.paged ? { satp: paging(mode).satp } : {};
    for (const medeleg of delegations(raiser.cause)) {
      for (const status of stacks) {
        for (const vectored of [0n, 1n]) {
          const mtvec = MACHINE_VECTOR + 0x40n * vectored + vectored;
          const stvec = SUPERVISOR_VECTOR + 0x40n * vectored + vectored;
          // Interrupts' delegation has no say in exceptions.
          const mideleg = medeleg === 0n ? 0x222n : 0n;
          const s = { mode, status, medeleg, mideleg, mtvec, stvec, csrs };
          const about = `medeleg 0x${medeleg.toString(16)} ${statusName(status)}${vectored ? " vectored" : ""}`;
          yield raise(raiser, s, about);
        }
      }
    }
  }
}

// ---- returns

/** All statuses over some one-bit fields. */
const combinations = (fields: readonly (keyof Status)[]): readonly Status[] =>
  fields.reduce<Status[]>(
    (all, field) => all.flatMap((status) => BOOLEAN.map((bit) => ({ ...status, [field]: bit }))),
    [{}],
  );

function* returnCases(name: "mret" | "sret"): Iterable<Case> {
  const machine = name === "mret";
  const bits = word(name);
  const target = RAM + 0x202n;
  for (const mode of MODES) {
    for (const base of combinations(["SIE", "MIE", "SPIE", "MPIE", "SPP", "MPRV"])) {
      for (const MPP of [0, 1, 3]) {
        const status = { ...base, MPP };
        const s: Situation = { mode, status, csrs: { [machine ? "mepc" : "sepc"]: target } };
        const legal = mode === "M" || (!machine && mode === "S");
        const after = machine ? returnFromMachine(status) : returnFromSupervisor(status);
        yield {
          name: `from ${mode}, ${statusName(status)}`,
          because:
            "privileged 3.1.6.1, 3.3.2: xIE = xPIE, xPIE = 1, xPP = U, MPRV = 0 unless the new mode is M; " +
            "illegal below its mode",
          before: before(s),
          memory: [code(RAM, [bits])],
          steps: [
            {
              slots: 1,
              after: legal
                ? { pc: target, mode: after.mode, csrs: { mstatus: mstatus(after.status) } }
                : trapped(s, exception.illegalInstruction, BigInt(bits)),
            },
          ],
        };
      }
    }
  }
}

/** What mstatus takes away from S-mode: TSR sret, TVM sfence.vma, TW wfi (that one in the suite "wfi"). */
function* deniedCases(): Iterable<Case> {
  const fence = word("sfence.vma", { rs1: 5, rs2: 6 });
  const all: readonly (readonly [string, number, keyof Status])[] = [
    ["sret", word("sret"), "TSR"],
    ["sfence.vma", word("sfence.vma"), "TVM"],
    ["sfence.vma with operands", fence, "TVM"],
    ["sinval.vma", word("sinval.vma"), "TVM"],
  ];
  for (const [name, bits, bit] of all) {
    for (const mode of MODES) {
      for (const value of BOOLEAN) {
        const others = value === 1 ? {} : { TSR: 1, TVM: 1, TW: 1 };
        const status: Status = { ...others, [bit]: value };
        const s: Situation = { mode, status, csrs: { sepc: RAM + 4n } };
        const legal = mode === "M" || (mode === "S" && value === 0);
        const done =
          name === "sret"
            ? { pc: RAM + 4n, mode: "U" as const, csrs: { mstatus: mstatus({ ...status, SPIE: 1 }) } }
            : went(s);
        yield {
          name: `${name} in ${mode}, ${statusName(status)}`,
          because:
            "privileged 3.1.6.5: TVM and TSR make supervisor instructions illegal in S-mode, not in M-mode",
          before: before(s),
          memory: [code(RAM, [bits])],
          steps: [{ slots: 1, after: legal ? done : trapped(s, exception.illegalInstruction, BigInt(bits)) }],
        };
      }
    }
  }
  for (const name of ["sfence.w.inval", "sfence.inval.ir"]) {
    for (const mode of MODES) {
      const s: Situation = { mode, status: { TVM: 1, TSR: 1, TW: 1 } };
      const bits = word(name);
      yield {
        name: `${name} in ${mode}, TVM=1`,
        because: "privileged 7, Svinval: TVM does not affect it; illegal in U-mode",
        before: before(s),
        memory: [code(RAM, [bits])],
        steps: [
          {
            slots: 1,
            after: mode === "U" ? trapped(s, exception.illegalInstruction, BigInt(bits)) : went(s),
          },
        ],
      };
    }
  }
}

// ---- priority

/** Two things wrong with one instruction; which one is reported (privileged table 3.7). */
function* priorityCases(): Iterable<Case> {
  const tried = (
    name: string,
    reason: string,
    s: Situation,
    memory: readonly Piece[],
    cause: number,
    value: bigint,
  ): Case => ({
    name,
    because: `privileged table 3.7: ${reason}`,
    before: before(s),
    memory,
    steps: [{ slots: 1, after: trapped(s, cause, value) }],
  });
  const space = () => new AddressSpace("sv39").mapCode("S");
  for (const [name, bits, cause] of [
    ["LR", instruction.lr, exception.loadMisaligned],
    ["SC", instruction.sc, exception.storeMisaligned],
    ["AMO", instruction.amo, exception.storeMisaligned],
  ] as const) {
    const paged = space();
    const s: Situation = { mode: "S", csrs: { satp: paged.satp }, x: { [ADDRESS]: UNMAPPED + 4n } };
    const memory = [code(RAM, [bits]), ...paged.pieces()];
    const reason = "misaligned atomics may come before page and access faults, and do here";
    yield tried(`misaligned ${name} of an unmapped page`, reason, s, memory, cause, UNMAPPED + 4n);
    const nowhere: Situation = { mode: "M", x: { [ADDRESS]: NOWHERE + 4n } };
    yield tried(`misaligned ${name} of nowhere`, reason, nowhere, memory.slice(0, 1), cause, NOWHERE + 4n);
  }
  for (const mode of ["S", "U"] as const) {
    const bits = word("csrrw", { rd: 10, rs1: ADDRESS, immediate: 0x300 });
    const s: Situation = { mode, x: { [ADDRESS]: NOWHERE } };
    const reason = "an illegal instruction has no further effect";
    yield tried(`mstatus in ${mode}`, reason, s, [code(RAM, [bits])], 2, BigInt(bits));
  }
  const off = word("fld", { rd: 1, rs1: ADDRESS });
  yield tried(
    "fld from nowhere with FS = 0",
    "illegal instruction before the data access",
    { mode: "M", x: { [ADDRESS]: NOWHERE } },
    [code(RAM, [off])],
    exception.illegalInstruction,
    BigInt(off),
  );
  // An instruction of four bytes whose second half lies elsewhere.
  const edge = DATA + 0xffen;
  const next = DATA + 0x1000n;
  const virtual = 0xc000_0ffen;
  const second = virtual + 2n;
  for (const [what, first, later, cause, value] of [
    ["unmapped second page", "VRXAD", "", exception.instructionPage, second],
    ["second page not executable", "VRXAD", "VRAD", exception.instructionPage, second],
    ["unmapped first page", "", "VRXAD", exception.instructionPage, virtual],
    ["both unmapped", "", "", exception.instructionPage, virtual],
    ["user's second page", "VRXAD", "VRXUAD", exception.instructionPage, second],
  ] as const) {
    const paged = space();
    paged.set(virtual, pte(edge, pteFlags(first)));
    paged.set(second, pte(next, pteFlags(later)));
    const s: Situation = { mode: "S", pc: virtual, csrs: { satp: paged.satp } };
    const memory = [code(edge, [NOT_AN_INSTRUCTION]), ...paged.pieces()];
    const reason =
      "the fault of a fetch comes before what is fetched; epc is the instruction, tval the part that faulted";
    yield tried(`four bytes across pages, ${what}`, reason, s, memory, cause, value);
  }
  const absent = space();
  absent.set(virtual, pte(edge, pteFlags("VRXAD")));
  absent.set(second, pte(1n << 40n, pteFlags("VRXAD")));
  yield tried(
    "four bytes across pages, second page is nowhere",
    "an access fault of the second part",
    { mode: "S", pc: virtual, csrs: { satp: absent.satp } },
    [code(edge, [NOT_AN_INSTRUCTION]), ...absent.pieces()],
    exception.instructionAccess,
    second,
  );
  const both = space();
  both.set(virtual, pte(edge, pteFlags("VXAD")));
  both.set(second, pte(DATA + 0x5000n, pteFlags("VXAD")));
  const across: Situation = { mode: "S", pc: virtual, csrs: { satp: both.satp } };
  const whole = word("addi", { rd: 10, immediate: 5 });
  yield {
    name: "four bytes across pages that lie apart",
    because: "privileged 4.3.2: each half is translated",
    before: before(across),
    memory: [
      ...[number(edge, 2, BigInt(whole & 0xffff)), number(DATA + 0x5000n, 2, BigInt(whole >>> 16))],
      ...both.pieces(),
    ],
    steps: [{ slots: 1, after: went(across, 4n, { x: { 10: 5n } }) }],
  };
  const short = space();
  short.set(virtual, pte(edge, pteFlags("VRXAD")));
  const s: Situation = { mode: "S", pc: virtual, csrs: { satp: short.satp } };
  yield {
    name: "two bytes before an unmapped page",
    because: "unprivileged 1.5: an instruction of 16 bits has no second half",
    before: before(s),
    memory: [code(edge, [word("c.nop")]), ...short.pieces()],
    steps: [{ slots: 1, after: went(s, 2n) }],
  };
  yield tried(
    "four bytes across the end of RAM",
    "an access fault of the second half",
    { mode: "M", pc: RAM_END - 2n },
    [number(RAM_END - 2n, 2, 0x73n)],
    exception.instructionAccess,
    RAM_END,
  );
}

// ---- what a trap leaves alone, and where it leaves off

function* precisionCases(): Iterable<Case> {
  const because = "privileged 3.1.14: epc is the instruction that trapped, which has changed nothing";
  for (const [name, bits, code_, value] of [
    ["load over its address", word("ld", { rd: ADDRESS, rs1: ADDRESS }), exception.loadAccess, NOWHERE],
    ["c.ld over its address", word("c.ld", { rd: ADDRESS, rs1: ADDRESS }), exception.loadAccess, NOWHERE],
    [
      "AMO over its address",
      word("amoadd.w", { rd: ADDRESS, rs1: ADDRESS, rs2: 10 }),
      exception.storeAccess,
      NOWHERE,
    ],
  ] as const) {
    const s: Situation = { mode: "M", pc: RAM + 0x10n, x: { [ADDRESS]: NOWHERE, 10: 5n } };
    yield {
      name,
      because,
      before: before(s),
      memory: [code(RAM + 0x10n, [bits])],
      steps: [{ slots: 1, after: trapped(s, code_, value) }],
    };
  }
  const jump: Situation = { mode: "M", pc: RAM, x: { [ADDRESS]: NOWHERE } };
  yield {
    name: "jump to nowhere",
    because: "privileged 3.1.14: the jump completes; what traps is the fetch at its target",
    before: before(jump),
    memory: [code(RAM, [instruction.jump])],
    steps: [
      { slots: 1, after: { pc: NOWHERE, x: { 10: RAM + 4n } } },
      { slots: 1, after: trapped({ ...jump, pc: NOWHERE }, exception.instructionAccess, NOWHERE) },
    ],
  };
  for (let bit = 32n; bit < 64n; bit++) {
    const target = (RAM + 8n) ^ (1n << bit);
    const s: Situation = { mode: "M", x: { [ADDRESS]: target } };
    yield {
      name: `jump that differs from code in bit ${bit} only`,
      because: "privileged 3.6.1: nothing answers there; all 64 bits of an address count",
      before: before(s),
      memory: [code(RAM, [instruction.jump, 0, word("addi")])],
      steps: [
        { slots: 1, after: { pc: target, x: { 10: RAM + 4n } } },
        { slots: 1, after: trapped({ ...s, pc: target }, exception.instructionAccess, target) },
      ],
    };
  }
  const nested: Situation = { mode: "U", medeleg: 1n << 8n, status: { SIE: 1 } };
  const handler = word("ld", { rd: 10, rs1: 0 });
  const first = trapped(nested, exception.callFromU, 0n);
  const inHandler: Situation = {
    ...nested,
    mode: "S",
    pc: SUPERVISOR_VECTOR,
    status: { SPIE: 1 },
  };
  yield {
    name: "a fault in S-mode's handler that is not delegated",
    because: "privileged 3.1.8: it goes to M-mode and leaves scause, sepc and stval as they were",
    before: before(nested),
    memory: [code(RAM, [instruction.ecall]), code(SUPERVISOR_VECTOR, [handler])],
    steps: [
      { slots: 1, after: first },
      { slots: 1, after: trapped(inHandler, exception.loadAccess, 0n) },
    ],
  };
  const again = { ...nested, medeleg: (1n << 8n) | (1n << 5n) };
  yield {
    name: "a fault in S-mode's handler that is delegated",
    because: "privileged 3.1.6.1: SPP, SPIE, sepc, scause and stval are overwritten",
    before: before(again),
    memory: [code(RAM, [instruction.ecall]), code(SUPERVISOR_VECTOR, [handler])],
    steps: [
      { slots: 1, after: trapped(again, exception.callFromU, 0n) },
      { slots: 1, after: trapped({ ...inHandler, medeleg: again.medeleg }, exception.loadAccess, 0n) },
    ],
  };
  const reserving: Situation = { mode: "M", x: { [ADDRESS]: DATA, 10: 7n } };
  yield {
    name: "a trap ends a reservation",
    because:
      "unprivileged, A: an SC may fail after a trap, and does here, so that it cannot outlive a switch of processes",
    before: before(reserving),
    memory: [code(RAM, [instruction.lr, instruction.ecall]), code(MACHINE_VECTOR, [instruction.sc])],
    steps: [
      { slots: 1, after: went(reserving, 4n, { x: { 10: 0n } }) },
      { slots: 1, after: trapped({ ...reserving, pc: RAM + 4n }, exception.callFromM, 0n) },
      { slots: 1, after: { pc: MACHINE_VECTOR + 4n, x: { 10: 1n }, memory: [number(DATA, 8, 0n)] } },
    ],
  };
  const short = word("c.lwsp", { rd: 10, immediate: 0 });
  const s: Situation = { mode: "M", pc: RAM + 2n, x: { 2: NOWHERE } };
  yield {
    name: `a compressed load at an odd half-word (${lengthOf(short)} bytes)`,
    because: "privileged 3.1.14: epc holds multiples of two",
    before: before(s),
    memory: [code(RAM + 2n, [short])],
    steps: [{ slots: 1, after: trapped(s, exception.loadAccess, NOWHERE) }],
  };
}

export const suite: Suite = {
  about: "exceptions by cause, mode and delegation; what they stack, where they go, and how handlers return",
  tests: [
    ...MODES.map((mode) => ({ name: `causes in ${mode}-mode`, cases: () => causeCases(mode) })),
    { name: "mret", cases: () => returnCases("mret") },
    { name: "sret", cases: () => returnCases("sret") },
    { name: "TSR and TVM", cases: deniedCases },
    { name: "priority", cases: priorityCases },
    { name: "precision", cases: precisionCases },
  ],
};
