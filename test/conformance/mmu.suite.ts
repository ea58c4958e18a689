import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Expectation, Suite, Test } from "../../tools/conformance/case.ts";
import type { AccessKind, Translated, TranslationMode } from "./oracle/page-table.ts";
import {
  accessKinds,
  flagsName,
  pte,
  pteBit,
  pteFlags,
  translate,
  translationModes,
} from "./oracle/page-table.ts";
import type { Status } from "./oracle/status.ts";
import { statusName } from "./oracle/status.ts";
import { AddressSpace, elsewhere, pageBytes } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, NOWHERE, RAM, trapped, went } from "./support/situation.ts";

const KINDS: readonly AccessKind[] = ["fetch", "load", "store", "lr", "amo"];
const FEWER: readonly AccessKind[] = ["fetch", "load", "store", "amo"];
const MODES: readonly TranslationMode[] = ["sv39", "sv48", "sv57"];
const RAM_END = RAM + 0x10000n;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;

const [VALUE, ADDRESS, SOURCE] = [10, 11, 12];
/** What lies where a page is accessed: an instruction (addi a3, x0, 1) that reads as data, too. */
const STORED = BigInt(word("addi", { rd: 13, immediate: 1 })) | (0x1122_3344n << 32n);
const OPERAND = 0x0102_0304_0506_0708n;

const instructionOf: Readonly<Record<Exclude<AccessKind, "fetch">, number>> = {
  load: word("ld", { rd: VALUE, rs1: ADDRESS }),
  store: word("sd", { rs1: ADDRESS, rs2: SOURCE }),
  lr: word("lr.d", { rd: VALUE, rs1: ADDRESS }),
  sc: word("sc.d", { rd: VALUE, rs1: ADDRESS, rs2: SOURCE }),
  amo: word("amoadd.d", { rd: VALUE, rs1: ADDRESS, rs2: SOURCE }),
};

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const hex = (value: bigint) => `0x${value.toString(16)}`;

/** A virtual address whose leaf is at a level and has DATA's place in its page; not where the code is. */
function virtualOf(mode: TranslationMode, level: number): bigint {
  const root = translationModes[mode].levels - 1;
  const above = range(level, root).reduce(
    (sum, l) => sum | (BigInt(l === root ? 3 : l + 9) << BigInt(12 + 9 * l)),
    0n,
  );
  return above | (DATA % pageBytes(level));
}
const frameOf = (level: number): bigint => DATA - (DATA % pageBytes(level));

/** One access to a page. */
interface Access {
  readonly name: string;
  readonly because: string;
  readonly kind: AccessKind;
  readonly mode: PrivilegeMode;
  readonly status?: Status;
  readonly menvcfg?: bigint;
  readonly svnapot?: boolean;
  readonly virtual: bigint;
}

/** Effective privilege of an access (3.1.6.3); undefined where nothing is translated. */
function privilegeOf({ kind, mode, status = {} }: Access): "S" | "U" | undefined {
  if (mode !== "M") return mode;
  if (!status.MPRV || kind === "fetch" || status.MPP === 3) return undefined;
  return status.MPP === 1 ? "S" : "U";
}

/** What the walk sees: the space's tables, and zeros in the rest of RAM. */
const reader = (space: AddressSpace, code: number) => (address: bigint) => {
  if (address < RAM || address > RAM_END - 8n) return undefined;
  if (address === RAM) return BigInt(code);
  if (address === DATA) return STORED;
  return space.at(address) ?? 0n;
};

function resultOf(access: Access, space: AddressSpace, instruction: number): Translated {
  const { kind, virtual, status = {}, menvcfg = 0n, svnapot = true } = access;
  const privilege = privilegeOf(access);
  if (privilege === undefined) return { physical: virtual, at: RAM, entry: BigInt(instruction) };
  return translate(virtual, kind, {
    ...{ mode: space.mode, root: space.root, privilege, read: reader(space, instruction) },
    ...{ SUM: status.SUM ?? 0, MXR: status.MXR ?? 0 },
    ...{ updates: (menvcfg & ADUE) !== 0n, memoryTypes: (menvcfg & PBMTE) !== 0n, napot: svnapot },
  });
}

