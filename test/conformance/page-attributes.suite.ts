import type { Case, Suite } from "../../tools/conformance/case.ts";
import type { AccessKind, TranslationMode } from "./oracle/page-table.ts";
import { accessKinds, pte, pteFlags, translate, translationModes } from "./oracle/page-table.ts";
import { AddressSpace, elsewhere, pageBytes } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, RAM, trapped, went } from "./support/situation.ts";

const [VALUE, ADDRESS] = [10, 11];
const N = 1n << 63n;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
/** 64 KiB that begin after the first; RAM is of 256 KiB here. */
const BLOCK = RAM + 0x1_0000n;
const RAM_BYTES = 0x4_0000;
const KINDS = ["load", "store", "fetch"] as const satisfies readonly AccessKind[];
const MODES: readonly TranslationMode[] = ["sv39", "sv48", "sv57"];
const hex = (value: bigint) => `0x${value.toString(16)}`;

const NOP = word("addi");
const instructions = {
  load: word("ld", { rd: VALUE, rs1: ADDRESS }),
  store: word("sd", { rs1: ADDRESS, rs2: VALUE }),
  fetch: NOP,
};
const STORED = BigInt(NOP) | (0x1234_5678n << 32n);
const WRITTEN = 0x0f0e_0d0c_0b0a_0908n;

interface Page {
  readonly mode: TranslationMode;
  readonly level?: number;
  readonly entry: bigint;
  readonly menvcfg?: bigint;
  readonly napot?: boolean;
}

/** An access at `virtual` through one entry, judged by the oracle. */
function pageCase(
  name: string,
  because: string,
  page: Page,
  kind: (typeof KINDS)[number],
  virtual: bigint,
): Case {
  const { mode, level = 0, entry, menvcfg = 0n, napot = true } = page;
  const space = new AddressSpace(mode).mapCode("S");
  space.set(virtual, entry, level);
  const fetches = kind === "fetch";
  const s: Situation = {
    mode: "S",
    pc: fetches ? virtual : RAM,
    csrs: { satp: space.satp, menvcfg },
    x: { [ADDRESS]: virtual, [VALUE]: WRITTEN },
  };
  const found = translate(virtual, kind, {
    ...{ mode, root: space.root, privilege: "S", napot },
    ...{ updates: (menvcfg & ADUE) !== 0n, memoryTypes: (menvcfg & PBMTE) !== 0n },
    read: (address) => space.at(address) ?? 0n,
  });
  const program = fetches ? [] : [code(RAM, [instructions[kind]])];
  if ("fault" in found) {
    const after = trapped(s, accessKinds[kind][found.fault], virtual);
    return {
      name,
      because,
      before: before(s),
      memory: [...program, ...space.pieces()],
      steps: [{ slots: 1, after }],
    };
  }
  const { physical, at } = found;
  const done = {
    load: went(s, 4n, { x: { [VALUE]: STORED } }),
    store: went(s, 4n, { memory: [number(physical, 8, WRITTEN)] }),
    fetch: went(s),
  }[kind];
  return {
    name,
    because,
    before: before(s),
    memory: [...program, ...space.pieces(), number(physical, 8, STORED)],
    steps: [{ slots: 1, after: { ...done, memory: [...(done.memory ?? []), number(at, 8, found.entry)] } }],
  };
}

/** Every page of a 64 KiB block, and every way to encode one. */
function* napotCases(mode: TranslationMode, napot: boolean): Iterable<Case> {
  const because =
    "privileged 5, Svnapot: N with ppn[3:0] = 1000 maps 64 KiB; any other size, or N above level 0, is reserved";
  const good = pteFlags("VRWXAD") | N;
  const block = elsewhere(mode);
  for (const kind of KINDS) {
    for (let page = 0n; page < 16n; page++) {
      const virtual = block + page * 0x1000n + 0x230n;
      const entry = pte(BLOCK + 0x8000n, good);
      yield pageCase(`${kind} of page ${page}`, because, { mode, entry, napot }, kind, virtual);
    }
    for (let low = 0n; low < 16n; low++) {
      const entry = pte(BLOCK + low * 0x1000n, good);
      yield pageCase(`${kind}, ppn[3:0] = ${low}`, because, { mode, entry, napot }, kind, block + 0x3010n);
    }
    for (let level = 1; level < translationModes[mode].levels; level++) {
      const frame = RAM - (RAM % pageBytes(level));
      for (const low of [0n, 8n]) {
        const entry = pte(frame, good) | (low << 10n);
        const virtual = block + BLOCK - frame;
        const name = `${kind} at level ${level}, ppn[3:0] = ${low}`;
        yield pageCase(name, because, { mode, level, entry, napot }, kind, virtual);
      }
    }
    for (const letters of ["VRWXA", "VRWX", "VRAD", "VXAD", "VRWXUAD", "RWXAD"]) {
      for (const menvcfg of [0n, ADUE]) {
        const entry = pte(BLOCK + 0x8000n, pteFlags(letters) | N);
        const name = `${kind} of ${letters}, ${menvcfg ? "Svadu" : "Svade"}`;
        yield pageCase(name, because, { mode, entry, menvcfg, napot }, kind, block + 0x5008n);
      }
    }
  }
}

