/** 64 KiB pages (Svnapot) and memory types (Svpbmt) (privileged, chapters "Svnapot" and "Svpbmt"). */
import { describe, expect } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import type { AddressSpace } from "./guest/address-space.ts";
import { MODES, type Mode, pte } from "./guest/address-space.ts";
import { reg } from "./guest/assembler.ts";
import { codeSpace } from "./guest/mapped.ts";
import type { Session } from "./guest/session.ts";
import { cause, DATA, session } from "./guest/session.ts";

const PAGE = 4096n;
const PAGES = 16n;
const VIRTUAL = 0x1000_0000n;
const N = 1n << 63n;
/** The page number's low bits of a 64 KiB page are 1000. */
const SIZE_64K = 8n << 10n;
const memoryType = (type: bigint) => type << 61n;
const PBMTE = 1n << 62n;
const ADUE = 1n << 61n;
const modes = Object.keys(MODES) as Mode[];

const napot = (physical: bigint, letters: string) => pte(physical, letters) | SIZE_64K | N;

const loadCode = (s: Session) => s.snippet("load", (a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
const storeCode = (s: Session) => s.snippet("store", (a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1 }));

function load(s: Session, what: string, { satp }: AddressSpace, address: bigint, value: bigint): void {
  const step = { mode: "S", pc: loadCode(s), satp, a: [address] } as const;
  s.step(what, step, { cause: cause.supervisorCall, a1: value });
}

function loadFaults(s: Session, what: string, { satp }: AddressSpace, address: bigint): void {
  const pc = loadCode(s);
  s.step(what, { mode: "S", pc, satp, a: [address] }, { cause: cause.loadPage, epc: pc, tval: address });
}

/** Maps 64 KiB by sixteen entries that are alike, as software must; gives their addresses. */
function mapNapot(space: AddressSpace, virtual: bigint, entry: bigint): bigint[] {
  return Array.from({ length: Number(PAGES) }, (_, i) => space.set(virtual + BigInt(i) * PAGE, entry));
}

function fillPages(s: Session, physical: bigint): void {
  for (let i = 0n; i < PAGES; i++) s.image.put64(physical + i * PAGE + 8n, 0x100n + i);
}

describe("Svnapot", () => {
  for (const mode of modes) {
    session(`${mode}: a page of 64 KiB`, (s) => {
      const space = codeSpace(s, mode, 1);
      fillPages(s, DATA);
      mapNapot(space, VIRTUAL, napot(DATA, "vrwxad"));
      for (let i = 0n; i < PAGES; i++)
        load(s, `load from page ${i}`, space, VIRTUAL + i * PAGE + 8n, 0x100n + i);
      const last = VIRTUAL + 0xfff8n;
      const store = { mode: "S", pc: storeCode(s), satp: space.satp, a: [last, 0x77n] } as const;
      s.step("store", store, { cause: cause.supervisorCall });
      s.peek("stored", DATA + 0xfff8n, 0x77n);
      s.codeAt(DATA + 3n * PAGE + 64n, (a) => a.op("ecall"));
      const pc = VIRTUAL + 3n * PAGE + 64n;
      s.step("fetch", { mode: "S", pc, satp: space.satp }, { cause: cause.supervisorCall, epc: pc });
    });
  }

  session("bits 15 to 12 of the address replace the low bits of the page number", (s) => {
    const space = codeSpace(s, "sv39", 1);
    fillPages(s, DATA);
    // Only the entry that the walk meets is looked at.
    space.set(VIRTUAL + 5n * PAGE, napot(DATA, "vrwad"));
    load(s, "page 5", space, VIRTUAL + 5n * PAGE + 8n, 0x105n);
  });

  session("other sizes, and N above the last level, are reserved", (s) => {
    const space = codeSpace(s, "sv39", 1);
    for (let size = 0n; size < 16n; size++) {
      const virtual = VIRTUAL + size * 16n * PAGE;
      space.set(virtual, pte(DATA + size * PAGE, "vrwad") | N);
      if (size === 8n) load(s, "size 1000", space, virtual, 0n);
      else loadFaults(s, `size ${size.toString(2)}`, space, virtual);
    }
    space.set(0x4000_0000n, napot(DATA, "vrwad"), 1);
    loadFaults(s, "level 1", space, 0x4000_0000n);
    space.set(0x4020_0000n, pte(DATA, "vrwad") | N, 1);
    loadFaults(s, "level 1 without size", space, 0x4020_0000n);
  });

  session(
    "N is reserved without the extension",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      space.set(VIRTUAL, napot(DATA, "vrwad"));
      loadFaults(s, "load", space, VIRTUAL);
    },
    { cpu: parseCpu("no-svnapot") },
  );

  session("the permissions are checked as of any page", (s) => {
    const space = codeSpace(s, "sv39", 1);
    const { satp } = space;
    mapNapot(space, VIRTUAL, napot(DATA, "vrad"));
    load(s, "load", space, VIRTUAL + 9n * PAGE, 0n);
    const address = VIRTUAL + 9n * PAGE + 8n;
    const pc = storeCode(s);
    s.step("store", { mode: "S", pc, satp, a: [address] }, { cause: cause.storePage, tval: address });
    mapNapot(space, VIRTUAL + 0x1_0000n, napot(DATA, "vrwuad"));
    loadFaults(s, "user's", space, VIRTUAL + 0x1_0000n);
  });

  session(
    "A and D are set in the entry that is met",
    (s) => {
      s.writeCsr("menvcfg", ADUE, ADUE);
      const space = codeSpace(s, "sv39", 1);
      const entries = mapNapot(space, VIRTUAL, napot(DATA, "vrw"));
      const a = [VIRTUAL + 2n * PAGE, 1n];
      const step = { mode: "S", pc: storeCode(s), satp: space.satp, a } as const;
      s.step("store", step, { cause: cause.supervisorCall });
      s.peek("entry 2", entries[2] ?? 0n, BigInt.asUintN(64, napot(DATA, "vrwad")));
    },
    { cpu: { svadu: true } },
  );

  for (const [name, flushed] of [
    ["first", 0n],
    ["middle", 7n],
    ["last", 15n],
  ] as const) {
    session(
      `is one entry of the TLB, which sfence.vma of the ${name} page drops`,
      (s) => {
        const space = codeSpace(s, "sv39", 1);
        fillPages(s, DATA);
        for (let i = 0n; i < PAGES; i++) s.image.put64(DATA + 0x1_0000n + i * PAGE + 8n, 0x200n + i);
        const entries = mapNapot(space, VIRTUAL, napot(DATA, "vrwad"));
        load(s, "walked", space, VIRTUAL + 8n, 0x100n);
        for (const at of entries) s.poke(at, napot(DATA + 0x1_0000n, "vrwad"));
        load(s, "still cached for all of it", space, VIRTUAL + 11n * PAGE + 8n, 0x10bn);
        const fence = s.code((a) => a.op("sfence.vma", { rs1: reg.a0 }));
        const beside = [VIRTUAL - PAGE, VIRTUAL + 0x1_0000n];
        for (const address of beside) s.step(`fence ${address}`, { pc: fence, a: [address] }, {});
        load(s, "the fences beside it dropped nothing", space, VIRTUAL + 15n * PAGE + 8n, 0x10fn);
        s.step("fence", { pc: fence, a: [VIRTUAL + flushed * PAGE + 5n] }, { cause: cause.machineCall });
        load(s, "walked again", space, VIRTUAL + 11n * PAGE + 8n, 0x20bn);
      },
      {
        inspect: ({ harts: [hart] }) => {
          const entries = hart?.tlb().filter(({ bytes }) => bytes === 0x1_0000n) ?? [];
          expect(entries).toHaveLength(1);
          expect(entries[0]).toMatchObject({
            virtual: VIRTUAL,
            physical: DATA + 0x1_0000n,
            permissions: "vrw---ad",
            memoryType: "main",
          });
        },
      },
    );
  }
});