/** What an access that reached `physical` leaves. */
function doneOf(s: Situation, kind: AccessKind, virtual: bigint, physical: bigint): Expectation {
  switch (kind) {
    case "fetch":
      return went({ ...s, pc: virtual }, 4n, { x: { 13: 1n } });
    case "load":
    case "lr":
      return went(s, 4n, { x: { [VALUE]: STORED } });
    case "store":
      return went(s, 4n, { memory: [number(physical, 8, OPERAND)] });
    case "amo":
      return went(s, 4n, {
        x: { [VALUE]: STORED },
        memory: [number(physical, 8, STORED + OPERAND)],
      });
    case "sc":
      return went(s, 4n, { x: { [VALUE]: 1n }, memory: [number(physical, 8, STORED)] });
  }
}

/** The case of an access in an address space, judged by the oracle. */
function accessCase(access: Access, space: AddressSpace): Case {
  const { name, because, kind, mode, virtual, status = {}, menvcfg = 0n } = access;
  const s: Situation = { mode, status, csrs: { menvcfg, satp: space.satp } };
  const fetched = kind === "fetch" ? virtual : RAM;
  const instruction = kind === "fetch" ? 0 : instructionOf[kind];
  const result = resultOf(access, space, instruction);
  return {
    name,
    because,
    before: before({ ...s, pc: fetched, x: { [ADDRESS]: virtual, [SOURCE]: OPERAND } }),
    memory: [code(RAM, [instruction]), ...space.pieces(), number(DATA, 8, STORED)],
    steps: [{ slots: 1, after: afterAccess(access, { ...s, pc: fetched }, result) }],
  };
}

function afterAccess({ kind, virtual }: Access, s: Situation, result: Translated): Expectation {
  if ("fault" in result) return trapped(s, accessKinds[kind][result.fault], virtual);
  const { physical, at, entry } = result;
  if (physical < RAM || physical > RAM_END - 8n) return trapped(s, accessKinds[kind].access, virtual);
  const done = doneOf(s, kind, virtual, physical);
  const updated = at === RAM ? [] : [number(at, 8, entry)];
  return { ...done, memory: [...(done.memory ?? []), ...updated] };
}

const codeMode = (mode: PrivilegeMode): "S" | "U" => (mode === "U" ? "U" : "S");

/** Every combination of an entry's low bits, by every kind of access. */
function* permissionCases(
  mode: TranslationMode,
  level: number,
  flags: readonly bigint[],
  statuses: readonly Status[],
  kinds: readonly AccessKind[],
  modes: readonly PrivilegeMode[],
): Iterable<Case> {
  const virtual = virtualOf(mode, level);
  for (const menvcfg of [0n, ADUE]) {
    for (const privilege of modes) {
      for (const bits of flags) {
        const space = new AddressSpace(mode).mapCode(codeMode(privilege));
        space.set(virtual, pte(frameOf(level), bits), level);
        for (const status of statuses) {
          for (const kind of kinds) {
            const about = `${menvcfg === ADUE ? "Svadu" : "Svade"} ${statusName(status)}`;
            yield accessCase(
              {
                name: `${kind} of ${flagsName(bits)} from ${privilege}, ${about}`,
                because: "privileged 4.3.2, steps 3 to 9: what V, R, W, X, U, A and D allow",
                ...{ kind, mode: privilege, status, menvcfg, virtual },
              },
              space,
            );
          }
        }
      }
    }
  }
}

