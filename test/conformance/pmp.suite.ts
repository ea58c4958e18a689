import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Expectation, Suite } from "../../tools/conformance/case.ts";
import type { AccessKind } from "./oracle/page-table.ts";
import { accessKinds, pte, pteFlags } from "./oracle/page-table.ts";
import type { PmpEntry } from "./oracle/pmp.ts";
import { napot, pmpAllows, pmpBit, pmpMatch, pmpRegisters } from "./oracle/pmp.ts";
import type { Status } from "./oracle/status.ts";
import { statusName } from "./oracle/status.ts";
import { AddressSpace } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, RAM, trapped, went } from "./support/situation.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const { R, W, X, L } = pmpBit;
const { OFF, TOR, NA4, NAPOT } = pmpMatch;
const [VALUE, ADDRESS] = [10, 11];
const ALL = R | W | X;
const EVERYTHING: PmpEntry = { config: NAPOT | ALL, address: (1n << 54n) - 1n };
/** The code's page, so that what is tried is the data's protection. */
const CODE: PmpEntry = { config: NAPOT | R | X, address: napot(RAM, 4096n) };
const NONE: PmpEntry = { config: OFF, address: 0n };
const hex = (value: bigint | number) => `0x${value.toString(16)}`;

type Bytes = 1 | 2 | 4 | 8;
const loads = { 1: "lbu", 2: "lhu", 4: "lwu", 8: "ld" } as const;
const stores = { 1: "sb", 2: "sh", 4: "sw", 8: "sd" } as const;
const NOP = word("addi");
const RIGHT: Readonly<Record<AccessKind, number>> = { fetch: X, load: R, lr: R, store: W, sc: W, amo: W };

function instructionOf(kind: AccessKind, bytes: Bytes): number {
  const operands = { rd: VALUE, rs1: ADDRESS };
  switch (kind) {
    case "fetch":
      return NOP;
    case "load":
      return word(loads[bytes], operands);
    case "store":
      return word(stores[bytes], { rs1: ADDRESS, rs2: VALUE });
    case "lr":
      return word(bytes === 8 ? "lr.d" : "lr.w", operands);
    case "sc":
      return word(bytes === 8 ? "sc.d" : "sc.w", { ...operands, rs2: 0 });
    case "amo":
      return word(bytes === 8 ? "amoor.d" : "amoor.w", { ...operands, rs2: 0 });
  }
}

interface Access {
  readonly kind: AccessKind;
  readonly mode: PrivilegeMode;
  readonly address: bigint;
  readonly bytes?: Bytes;
  readonly status?: Status;
}

/** The mode whose protection counts (3.1.6.3). */
const effective = ({ kind, mode, status = {} }: Access): number =>
  mode === "M" && kind !== "fetch" && status.MPRV ? (status.MPP ?? 0) : { U: 0, S: 1, M: 3 }[mode];

/** An access to zeros, judged by the oracle; what is loaded is 0. */
function accessCase(entries: readonly PmpEntry[], about: string, because: string, access: Access): Case {
  const { kind, mode, address, bytes = 8, status = {} } = access;
  const fetches = kind === "fetch";
  const pc = fetches ? address : RAM;
  const bits = instructionOf(kind, bytes);
  const s: Situation = {
    mode,
    status,
    pc,
    csrs: pmpRegisters(entries),
    x: { [ADDRESS]: address, [VALUE]: 0n },
  };
  const machine = effective(access) === 3;
  // Instructions are fetched two bytes at a time, what is misaligned is accessed byte by byte (3.7.1 leaves it open how).
  const size = fetches ? 2 : address % BigInt(bytes) === 0n ? bytes : 1;
  const parts = Array.from({ length: (fetches ? 4 : bytes) / size }, (_, i) => address + BigInt(i * size));
  const denied = parts.find((at) => !pmpAllows(entries, at, size, RIGHT[kind], machine));
  const noCode = !fetches && !pmpAllows(entries, RAM, 2, X, mode === "M");
  const done: Expectation = kind === "sc" ? went(s, 4n, { x: { [VALUE]: 1n } }) : went(s);
  const after = noCode
    ? trapped(s, accessKinds.fetch.access, RAM)
    : denied === undefined
      ? done
      : trapped(s, accessKinds[kind].access, denied);
  const where = fetches ? "" : `, ${bytes} bytes`;
  const borrowed = status.MPRV ? ` ${statusName(status)}` : "";
  return {
    name: `${about}: ${kind}${where} at ${hex(address)} in ${mode}${borrowed}`,
    because,
    before: before(s),
    memory: [code(pc, [bits])],
    steps: [{ slots: 1, after }],
  };
}

