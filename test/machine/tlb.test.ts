/**
 * The TLB's counters, which are architecture too, and how it is read from outside. What it keeps and what fences drop:
 * test/conformance/tlb.suite.ts.
 */
import { describe, expect } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import type { AddressSpace } from "./guest/address-space.ts";
import { pte } from "./guest/address-space.ts";
import { reg } from "./guest/assembler.ts";
import { codeSpace } from "./guest/mapped.ts";
import type { PrivilegeMode, Session } from "./guest/session.ts";
import { cause, DATA, interrupt, session, status } from "./guest/session.ts";

const PAGE = 4096n;
const MEGAPAGE = 1n << 21n;
const OLD = 0x0101n;
const NEW = 0x0202n;
const VIRTUAL = 0x1000_0000n;

/**
 * Two pages, and two megapages, that differ in what they hold. Where the megapages are looked at, no page that the
 * monitor uses has the same low bits: what an engine remembers of the one must not be replaced by the other.
 */
const OLD_PAGE = DATA;
const NEW_PAGE = DATA + PAGE;
const OLD_MEGAPAGE = DATA;
const NEW_MEGAPAGE = DATA - MEGAPAGE;

function fill(s: Session): void {
  s.image.put64(OLD_PAGE + 8n, OLD);
  s.image.put64(NEW_PAGE + 8n, NEW);
  s.image.put64(NEW_MEGAPAGE + 0x18_0008n, NEW);
  s.image.put64(OLD_MEGAPAGE + 0x18_0008n, OLD);
}

/** A page that changes behind the TLB's back. */
interface Mapping {
  readonly name: string;
  readonly space: AddressSpace;
  readonly virtual: bigint;
  /** Where its pattern is. */
  readonly probe: bigint;
  readonly entry: bigint;
  readonly before: bigint;
  readonly after: bigint;
}

function page(name: string, space: AddressSpace, virtual: bigint, letters = "vrwxad"): Mapping {
  const [before, after] = [pte(OLD_PAGE, letters), pte(NEW_PAGE, letters)];
  return { name, space, virtual, probe: virtual + 8n, entry: space.set(virtual, before), before, after };
}

function megapage(name: string, space: AddressSpace, virtual: bigint, letters = "vrwxad"): Mapping {
  const [before, after] = [pte(OLD_MEGAPAGE, letters), pte(NEW_MEGAPAGE, letters)];
  const entry = space.set(virtual, before, 1);
  return { name, space, virtual, probe: virtual + 0x18_0008n, entry, before, after };
}

const loadCode = (s: Session) => s.snippet("load", (a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));

function reads(s: Session, what: string, { space, probe }: Mapping, value: bigint): void {
  const step = { mode: "S", pc: loadCode(s), satp: space.satp, a: [probe] } as const;
  s.step(what, step, { a1: value, cause: cause.supervisorCall });
}

/** A fence; undefined stands for x0. */
interface Fence {
  readonly address?: bigint;
  readonly asid?: bigint;
}

function fence(
  s: Session,
  what: string,
  name: "sfence.vma" | "sinval.vma",
  mode: PrivilegeMode,
  by: Fence,
): void {
  const rs1 = by.address === undefined ? reg.zero : reg.a0;
  const rs2 = by.asid === undefined ? reg.zero : reg.a1;
  const pc = s.snippet(`${name} ${rs1} ${rs2}`, (a) => a.op(name, { rs1, rs2 }));
  s.step(what, { mode, pc, a: [by.address ?? 0n, by.asid ?? 0n] }, {});
}

describe("address spaces", () => {
  session("may disagree about a page that is global in one of them: the smaller page wins", (s) => {
    fill(s);
    const one = codeSpace(s, "sv39", 1);
    const two = codeSpace(s, "sv39", 2);
    const large = megapage("large", one, VIRTUAL);
    const small = page("small", two, VIRTUAL + 0x18_0000n, "vrwxgad");
    s.poke(small.entry, small.after);
    reads(s, "one's megapage", large, OLD);
    // Entered by a store, so that what is remembered of one's load is not overwritten.
    const store = s.code((a) => a.op("sd", { rs1: reg.a0, immediate: 64 }));
    const step = { mode: "S", pc: store, satp: two.satp, a: [small.virtual] } as const;
    s.step("two's global page", step, { cause: cause.supervisorCall });
    reads(s, "one again", large, NEW);
  });
});