const every = range(0, 255).map(BigInt);
const switches: readonly Status[] = [{}, { SUM: 1 }, { MXR: 1 }, { SUM: 1, MXR: 1 }];
/** All with V set and G clear, for levels at which not everything is tried. */
const valid = every.filter((bits) => (bits & pteBit.V) !== 0n && (bits & pteBit.G) === 0n);
const invalid = every.filter((bits) => (bits & pteBit.V) === 0n && (bits & pteBit.G) === 0n);

const permissionTests: readonly Test[] = MODES.flatMap((mode) =>
  range(0, translationModes[mode].levels - 1).map((level) => ({
    name: `${mode} permissions at level ${level}`,
    cases: function* () {
      if (mode === "sv39" && level === 0) {
        const validOrGlobal = every.filter((bits) => (bits & pteBit.V) !== 0n);
        yield* permissionCases(mode, level, validOrGlobal, switches, KINDS, ["U", "S"]);
        yield* permissionCases(mode, level, invalid, [{ SUM: 1, MXR: 1 }], ["load"], ["U", "S"]);
      } else {
        yield* permissionCases(mode, level, valid, [{}, { SUM: 1, MXR: 1 }], ["fetch", "store"], ["U", "S"]);
        yield* permissionCases(mode, level, valid, [{ MXR: 1 }, { SUM: 1 }], ["load"], ["U", "S"]);
      }
    },
  })),
);

/** MPRV: loads and stores of M-mode with the privilege in MPP; fetches never. */
function* borrowedCases(): Iterable<Case> {
  const accesses: readonly AccessKind[] = ["load", "store", "amo"];
  const virtual = virtualOf("sv39", 0);
  for (const bits of valid) {
    const space = new AddressSpace("sv39").mapCode("S");
    space.set(virtual, pte(DATA, bits));
    for (const MPP of [0, 1, 3]) {
      for (const status of [
        { MPP, MPRV: 1 },
        { MPP, MPRV: 1, SUM: 1, MXR: 1 },
      ]) {
        for (const kind of accesses) {
          // With MPP = M nothing is translated: the address is tried where something lies.
          const address = MPP === 3 ? DATA : virtual;
          const access = { kind, mode: "M", status, virtual: address } as const;
          yield accessCase(
            {
              name: `${kind} of ${flagsName(bits)}, ${statusName(status)}`,
              because:
                "privileged 3.1.6.3: with MPRV, loads and stores are translated and protected as in MPP's mode",
              ...access,
            },
            space,
          );
        }
      }
    }
  }
  const space = new AddressSpace("sv39").mapCode("S");
  space.map(virtual, DATA, "VRWXUAD");
  const because =
    "privileged 3.1.6.3: MPRV does not change how instructions are fetched, and alone MPP does nothing";
  for (const MPP of [0, 1, 3]) {
    const fetches = { kind: "fetch", mode: "M", status: { MPRV: 1, MPP }, virtual: DATA } as const;
    yield accessCase({ name: `fetch in M, MPP=${MPP}`, because, ...fetches }, space);
    for (const kind of accesses) {
      const without = { kind, mode: "M", status: { MPP }, virtual: DATA } as const;
      yield accessCase({ name: `${kind} without MPRV, MPP=${MPP}`, because, ...without }, space);
    }
  }
}

/** A leaf or pointer that is wrong in one thing, tried from S-mode. */
function* entryCases(
  mode: TranslationMode,
  level: number,
  because: string,
  entries: Iterable<readonly [what: string, entry: bigint]>,
  { menvcfg = ADUE, svnapot = true, kinds = FEWER } = {},
): Iterable<Case> {
  const virtual = virtualOf(mode, level);
  for (const [what, entry] of entries) {
    const space = new AddressSpace(mode).mapCode("S");
    space.set(virtual, entry, level);
    for (const kind of kinds) {
      const name = `${kind}: ${what}, level ${level}`;
      yield accessCase({ name, because, kind, mode: "S", virtual, menvcfg, svnapot }, space);
    }
  }
}