const KINDS: readonly AccessKind[] = ["fetch", "load", "store", "lr", "sc", "amo"];
const BORROWED: readonly Status[] = [{}, { MPRV: 1, MPP: 0 }, { MPRV: 1, MPP: 1 }, { MPRV: 1, MPP: 3 }];

/** R, W, X and L under each kind of match, from every mode. */
function* permissionCases(): Iterable<Case> {
  const because =
    "privileged 3.7.1: R, W and X bind S and U, with L also M; MPRV's mode counts for loads and stores";
  const places: readonly (readonly [string, number, bigint, bigint])[] = [
    ["NA4", NA4, 0n, DATA >> 2n],
    ["NAPOT", NAPOT, 0n, napot(DATA, 4096n)],
    ["TOR", TOR, DATA >> 2n, (DATA >> 2n) + 4n],
    ["OFF", OFF, 0n, napot(DATA, 4096n)],
  ];
  for (const [name, match, below, address] of places) {
    for (const rights of [0, R, R | W, X, R | X, ALL]) {
      for (const lock of [0, L]) {
        const entries = [CODE, { config: OFF, address: below }, { config: match | rights | lock, address }];
        for (const kind of KINDS) {
          for (const mode of MODES) {
            for (const status of mode === "M" ? BORROWED : [{}]) {
              const about = `${name} ${hex(rights | lock)}`;
              yield accessCase(entries, about, because, { kind, mode, address: DATA, bytes: 4, status });
            }
          }
        }
      }
    }
  }
}

const inOnePage = (address: bigint, bytes: bigint) => (address % 4096n) + bytes <= 4096n;

interface Range {
  readonly name: string;
  readonly entries: readonly PmpEntry[];
  readonly from: bigint;
  readonly to: bigint;
}

/** A range of each kind and of many sizes, readable only. */
function ranges(): readonly Range[] {
  const base = DATA + 0x800n;
  const powers = Array.from({ length: 13 }, (_, n) => 8n << BigInt(n));
  return [
    { name: "NA4", entries: [CODE, { config: NA4 | R, address: base >> 2n }], from: base, to: base + 4n },
    ...powers.map((bytes) => {
      const from = bytes > 2048n ? RAM + 0x8000n : base;
      const entries = [CODE, { config: NAPOT | R, address: napot(from, bytes) }];
      return { name: `NAPOT of ${bytes}`, entries, from, to: from + bytes };
    }),
    {
      name: "TOR",
      entries: [
        CODE,
        { config: OFF, address: (base + 4n) >> 2n },
        { config: TOR | R, address: (base + 0x2cn) >> 2n },
      ],
      from: base + 4n,
      to: base + 0x2cn,
    },
    {
      name: "TOR above NAPOT",
      entries: [
        CODE,
        { config: NAPOT, address: base >> 2n },
        { config: TOR | R, address: (base + 0x20n) >> 2n },
      ],
      from: base,
      to: base + 0x20n,
    },
  ];
}

/** Where ranges begin and end, to the byte. */
function* rangeCases(): Iterable<Case> {
  const because =
    "privileged 3.7.1, table 3.11: where a range begins and ends, and that it matches all of an access";
  for (const { name, entries, from, to } of ranges()) {
    for (const mode of MODES) {
      for (const bytes of [1, 2, 4, 8] as const) {
        const size = BigInt(bytes);
        const edges = [from - size, from - 1n, from, from + 4n, to - size, to - 1n, to];
        for (const address of new Set(edges)) {
          const there = address + size <= RAM + 0x10000n && inOnePage(address, size);
          if (there) yield accessCase(entries, name, because, { kind: "load", mode, address, bytes });
        }
      }
      yield accessCase(entries, name, because, { kind: "store", mode, address: from, bytes: 4 });
    }
  }
}