describe("counters", () => {
  /** Code that S-mode executes: what it must count, besides what came before. */
  interface Counted {
    readonly hits: bigint;
    readonly misses: bigint;
    readonly evictions: bigint;
    readonly flushes: bigint;
  }

  function counted(
    name: string,
    cpu: string,
    build: (s: Session) => { steps: () => void },
    counters: Counted,
  ): void {
    session(name, (s) => build(s).steps(), {
      cpu: parseCpu(cpu),
      inspect: ({ harts: [hart] }) => expect(hart?.tlbCounters()).toEqual(counters),
    });
  }

  counted(
    "M-mode and Bare translate nothing",
    "",
    (s) => {
      const pc = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      return {
        steps: () => {
          s.step("M", { pc, a: [DATA] }, {});
          s.step("S, Bare", { mode: "S", pc, a: [DATA] }, {});
        },
      };
    },
    { hits: 0n, misses: 0n, evictions: 0n, flushes: 0n },
  );

  counted(
    "fetches and accesses hit after the first",
    "",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      space.map(VIRTUAL, DATA, "vrwad");
      const pc = s.code((a) => {
        for (let i = 0; i < 10; i++) a.op("addi");
        a.op("ld", { rd: reg.a1, rs1: reg.a0 }).op("sd", { rs1: reg.a0, rs2: reg.a1 });
        a.op("amoadd.d", { rs1: reg.a0 }).op("lr.d", { rd: reg.a1, rs1: reg.a0 });
      });
      // 15 fetches and 4 accesses, of which the first fetch and the first access miss.
      return {
        steps: () =>
          s.step("S", { mode: "S", pc, satp: space.satp, a: [VIRTUAL] }, { cause: cause.supervisorCall }),
      };
    },
    { hits: 17n, misses: 2n, evictions: 0n, flushes: 0n },
  );

  counted(
    "an access that lies on two pages is looked up on both",
    "",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      // Side by side in RAM, too, as they are where engines take both for one.
      for (let i = 0n; i < 3n; i++) space.map(VIRTUAL + i * PAGE, DATA + i * PAGE, "vrwad");
      const pc = s.code((a) =>
        a
          .label("loop")
          .op("ld", { rd: reg.a1, rs1: reg.a0 })
          .op("ld", { rd: reg.a1, rs1: reg.a0, immediate: 8 })
          .op("addi", { rd: reg.a0, rs1: reg.a0, immediate: 16 })
          .to("loop", "bne", { rs1: reg.a0, rs2: reg.a2 }),
      );
      const a = [VIRTUAL + 1n, 0n, VIRTUAL + 1n + 2n * PAGE];
      // 512 rounds of 4 fetches and 2 accesses, and the call; of these, an access at the end of each page twice.
      return {
        steps: () => s.step("loop", { mode: "S", pc, satp: space.satp, a }, { cause: cause.supervisorCall }),
      };
    },
    { hits: 512n * 6n + 1n + 2n - 4n, misses: 4n, evictions: 0n, flushes: 0n },
  );

  for (const geometry of ["1x1", "1x2", "2x2", "1x16"]) {
    const alone = geometry === "1x1";
    counted(
      `a TLB of ${geometry}: a data access between fetches`,
      `tlb=${geometry}`,
      (s) => {
        const space = codeSpace(s, "sv39", 1);
        const { satp } = space;
        space.map(VIRTUAL, DATA, "vrwad");
        const pc = s.code((a) => {
          for (let i = 0; i < 3; i++) a.op("ld", { rd: reg.a1, rs1: reg.a0 });
          for (let i = 0; i < 2; i++) a.op("amoadd.d", { rs1: reg.a0 });
        });
        return {
          steps: () => s.step("S", { mode: "S", pc, satp, a: [VIRTUAL] }, { cause: cause.supervisorCall }),
        };
      },
      // With one entry code and data push each other out: all 6 fetches and 5 accesses miss, all but the first evict.
      alone
        ? { hits: 0n, misses: 11n, evictions: 10n, flushes: 0n }
        : { hits: 9n, misses: 2n, evictions: 0n, flushes: 0n },
    );
  }

  counted(
    "victims rotate: one page too many for a set misses every time",
    "tlb=1x4",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      for (let i = 0n; i < 4n; i++) space.map(VIRTUAL + i * PAGE, DATA, "vrwad");
      const pc = s.code((a) => {
        a.li(reg.a2, PAGE);
        for (let round = 0; round < 2; round++) {
          a.op("addi", { rd: reg.a1, rs1: reg.a0 });
          for (let i = 0; i < 4; i++) {
            a.op("ld", { rd: reg.a3, rs1: reg.a1 }).op("add", { rd: reg.a1, rs1: reg.a1, rs2: reg.a2 });
          }
        }
      });
      return {
        steps: () =>
          s.step("S", { mode: "S", pc, satp: space.satp, a: [VIRTUAL] }, { cause: cause.supervisorCall }),
      };
    },
    // Way 0 holds the code until the fourth load takes it; then the fetch takes way 1, and so on: by hand,
    // ways after each miss: C | C0 | C01 | C012 | 3012 | 3C12, then round two: 0 takes way 2 (3C02), 1 way 3 (3C01),
    // 2 way 0 (2C01), 3 way 1 (2301), the fetch way 2 (23C1).
    { hits: 20n - 6n + 8n - 5n, misses: 11n, evictions: 7n, flushes: 0n },
  );

  counted(
    "an access or an instruction across pages is translated twice",
    "",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      space.map(VIRTUAL, DATA, "vrwxad");
      space.map(VIRTUAL + PAGE, DATA + PAGE, "vrwxad");
      s.codeAt(DATA + PAGE - 2n, (a) => a.word(0x0513, 2).word(0x0015, 2).op("ecall"));
      const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      const { satp } = space;
      return {
        steps: () => {
          // Both halves miss, the ecall hits.
          s.step(
            "instruction",
            { mode: "S", pc: VIRTUAL + PAGE - 2n, satp },
            { cause: cause.supervisorCall },
          );
          // All three hit, twice.
          s.step("again", { mode: "S", pc: VIRTUAL + PAGE - 2n, satp }, { cause: cause.supervisorCall });
          // The code's page misses, the ecall and both halves hit.
          s.step(
            "load",
            { mode: "S", pc: load, satp, a: [VIRTUAL + PAGE - 3n] },
            { cause: cause.supervisorCall },
          );
        },
      };
    },
    { hits: 1n + 3n + 3n, misses: 3n, evictions: 0n, flushes: 0n },
  );

  session(
    "a loop of one instruction across pages is translated twice each time",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      space.map(VIRTUAL, DATA, "vxad");
      space.map(VIRTUAL + PAGE, DATA + PAGE, "vxad");
      const jumpToItself = 0x0000_006f;
      s.codeAt(DATA + PAGE - 2n, (a) => a.word(jumpToItself & 0xffff, 2).word(jumpToItself >>> 16, 2));
      const arm = s.code((a) =>
        a
          .csrr(reg.a1, "time")
          .op("addi", { rd: reg.a1, rs1: reg.a1, immediate: 50 })
          .li(reg.a0, 0x200_4000n)
          .op("sd", { rs1: reg.a0, rs2: reg.a1 })
          .li(reg.a0, 1n << 7n)
          .csrw("mie", reg.a0),
      );
      const disarm = s.code((a) => a.csrw("mie", reg.zero));
      s.step("arm", { pc: arm }, {});
      s.step("loop", { mode: "S", pc: VIRTUAL + PAGE - 2n, satp: space.satp }, { cause: interrupt(7) });
      s.step("disarm", { pc: disarm }, {});
    },
    {
      inspect: (machine) => {
        const [armed = 0n, interrupted = 0n, disarmed = 0n] = machine
          .traps()
          .slice(-3)
          .map((t) => t.instructions);
        // The last step took one instruction besides the monitor's, so the rest of the loop's step is the loop.
        const jumps = interrupted - armed - (disarmed - interrupted - 1n);
        expect(jumps).toBeGreaterThan(100n);
        const counters = { hits: 2n * jumps - 2n, misses: 2n, evictions: 0n, flushes: 0n };
        expect(machine.harts[0]?.tlbCounters()).toEqual(counters);
      },
    },
  );

  counted(
    "flushes count the entries dropped",
    "",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      for (let i = 0n; i < 3n; i++) space.map(VIRTUAL + i * PAGE, DATA, "vrwad");
      const { satp } = space;
      const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      return {
        steps: () => {
          for (let i = 0n; i < 3n; i++)
            s.step(`load ${i}`, { mode: "S", pc: load, satp, a: [VIRTUAL + i * PAGE] }, {});
          fence(s, "nothing there", "sfence.vma", "M", { address: VIRTUAL + 9n * PAGE });
          fence(s, "one page", "sfence.vma", "M", { address: VIRTUAL });
          fence(s, "the rest: two pages and the code", "sfence.vma", "M", { asid: 1n });
          fence(s, "nothing left", "sfence.vma", "M", {});
        },
      };
    },
    { hits: 3n + 2n, misses: 4n, evictions: 0n, flushes: 4n },
  );

  session(
    "a faulting access misses and enters nothing",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      for (const what of ["once", "twice"]) {
        s.step(what, { mode: "S", pc: load, satp: space.satp, a: [VIRTUAL] }, { cause: cause.loadPage });
      }
      s.step(
        "user",
        { mode: "U", pc: load, satp: space.satp, status: status.SUM },
        { cause: cause.instructionPage },
      );
    },
    {
      inspect: ({ harts: [hart] }) => {
        // U-mode may not execute the supervisor's page: what was cached of it is dropped for a new walk, which faults.
        expect(hart?.tlbCounters()).toEqual({ hits: 1n, misses: 4n, evictions: 0n, flushes: 0n });
        expect(hart?.tlb()).toEqual([]);
      },
    },
  );

  session(
    "the TLB can be read",
    (s) => {
      const space = codeSpace(s, "sv48", 9);
      space.map(0x7000_1234_5000n, DATA + PAGE, "vrwugad");
      space.map(BigInt.asUintN(64, -MEGAPAGE), DATA, "vrad", 1);
      const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      const { satp } = space;
      s.step(
        "user page",
        { mode: "S", pc: load, satp, status: status.SUM, a: [0x7000_1234_5008n] },
        { cause: cause.supervisorCall },
      );
      s.step(
        "megapage",
        { mode: "S", pc: load, satp, a: [BigInt.asUintN(64, -8n)] },
        { cause: cause.supervisorCall },
      );
    },
    {
      inspect: ({ harts: [hart] }) => {
        const entries = hart?.tlb().map(({ set: _set, way: _way, ...entry }) => entry) ?? [];
        expect(entries).toHaveLength(3);
        expect(entries).toContainEqual({
          asid: 9,
          global: true,
          virtual: 0x7000_1234_5000n,
          physical: DATA + PAGE,
          bytes: PAGE,
          permissions: "vrw-ugad",
          memoryType: "main",
        });
        expect(entries).toContainEqual({
          asid: 9,
          global: false,
          virtual: BigInt.asUintN(64, -MEGAPAGE),
          physical: DATA,
          bytes: MEGAPAGE,
          permissions: "vr----ad",
          memoryType: "main",
        });
      },
    },
  );
});