const levelsOf = (mode: TranslationMode) => range(0, translationModes[mode].levels - 1);
const good = pteFlags("VRWXAD");

/** Bits above the page number. */
function* highBitCases(mode: TranslationMode, menvcfg: bigint, svnapot: boolean): Iterable<Case> {
  const because =
    "privileged 4.3.1: bits 60 to 54 are reserved, N needs Svnapot, PBMT needs Svpbmt and PBMTE, PBMT = 3 is reserved";
  for (const level of levelsOf(mode)) {
    const frame = frameOf(level);
    const leaves = range(54, 63).map(
      (bit) => [`bit ${bit}`, pte(frame, good) | (1n << BigInt(bit))] as const,
    );
    const type3 = ["PBMT = 3", pte(frame, good) | (3n << 61n)] as const;
    yield* entryCases(mode, level, because, [...leaves, type3], { menvcfg, svnapot });
  }
}

/** Every page number's low bits below a superpage's size (step 6). */
function* misalignedCases(mode: TranslationMode): Iterable<Case> {
  for (const level of levelsOf(mode).slice(1)) {
    const entries = range(0, 9 * level - 1).map(
      (bit) => [`PPN bit ${bit}`, pte(frameOf(level), good) | (1n << BigInt(10 + bit))] as const,
    );
    yield* entryCases(mode, level, "privileged 4.3.2 step 6: a superpage is aligned to its size", entries, {
      kinds: ["load", "fetch", "store"],
    });
  }
}

/** Pointers: what they may hold besides V, with a good table behind them. */
function* pointerCases(mode: TranslationMode): Iterable<Case> {
  const because = "privileged 4.3.1: D, A, U, PBMT and N of a pointer are reserved; G and RSW are not";
  const virtual = virtualOf(mode, 0);
  for (const level of levelsOf(mode).slice(1)) {
    for (const bit of [...range(4, 9), ...range(54, 63)]) {
      for (const kind of FEWER) {
        const space = new AddressSpace(mode).mapCode("S");
        space.map(virtual, DATA, "VRWXAD");
        const at = space.entry(virtual, level);
        space.set(virtual, (space.at(at) ?? 0n) | (1n << BigInt(bit)), level);
        const name = `${kind}: pointer with bit ${bit}, level ${level}`;
        yield accessCase({ name, because, kind, mode: "S", virtual, menvcfg: ADUE | PBMTE }, space);
      }
    }
  }
  // A pointer where a leaf must be.
  yield* entryCases(mode, 0, "privileged 4.3.2 step 4: after the last level there is no table", [
    ["pointer", pte(DATA, pteBit.V)],
  ]);
}

function* unusedCases(mode: TranslationMode): Iterable<Case> {
  for (const level of levelsOf(mode)) {
    const frame = frameOf(level);
    yield* entryCases(mode, level, "privileged 4.3.1: RSW is for software, G for the TLB", [
      ["RSW = 1", pte(frame, good) | (1n << 8n)],
      ["RSW = 2", pte(frame, good) | (2n << 8n)],
      ["G", pte(frame, good) | pteBit.G],
    ]);
  }
}

/** Addresses must be sign-extended from their highest translated bit. */
function* canonicalCases(mode: TranslationMode): Iterable<Case> {
  const because = "privileged 4.3.1, 4.4.1, 4.5.1: the bits above a virtual address repeat its highest";
  const width = 12 + 9 * translationModes[mode].levels;
  const low = virtualOf(mode, 0);
  const high = BigInt.asUintN(64, BigInt.asIntN(width, low | (1n << BigInt(width - 1))));
  for (const privilege of ["S", "U"] as const) {
    for (const [half, virtual] of [
      ["lower", low],
      ["upper", high],
    ] as const) {
      const space = new AddressSpace(mode).mapCode(privilege);
      space.map(virtual, DATA, privilege === "U" ? "VRWXUAD" : "VRWXAD");
      for (const kind of FEWER) {
        const access = { because, kind, mode: privilege } as const;
        yield accessCase({ ...access, name: `${kind} in the ${half} half, ${privilege}`, virtual }, space);
        for (const bit of range(width, 63)) {
          const name = `${kind} in the ${half} half, ${privilege}, bit ${bit} inverted`;
          yield accessCase({ ...access, name, virtual: virtual ^ (1n << BigInt(bit)) }, space);
        }
      }
    }
  }
}