/** Entries of a block are one in the TLB, which a fence of any of its addresses drops. */
function* napotTlbCases(): Iterable<Case> {
  const because = "privileged 5, Svnapot: a block is one translation; 4.2.1: any address in it names it";
  const first = elsewhere("sv39");
  const space = new AddressSpace("sv39", { asid: 1n });
  const entries = Array.from({ length: 16 }, (_, page) => ({
    at: first + BigInt(page) * 0x1000n,
    entry: pte(BLOCK + 0x8000n, pteFlags("VRWAD") | N),
  })).map(({ at, entry }) => space.set(at, entry));
  const load = word("ld", { rd: VALUE, rs1: ADDRESS });
  const other = word("ld", { rd: 13, rs1: 12 });
  for (const fenced of [first, first + 0x7000n, first + 0xffffn, first + 0x1_0000n, first - 1n]) {
    const fence = word("sfence.vma", { rs1: 14 });
    const words = [load, other, fence, load, other];
    const s: Situation = {
      mode: "M",
      status: { MPRV: 1, MPP: 1 },
      csrs: { satp: space.satp },
      x: { [ADDRESS]: first + 0x1000n, 12: first + 0xe000n, 14: fenced },
    };
    const dropped = fenced >= first && fenced < first + 0x1_0000n;
    yield {
      name: `fence of ${hex(fenced)}`,
      because,
      before: before(s),
      memory: [
        code(RAM, words),
        ...space.pieces(),
        ...[number(BLOCK + 0x1000n, 8, 1n), number(BLOCK + 0xe000n, 8, 14n)],
        number(RAM + 0x2_1000n, 8, 2n),
      ],
      steps: [
        { slots: 2, after: went(s, 8n, { x: { [VALUE]: 1n, 13: 14n }, tlbMisses: 1n }) },
        {
          slots: 3,
          stores: entries.map((at) => number(at, 8, pte(RAM + 0x2_8000n, pteFlags("VRWAD") | N))),
          after: went(s, 20n, {
            x: dropped ? { [VALUE]: 2n, 13: 0n } : { [VALUE]: 1n, 13: 14n },
            tlbMisses: dropped ? 1n : 0n,
          }),
        },
      ],
    };
  }
}

/** Memory types change nothing here but what is legal: memory has one behaviour (privileged 6). */
function* typeCases(mode: TranslationMode): Iterable<Case> {
  const because =
    "privileged 6, Svpbmt: NC (1) and IO (2) are legal with PBMTE, 3 is reserved; without, all but 0 are";
  for (let level = 0; level < translationModes[mode].levels; level++) {
    const frame = level === 0 ? BLOCK : RAM - (RAM % pageBytes(level));
    const virtual = elsewhere(mode) + BLOCK + 0x20n - frame;
    for (const menvcfg of [0n, PBMTE]) {
      for (let type = 0n; type < 4n; type++) {
        for (const kind of KINDS) {
          const entry = pte(frame, pteFlags("VRWXAD")) | (type << 61n);
          const name = `${kind}, type ${type}, level ${level}, PBMTE=${menvcfg ? 1 : 0}`;
          yield pageCase(name, because, { mode, level, entry, menvcfg }, kind, virtual);
        }
      }
    }
  }
}

const ram = RAM_BYTES;

export const suite: Suite = {
  about: "64 KiB pages (Svnapot) and memory types (Svpbmt)",
  tests: [
    ...MODES.map((mode) => ({ name: `Svnapot in ${mode}`, ram, cases: () => napotCases(mode, true) })),
    { name: "no Svnapot", cpu: "no-svnapot", ram, cases: () => napotCases("sv39", false) },
    { name: "Svnapot and the TLB", cpu: "tlb=1x4", ram, cases: napotTlbCases },
    ...MODES.map((mode) => ({ name: `Svpbmt in ${mode}`, ram, cases: () => typeCases(mode) })),
    { name: "Svpbmt without Svnapot", cpu: "no-svnapot", ram, cases: () => typeCases("sv39") },
  ],
};