/** Ranges of every size that can be written, each of which holds DATA. */
function* sizeCases(): Iterable<Case> {
  for (let log = 13n; log <= 57n; log++) {
    const bytes = 1n << log;
    const entry = { config: NAPOT | R, address: napot(DATA - (DATA % bytes), bytes) & ((1n << 54n) - 1n) };
    for (const mode of MODES) {
      for (const kind of ["load", "store"] as const) {
        const because = "privileged 3.7.1, table 3.11: trailing ones of pmpaddr double the size";
        const entries = [CODE, entry];
        yield accessCase(entries, `NAPOT of 2^${log}`, because, { kind, mode, address: DATA });
      }
    }
  }
  for (const mode of MODES) {
    const because = "privileged 3.7.1: entry 0 begins at address 0 with TOR";
    const entries = [{ config: TOR | R | X, address: (DATA + 8n) >> 2n }];
    for (const address of [DATA, DATA + 8n]) {
      yield accessCase(entries, "TOR of entry 0", because, { kind: "load", mode, address });
    }
    for (const bit of [32n, 40n, 54n, 55n]) {
      const high = [CODE, { config: NAPOT | ALL, address: napot(DATA, 4096n) | (1n << (bit - 2n)) }];
      const reason = "privileged 3.7.1: all 54 bits of pmpaddr are compared";
      yield accessCase(high, `address bit ${bit}`, reason, { kind: "load", mode, address: DATA });
    }
  }
}

/** Which of several entries decides. */
function* priorityCases(): Iterable<Case> {
  const because =
    "privileged 3.7.1: the lowest entry that matches any byte decides, and must match all bytes";
  const deny = { config: NA4, address: (DATA + 4n) >> 2n };
  const give = { config: NA4 | ALL, address: (DATA + 4n) >> 2n };
  const locked = { config: NA4 | ALL | L, address: (DATA + 4n) >> 2n };
  const empty = { config: TOR | ALL, address: (DATA + 4n) >> 2n };
  const sets: readonly (readonly [string, readonly PmpEntry[]])[] = [
    ["denied within everything", [deny, EVERYTHING]],
    ["everything before a denial", [EVERYTHING, deny]],
    ["a part allowed before everything", [give, EVERYTHING]],
    ["a part locked before everything", [locked, EVERYTHING]],
    ["an empty TOR range", [{ config: OFF, address: empty.address }, empty, EVERYTHING]],
    ["a backward TOR range", [{ config: OFF, address: empty.address + 1n }, empty, EVERYTHING]],
    ["two halves", [CODE, give, { config: NA4 | ALL, address: DATA >> 2n }]],
    ["no entry", [CODE]],
    ["no entry at all", []],
  ];
  for (const [name, entries] of sets) {
    for (const mode of MODES) {
      for (const kind of ["load", "store"] as const) {
        for (const [address, bytes] of [
          [DATA, 8],
          [DATA, 4],
          [DATA + 4n, 4],
          [DATA + 8n, 8],
          [DATA + 3n, 1],
          [DATA + 1n, 2],
          [DATA + 3n, 2],
          [DATA + 2n, 4],
          [DATA + 7n, 2],
        ] as const) {
          yield accessCase(entries, name, because, { kind, mode, address, bytes });
        }
      }
      for (const address of [DATA, DATA + 2n, DATA + 4n, DATA + 6n]) {
        yield accessCase(entries, name, because, { kind: "fetch", mode, address });
      }
    }
  }
  // Every entry takes part, and is preferred to all above it.
  for (let index = 0; index < 16; index++) {
    for (const mode of ["S", "M"] as const) {
      const before = Array.from({ length: index }, () => NONE);
      const only = [...before, { config: NAPOT | R | X | L, address: napot(RAM, 0x10000n) }];
      const followed = index < 15 ? [...only, EVERYTHING] : only;
      for (const [about, entries] of [
        ["last", only],
        ["followed", followed],
      ] as const) {
        for (const kind of ["load", "store"] as const) {
          const name = `entry ${index}, ${about}`;
          yield accessCase(entries, name, because, { kind, mode, address: DATA });
        }
      }
    }
  }
}

// ---- locked registers