/** Tables and pages where there is no memory. */
function* absentCases(mode: TranslationMode): Iterable<Case> {
  const because =
    "privileged 4.3.2 step 2: a table that cannot be read raises the access fault of the access itself";
  const far = 1n << 55n;
  for (const level of levelsOf(mode).slice(1)) {
    yield* entryCases(mode, level, because, [
      ["table nowhere", pte(NOWHERE, pteBit.V)],
      ["table beyond 4 GiB", pte(far, pteBit.V)],
      ["table behind RAM", pte(RAM_END, pteBit.V)],
    ]);
  }
  for (const level of levelsOf(mode)) {
    yield* entryCases(mode, level, "privileged 3.6.1: nothing answers at the page's physical address", [
      ["page at 2^55", pte(far, good)],
    ]);
  }
  for (const tables of [NOWHERE, RAM_END, RAM | far]) {
    const rootless = new AddressSpace(mode, { tables });
    const virtual = elsewhere(mode);
    for (const kind of ["load", "store", "amo"] as const) {
      const borrowed = { kind, mode: "M", status: { MPRV: 1, MPP: 1 }, virtual } as const;
      yield accessCase({ name: `${kind}: root at ${hex(tables)}`, because, ...borrowed }, rootless);
    }
    const fetched = { kind: "fetch", mode: "S", virtual } as const;
    yield accessCase({ name: `fetch: root at ${hex(tables)}`, because, ...fetched }, rootless);
  }
}

/** A page's first and last bytes, and that a level's index is of nine bits. */
function* placeCases(mode: TranslationMode): Iterable<Case> {
  const because = "privileged 4.3.2 step 10: the offset in the page is that of the virtual address";
  const load = word("lbu", { rd: VALUE, rs1: ADDRESS });
  for (const level of levelsOf(mode)) {
    const space = new AddressSpace(mode).mapCode("S");
    const base = virtualOf(mode, level) - (DATA % pageBytes(level));
    space.map(base, frameOf(level), "VRAD", level);
    for (const physical of [DATA, DATA + 0xfffn, DATA + 0x800n]) {
      const virtual = base + (physical % pageBytes(level));
      const s: Situation = { mode: "S", csrs: { satp: space.satp, menvcfg: 0n } };
      yield {
        name: `byte ${hex(physical)} at level ${level}`,
        because,
        before: before({ ...s, x: { [ADDRESS]: virtual } }),
        memory: [code(RAM, [load]), ...space.pieces(), number(physical, 1, 0xa7n)],
        steps: [{ slots: 1, after: went(s, 4n, { x: { [VALUE]: 0xa7n } }) }],
      };
    }
  }
}