describe("Svpbmt", () => {
  for (const mode of modes) {
    session(`${mode}: every type but 3, at every level`, (s) => {
      const space = codeSpace(s, mode, 1);
      s.image.put64(DATA + 8n, 0x55n);
      s.writeCsr("menvcfg", PBMTE, PBMTE);
      for (let level = 0; level < MODES[mode].levels; level++) {
        const bytes = 1n << BigInt(12 + 9 * level);
        const frame = DATA & ~(bytes - 1n);
        for (let type = 0n; type < 4n; type++) {
          const virtual = bytes * (0x10n + type);
          const what = `type ${type} at level ${level}`;
          if (virtual >> BigInt(11 + 9 * MODES[mode].levels) !== 0n) continue;
          space.set(virtual, pte(frame, "vrwad") | memoryType(type), level);
          const address = virtual + DATA - frame + 8n;
          if (type === 3n) loadFaults(s, what, space, address);
          else load(s, what, space, address, 0x55n);
        }
      }
    });
  }

  session("no type but 0 while menvcfg.PBMTE is clear", (s) => {
    const space = codeSpace(s, "sv39", 1);
    for (let type = 0n; type < 4n; type++)
      space.set(VIRTUAL + type * PAGE, pte(DATA, "vrwad") | memoryType(type));
    s.writeCsr("menvcfg", 0n, 0n);
    for (let type = 1n; type < 4n; type++) loadFaults(s, `type ${type}`, space, VIRTUAL + type * PAGE);
    load(s, "type 0", space, VIRTUAL, 0n);
  });

  session("is on from the start, for kernels that start in M-mode", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.set(VIRTUAL, pte(DATA, "vrwad") | memoryType(2n));
    load(s, "io", space, VIRTUAL, 0n);
  });

  session(
    "types are reserved without the extension",
    (s) => {
      s.writeCsr("menvcfg", PBMTE, 0n);
      const space = codeSpace(s, "sv39", 1);
      space.set(VIRTUAL, pte(DATA, "vrwad") | memoryType(1n));
      loadFaults(s, "load", space, VIRTUAL);
    },
    { cpu: parseCpu("no-svpbmt") },
  );

  session("a pointer has no type", (s) => {
    const space = codeSpace(s, "sv39", 1);
    for (let type = 1n; type < 4n; type++) {
      const table = s.tables.take();
      s.image.put64(table, pte(DATA, "vrwad"));
      const virtual = 0x4000_0000n + type * 0x20_0000n;
      space.set(virtual, pte(table, "v") | memoryType(type), 1);
      loadFaults(s, `type ${type}`, space, virtual);
    }
  });

  session(
    "goes together with 64 KiB pages, and is told by the TLB",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      fillPages(s, DATA);
      mapNapot(space, VIRTUAL, napot(DATA, "vrwad") | memoryType(1n));
      load(s, "load", space, VIRTUAL + 4n * PAGE + 8n, 0x104n);
    },
    {
      inspect: ({ harts: [hart] }) =>
        expect(hart?.tlb()).toContainEqual(
          expect.objectContaining({ virtual: VIRTUAL, bytes: 0x1_0000n, memoryType: "nc" }),
        ),
    },
  );
});