/** A write of a register, from M-mode, and what it leaves. */
function writeCase(
  name: string,
  because: string,
  entries: readonly PmpEntry[],
  csr: readonly [string, number],
  value: bigint,
  after: bigint,
): Case {
  const s: Situation = { mode: "M", csrs: pmpRegisters(entries), x: { [ADDRESS]: value } };
  const [register, csrNumber] = csr;
  return {
    name,
    because,
    before: before(s),
    memory: [code(RAM, [word("csrrw", { rs1: ADDRESS, immediate: csrNumber })])],
    steps: [{ slots: 1, after: went(s, 4n, { csrs: { [register]: after } }) }],
  };
}

function* lockCases(): Iterable<Case> {
  const because =
    "privileged 3.7.1: a locked entry ignores writes of its registers; a locked TOR also of the address below";
  const NEW = 0x3f_ffff_ffff_ffffn;
  const OLD = 0x123n;
  for (let index = 0; index < 16; index++) {
    for (const match of [OFF, TOR, NA4, NAPOT]) {
      for (const lock of [0, L]) {
        const entries = Array.from({ length: 16 }, (_, i) => ({
          config: i === index ? match | lock : 0,
          address: OLD,
        }));
        const about = `entry ${index} with ${hex(match | lock)}`;
        for (const written of [index - 1, index, index + 1]) {
          if (written < 0 || written > 15) continue;
          const kept = lock !== 0 && (written === index || (match === TOR && written === index - 1));
          const csr = [`pmpaddr${written}`, 0x3b0 + written] as const;
          yield writeCase(`pmpaddr${written}, ${about}`, because, entries, csr, NEW, kept ? OLD : NEW);
        }
        const register = (index >> 3) * 2;
        const shift = BigInt(8 * (index & 7));
        const all = 0x0707_0707_0707_0707n;
        const kept = (all & ~(0xffn << shift)) | (BigInt(match | lock) << shift);
        const csr = [`pmpcfg${register}`, 0x3a0 + register] as const;
        yield writeCase(`pmpcfg${register}, ${about}`, because, entries, csr, all, lock === 0 ? all : kept);
      }
    }
  }
}

/** Entries written by instructions; what they protect is tried from M-mode with MPRV. */
function* writtenCases(): Iterable<Case> {
  const because = "privileged 3.7.1: writes of pmpaddr and pmpcfg take effect at once, in any order";
  const backward: Range = {
    name: "TOR below its bottom",
    entries: [CODE, { config: OFF, address: (DATA + 0x40n) >> 2n }, { config: TOR | R, address: DATA >> 2n }],
    from: DATA,
    to: DATA + 0x40n,
  };
  const sixteenth: Range = {
    name: "entries 14 and 15",
    entries: [
      ...Array.from({ length: 14 }, () => NONE),
      { config: NAPOT | R, address: napot(DATA, 8n) },
      { config: TOR | R, address: (DATA + 0x40n) >> 2n },
    ],
    from: DATA,
    to: DATA + 0x40n,
  };
  const empty: Range = {
    name: "an empty TOR",
    entries: [
      { config: OFF, address: (DATA + 4n) >> 2n },
      { config: TOR | R, address: (DATA + 4n) >> 2n },
      EVERYTHING,
    ],
    from: DATA,
    to: DATA + 8n,
  };
  for (const { name, entries, from, to } of [...ranges(), backward, empty, sixteenth]) {
    const registers = pmpRegisters(entries);
    const writes = Object.entries(registers).filter(([, value]) => value !== 0n);
    for (const order of ["addresses first", "configuration first"] as const) {
      const ordered = order === "addresses first" ? writes : writes.toReversed();
      for (const address of new Set([from - 4n, from, to - 4n, to])) {
        const program = ordered.map(([csr], i) => {
          const number = csr.startsWith("pmpcfg")
            ? 0x3a0 + Number(csr.slice(6))
            : 0x3b0 + Number(csr.slice(7));
          return word("csrrw", { rs1: 20 + i, immediate: number });
        });
        const s: Situation = {
          mode: "M",
          status: { MPRV: 1, MPP: 0 },
          csrs: { pmpcfg0: 0n, pmpcfg2: 0n },
          x: {
            [ADDRESS]: address,
            [VALUE]: 0n,
            ...Object.fromEntries(ordered.map(([, value], i) => [20 + i, value])),
          },
        };
        const written = BigInt(4 * program.length);
        const attempt: Situation = { ...s, pc: RAM + written };
        const bytes = address % 8n === 0n ? 8 : 4;
        const allowed = pmpAllows(entries, address, bytes, R, false);
        yield {
          name: `${name}, ${order}: load of ${bytes} bytes at ${hex(address)}`,
          because,
          before: before(s),
          memory: [code(RAM, [...program, instructionOf("load", bytes)])],
          steps: [
            { slots: program.length, after: went(s, written, { csrs: registers }) },
            { slots: 1, after: allowed ? went(attempt) : trapped(attempt, accessKinds.load.access, address) },
          ],
        };
      }
    }
  }
}