/** Cache-block instructions: managing a block needs what a load needs, zeroing it what a store needs; both fault as stores. */
function* cacheBlockCases(): Iterable<Case> {
  const because =
    "cache management 2.5.1: permitted where a load (cbo.clean, cbo.flush, cbo.inval) or a store (cbo.zero) is; " +
    "otherwise a store page fault whose tval is the address as given";
  const virtual = virtualOf("sv39", 0) + 0x25n;
  // Whether X alone is enough to manage a block is left open.
  const flags = valid.filter((bits) => (bits & pteBit.X) === 0n);
  for (const name of ["cbo.clean", "cbo.flush", "cbo.inval", "cbo.zero"]) {
    const bits = word(name, { rs1: ADDRESS });
    const kind = name === "cbo.zero" ? "store" : "load";
    for (const updates of [false, true]) {
      for (const mode of ["S", "U"] as const) {
        for (const entry of flags) {
          const space = new AddressSpace("sv39").mapCode(mode);
          const at = space.set(virtual, pte(DATA, entry));
          const csrs = {
            satp: space.satp,
            menvcfg: (updates ? ADUE : 0n) | 0xf0n,
            senvcfg: 0xf0n,
          };
          const s: Situation = { mode, csrs, x: { [ADDRESS]: virtual } };
          const found = translate(virtual, kind, {
            ...{ mode: "sv39", root: space.root, privilege: mode, updates, read: reader(space, bits) },
          });
          const block = number(DATA, 8, name === "cbo.zero" ? 0n : STORED);
          yield {
            name: `${name} of ${flagsName(entry)} from ${mode}, ${updates ? "Svadu" : "Svade"}`,
            because,
            before: before(s),
            memory: [code(RAM, [bits]), ...space.pieces(), number(DATA, 8, STORED)],
            steps: [
              {
                slots: 1,
                after:
                  "fault" in found
                    ? {
                        ...trapped(s, accessKinds.store[found.fault], virtual),
                        memory: [number(at, 8, pte(DATA, entry))],
                      }
                    : went(s, 4n, { memory: [number(at, 8, found.entry), block] }),
              },
            ],
          };
        }
      }
    }
  }
}

/** Without translation. */
function* bareCases(): Iterable<Case> {
  const because = "privileged 4.1.11: with MODE = Bare addresses are physical, and all 64 bits count";
  for (const mode of ["U", "S"] as const) {
    for (const kind of KINDS) {
      for (const virtual of [
        DATA,
        DATA | (1n << 32n),
        DATA | (1n << 56n),
        DATA | (1n << 63n),
        NOWHERE,
        RAM_END,
      ]) {
        const s: Situation = {
          mode,
          pc: kind === "fetch" ? virtual : RAM,
          x: { [ADDRESS]: virtual, [SOURCE]: OPERAND },
        };
        const after =
          virtual === DATA
            ? doneOf(s, kind, virtual, virtual)
            : trapped(s, accessKinds[kind].access, virtual);
        yield {
          name: `${kind} at ${hex(virtual)} from ${mode}`,
          because,
          before: before(s),
          memory: [code(RAM, [kind === "fetch" ? 0 : instructionOf[kind]]), number(DATA, 8, STORED)],
          steps: [{ slots: 1, after }],
        };
      }
    }
  }
}

export const suite: Suite = {
  about:
    "address translation: Bare, Sv39, Sv48 and Sv57, every bit of an entry at every level, by every access",
  tests: [
    ...permissionTests,
    { name: "MPRV", cases: borrowedCases },
    { name: "Bare", cases: bareCases },
    { name: "cache blocks", cases: cacheBlockCases },
    ...MODES.flatMap((mode): Test[] => [
      { name: `${mode} pointers`, cases: () => pointerCases(mode) },
      { name: `${mode} misaligned superpages`, cases: () => misalignedCases(mode) },
      { name: `${mode} bits that change nothing`, cases: () => unusedCases(mode) },
      { name: `${mode} canonical addresses`, cases: () => canonicalCases(mode) },
      { name: `${mode} nothing there`, cases: () => absentCases(mode) },
      { name: `${mode} offsets`, cases: () => placeCases(mode) },
      { name: `${mode} high bits, PBMTE=0`, cases: () => highBitCases(mode, ADUE, true) },
      { name: `${mode} high bits, PBMTE=1`, cases: () => highBitCases(mode, ADUE | PBMTE, true) },
      {
        name: `${mode} high bits, neither Svnapot nor Svpbmt`,
        cpu: "no-svnapot,no-svpbmt",
        cases: () => highBitCases(mode, ADUE, false),
      },
    ]),
  ],
};