/** What changes protection holds from the next access on, whatever was allowed before. */
function* changeCases(): Iterable<Case> {
  const because = "privileged 3.7.1: protection is that of the registers as they are";
  const load = word("ld", { rd: VALUE, rs1: ADDRESS });
  const write = word("csrrw", { rs1: 12, immediate: 0x3b1 });
  const s: Situation = {
    mode: "M",
    status: { MPRV: 1, MPP: 0 },
    csrs: pmpRegisters([CODE, { config: NAPOT | R, address: napot(DATA, 4096n) }]),
    x: { [ADDRESS]: DATA, [VALUE]: 1n, 12: napot(DATA + 0x1000n, 4096n) },
  };
  const later = { ...s, pc: RAM + 8n };
  yield {
    name: "a page allowed, then not",
    because,
    before: before(s),
    memory: [code(RAM, [load, write, load])],
    steps: [
      { slots: 1, after: went(s, 4n, { x: { [VALUE]: 0n } }) },
      { slots: 1, after: went(s, 8n, { csrs: { pmpaddr1: napot(DATA + 0x1000n, 4096n) } }) },
      { slots: 1, after: trapped(later, accessKinds.load.access, DATA) },
    ],
  };
  yield {
    name: "a page allowed, then not, at once",
    because,
    before: before(s),
    memory: [code(RAM, [load, write, load])],
    steps: [
      {
        slots: 3,
        after: {
          ...trapped(later, accessKinds.load.access, DATA),
          csrs: {
            ...trapped(later, accessKinds.load.access, DATA).csrs,
            pmpaddr1: napot(DATA + 0x1000n, 4096n),
          },
          x: { [VALUE]: 0n },
        },
      },
    ],
  };
  const configure = word("csrrc", { rs1: 12, immediate: 0x3a0 });
  const fetched: Situation = {
    ...s,
    status: {},
    csrs: pmpRegisters([NONE, { config: NAPOT | R | X | L, address: napot(RAM, 4096n) }, NONE]),
    x: { 12: 0x0400n },
  };
  yield {
    name: "locked code stays executable",
    because: "privileged 3.7.1: locked entries ignore writes of their configuration",
    before: before(fetched),
    memory: [code(RAM, [configure, NOP])],
    steps: [{ slots: 2, after: went(fetched, 8n) }],
  };
  const lock = word("csrrs", { rs1: 12, immediate: 0x3a0 });
  const locking: Situation = {
    ...fetched,
    csrs: pmpRegisters([NONE, { config: NAPOT | R, address: napot(RAM, 4096n) }]),
    x: { 12: 0x8000n },
  };
  yield {
    name: "code locked without X traps at once, in M-mode",
    because: "privileged 3.7.1: a locked entry binds M-mode",
    before: before(locking),
    memory: [code(RAM, [lock, NOP])],
    steps: [
      { slots: 1, after: went(locking, 4n, { csrs: { pmpcfg0: BigInt(NAPOT | R | L) << 8n } }) },
      { slots: 1, after: trapped({ ...locking, pc: RAM + 4n }, accessKinds.fetch.access, RAM + 4n) },
    ],
  };
}

// ---- page tables

/** The tables of a walk are read as S-mode would, also for U-mode and with MPRV (3.7.2). */
function* walkCases(): Iterable<Case> {
  const virtual = 0xc000_1000n;
  for (const rights of [0, R, R | W, X, R | X, ALL]) {
    for (const level of [0, 1, 2]) {
      for (const [mode, status] of [
        ["S", {}],
        ["U", {}],
        ["M", { MPRV: 1, MPP: 1 }],
        ["M", { MPRV: 1, MPP: 0 }],
      ] as const) {
        for (const kind of ["fetch", "load", "store", "amo"] as const) {
          if (mode === "M" && kind === "fetch") continue;
          const user = mode === "U" || (mode === "M" && status.MPP === 0);
          const space = new AddressSpace("sv39");
          const leaf = space.set(virtual, pte(DATA, pteFlags(user ? "VRWXUAD" : "VRWXAD")));
          const table = space.entry(virtual, level);
          // The code is on a page of tables that are open: a root entry of its own.
          const walked = { config: NAPOT | rights, address: napot(table - (table % 8n), 8n) };
          space.mapCode(user ? "U" : "S");
          const fetches = kind === "fetch";
          const s: Situation = {
            mode,
            status,
            pc: fetches ? virtual : RAM,
            csrs: { ...pmpRegisters([walked, EVERYTHING]), satp: space.satp, menvcfg: 0n },
            x: { [ADDRESS]: virtual, [VALUE]: 0n },
          };
          const bits = instructionOf(kind, 8);
          const readable = (rights & R) !== 0;
          yield {
            name: `${kind} from ${mode} ${statusName(status)}, table of level ${level} with ${hex(rights)}`,
            because:
              "privileged 3.7.2: tables are read with S-mode's rights; a failure is the access's own access fault",
            before: before(s),
            memory: [code(fetches ? DATA : RAM, [bits]), ...space.pieces()],
            steps: [{ slots: 1, after: readable ? went(s) : trapped(s, accessKinds[kind].access, virtual) }],
          };
          if (level === 0) yield* updateCase(mode, status, kind, user, rights, leaf);
        }
      }
    }
  }
}

/** With Svadu the entry is written, too, which needs W. */
function* updateCase(
  mode: PrivilegeMode,
  status: Status,
  kind: AccessKind,
  user: boolean,
  rights: number,
  leaf: bigint,
): Iterable<Case> {
  const virtual = 0xc000_1000n;
  const space = new AddressSpace("sv39");
  const flags = pteFlags(user ? "VRWXU" : "VRWX");
  space.set(virtual, pte(DATA, flags));
  space.mapCode(user ? "U" : "S");
  const fetches = kind === "fetch";
  const s: Situation = {
    mode,
    status,
    pc: fetches ? virtual : RAM,
    csrs: {
      ...pmpRegisters([{ config: NAPOT | rights, address: napot(leaf, 8n) }, EVERYTHING]),
      ...{ satp: space.satp, menvcfg: 1n << 61n },
    },
    x: { [ADDRESS]: virtual, [VALUE]: 0n },
  };
  const may = (rights & (R | W)) === (R | W);
  const set = pteFlags(kind === "load" || fetches ? "A" : "AD");
  const entry = pte(DATA, may ? flags | set : flags);
  const after = may ? went(s) : trapped(s, accessKinds[kind].access, virtual);
  yield {
    name: `${kind} from ${mode} ${statusName(status)}, A and D to be set in an entry with ${hex(rights)}`,
    because:
      "privileged 3.7.2, 4.3.1: updating A and D needs W for the entry; where it fails, nothing is written",
    before: before(s),
    memory: [code(fetches ? DATA : RAM, [instructionOf(kind, 8)]), ...space.pieces()],
    steps: [{ slots: 1, after: { ...after, memory: [number(leaf, 8, entry)] } }],
  };
}

export const suite: Suite = {
  about: "physical memory protection: matching, priority, permissions by mode, locks, and page tables",
  tests: [
    { name: "permissions", cases: permissionCases },
    { name: "ranges", cases: rangeCases },
    { name: "sizes", cases: sizeCases },
    { name: "priority", cases: priorityCases },
    { name: "locks", cases: lockCases },
    { name: "written by instructions", cases: writtenCases },
    { name: "changes", cases: changeCases },
    { name: "page tables", cases: walkCases },
  ],
};
