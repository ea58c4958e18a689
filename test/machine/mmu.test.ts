/** Address translation against the specification's algorithm (privileged 4.3.2), bit by bit and level by level. */
import { describe } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import type { Mode } from "./guest/address-space.ts";
import { flags, MODES, pte } from "./guest/address-space.ts";
import { reg } from "./guest/assembler.ts";
import { codeFor, codeSpace } from "./guest/mapped.ts";
import type { Expected, PrivilegeMode, Session } from "./guest/session.ts";
import { cause, DATA, session, status } from "./guest/session.ts";

const PATTERN = 0x1122_3344_5566_7788n;
/** What a store writes, and where in a page. */
const WRITTEN = -2n;
const STORE_OFFSET = 64n;
const NOWHERE = 0x4000_0000n;

const PAGE = 4096n;

/** The kinds of access, with the faults they end in. */
const KINDS = {
  load: { needs: "r", page: cause.loadPage, access: cause.loadAccess },
  store: { needs: "w", page: cause.storePage, access: cause.storeAccess },
  fetch: { needs: "x", page: cause.instructionPage, access: cause.instructionAccess },
  // LR faults as a load, SC and AMOs as stores (unprivileged "A"; privileged 3.1.15).
  lr: { needs: "r", page: cause.loadPage, access: cause.loadAccess },
  sc: { needs: "w", page: cause.storePage, access: cause.storeAccess },
  amo: { needs: "w", page: cause.storePage, access: cause.storeAccess },
} as const;
type Kind = keyof typeof KINDS;

const CALL = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };

/** Code that makes an access of a kind at a0; the loaded value goes to a1. */
function codeOf(s: Session, kind: Exclude<Kind, "fetch">): bigint {
  const operands = { rd: reg.a1, rs1: reg.a0, rs2: reg.a2 };
  return s.snippet(kind, (a) => {
    if (kind === "load") a.op("ld", { rd: reg.a1, rs1: reg.a0 });
    else if (kind === "store") a.op("sd", { rs1: reg.a0, rs2: reg.a2, immediate: Number(STORE_OFFSET) });
    else if (kind === "lr") a.op("lr.d", { rd: reg.a1, rs1: reg.a0 });
    else if (kind === "sc") a.op("sc.d", operands);
    else a.op("amoor.d", { ...operands, rs2: reg.zero });
  });
}

/** A page with something to load, and an `ecall` where it is entered. */
function dataPage(s: Session, physical: bigint): void {
  s.codeAt(physical, (a) => a.op("ecall").word(0));
  s.image.put64(physical + 8n, PATTERN);
}

interface Access {
  readonly kind: Kind;
  readonly mode: PrivilegeMode;
  readonly satp: bigint;
  readonly status?: bigint;
}

/** One access at the start of a page; `fault` is the cause it must end in, if any. */
function access(s: Session, what: string, by: Access, virtual: bigint, fault: bigint | undefined): void {
  const { kind, mode, satp, status: bits = 0n } = by;
  const step = { mode, satp, status: bits };
  if (kind === "fetch") {
    const expected: Expected =
      fault === undefined ? { cause: CALL[mode], tval: 0n } : { cause: fault, tval: virtual };
    s.step(what, { ...step, pc: virtual }, { ...expected, epc: virtual });
    return;
  }
  const pc = codeFor(mode, codeOf(s, kind));
  const offset = kind === "store" ? STORE_OFFSET : 8n;
  const address = kind === "store" ? virtual : virtual + 8n;
  const done: Expected = {
    cause: CALL[mode],
    ...(kind === "load" || kind === "lr" || kind === "amo" ? { a1: PATTERN } : {}),
  };
  const failed: Expected = { cause: fault ?? 0n, epc: pc, tval: virtual + offset, a1: 1n };
  s.step(
    what,
    { ...step, pc, a: [address, 1n, kind === "store" ? WRITTEN : PATTERN] },
    fault === undefined ? done : failed,
  );
}

/** Every subset of some letters. */
const subsets = (letters: string): string[] =>
  [...letters].reduce((all, letter) => all.flatMap((s) => [s, s + letter]), [""]);

describe("permissions", () => {
  const modes = [
    ["U", ""],
    ["U", "mxr"],
    ["U", "sum"],
    ["S", ""],
    ["S", "sum"],
    ["S", "mxr"],
    ["S", "sum mxr"],
  ] as const;

  /** Steps 2 to 7 of the algorithm for a level-0 entry, with Svade. */
  function allowed(letters: string, kind: Kind, mode: "U" | "S", switches: string): boolean {
    const has = (letter: string) => letters.includes(letter);
    if (!has("v") || (has("w") && !has("r")) || !(has("r") || has("x"))) return false;
    const { needs } = KINDS[kind];
    const right = has(needs) || (needs === "r" && switches.includes("mxr") && has("x"));
    const reachable = mode === "U" ? has("u") : !has("u") || (switches.includes("sum") && needs !== "x");
    return right && reachable && has("a") && (needs !== "w" || has("d"));
  }

  for (const kinds of [
    ["load", "store", "fetch"],
    ["lr", "sc", "amo"],
  ] as const) {
    session(`${kinds.join(", ")}: every combination of bits, mode, SUM and MXR`, (s) => {
      const space = codeSpace(s, "sv39", 1);
      dataPage(s, DATA);
      subsets("vrwxuad").forEach((letters, i) => {
        const virtual = 0x1000_0000n + BigInt(i) * PAGE;
        space.map(virtual, DATA, letters);
        if (!letters.includes("v") && letters !== "rwxuad") return;
        for (const [mode, switches] of modes) {
          const bits =
            (switches.includes("sum") ? status.SUM : 0n) | (switches.includes("mxr") ? status.MXR : 0n);
          for (const kind of kinds) {
            const fault = allowed(letters, kind, mode, switches) ? undefined : KINDS[kind].page;
            const by = { kind, mode, satp: space.satp, status: bits };
            access(s, `${kind} ${letters} from ${mode} ${switches}`, by, virtual, fault);
          }
        }
      });
    });
  }

  session("MPRV: loads and stores as MPP, fetches as M (3.1.6.3)", (s) => {
    const space = codeSpace(s, "sv39", 1);
    s.image.put64(DATA, PATTERN);
    const supervisor = 0x1000_0000n;
    const user = 0x1000_1000n;
    const executable = 0x1000_2000n;
    space.map(supervisor, DATA, "vrwad");
    space.map(user, DATA, "vrwuad");
    space.map(executable, DATA, "vxad");
    const S = 1n << 11n;
    const M = 3n << 11n;
    const load = s.code((a) => a.csrs("mstatus", reg.a1).op("ld", { rd: reg.a2, rs1: reg.a0 }));
    const store = s.code((a) => a.csrs("mstatus", reg.a1).op("sd", { rs1: reg.a0, rs2: reg.a2 }));
    const at = (what: string, pc: bigint, address: bigint, bits: bigint, expected: Expected) =>
      s.step(what, { pc, satp: space.satp, a: [address, bits, PATTERN] }, { ...expected, mpp: 3n });
    const good = { cause: cause.machineCall, a2: PATTERN };
    const fails = (c: bigint, tval: bigint) => ({ cause: c, tval, epc: load + 4n });
    at("S reads its page", load, supervisor, status.MPRV | S, good);
    at("S reads a user page", load, user, status.MPRV | S, fails(cause.loadPage, user));
    at("S reads a user page with SUM", load, user, status.MPRV | S | status.SUM, good);
    at("S reads an executable page", load, executable, status.MPRV | S, fails(cause.loadPage, executable));
    at("S reads an executable page with MXR", load, executable, status.MPRV | S | status.MXR, good);
    at("U reads its page", load, user, status.MPRV, good);
    at("U reads a supervisor page", load, supervisor, status.MPRV, fails(cause.loadPage, supervisor));
    at(
      "U reads a supervisor page with SUM",
      load,
      supervisor,
      status.MPRV | status.SUM,
      fails(cause.loadPage, supervisor),
    );
    at("M reads untranslated", load, DATA, status.MPRV | M, good);
    at("M reads nowhere", load, NOWHERE, status.MPRV | M, fails(cause.loadAccess, NOWHERE));
    at("without MPRV", load, DATA, S, good);
    at("S stores", store, supervisor, status.MPRV | S, { cause: cause.machineCall });
    at("U stores", store, supervisor, status.MPRV, {
      ...fails(cause.storePage, supervisor),
      epc: store + 4n,
    });
  });

  session("take effect with mstatus at once, whatever the TLB holds", (s) => {
    const space = codeSpace(s, "sv39", 1);
    dataPage(s, DATA);
    space.map(0x1000_0000n, DATA, "vrwuad");
    const { satp } = space;
    const both = s.code((a) =>
      a
        .csrs("sstatus", reg.a1)
        .op("ld", { rd: reg.a2, rs1: reg.a0 })
        .csrc("sstatus", reg.a1)
        .op("ld", { rd: reg.a3, rs1: reg.a0 }),
    );
    s.step(
      "SUM on, then off",
      { mode: "S", pc: both, satp, a: [0x1000_0008n, status.SUM] },
      { cause: cause.loadPage, a2: PATTERN, a3: 0n, epc: both + 12n },
    );
    access(s, "U", { kind: "load", mode: "U", satp }, 0x1000_0000n, undefined);
    access(s, "S after U", { kind: "load", mode: "S", satp }, 0x1000_0000n, cause.loadPage);
    access(s, "U after S", { kind: "store", mode: "U", satp }, 0x1000_0000n, undefined);
  });
});

describe.each(Object.keys(MODES) as Mode[])("%s", (mode) => {
  const { levels } = MODES[mode];
  const kinds = ["load", "store", "fetch"] as const;
  const allLevels = Array.from({ length: levels }, (_, level) => level);
  const sizeOf = (level: number) => 1n << BigInt(12 + 9 * level);
  /** A virtual address whose leaf is at a level, apart from the code; `n` tells several apart. */
  const virtualAt = (level: number, n = 0) =>
    (level >= 2 ? 0n : BigInt(250 + level) << 30n) + BigInt(5 + n) * sizeOf(level);
  /** The aligned page of a level that holds DATA, and DATA's place in it. */
  const frameOf = (level: number) => DATA - (DATA % sizeOf(level));

  session("leaves at every level", (s) => {
    const space = codeSpace(s, mode, 1);
    dataPage(s, DATA);
    for (const level of allLevels) {
      const offset = DATA - frameOf(level);
      const virtual = virtualAt(level);
      space.map(virtual, frameOf(level), "vrwxad", level);
      for (const kind of kinds) {
        const by = { kind, mode: "S", satp: space.satp } as const;
        access(s, `${kind}, level ${level}`, by, virtual + offset, undefined);
      }
      // RSW is for software, G for the TLB: neither changes what is allowed.
      const other = virtualAt(level, 1);
      space.set(other, pte(frameOf(level), "vrwxgad") | (3n << 8n), level);
      access(
        s,
        `RSW and G, level ${level}`,
        { kind: "load", mode: "S", satp: space.satp },
        other + offset,
        undefined,
      );
      // The last byte of a page translates like its first.
      const last = s.snippet("lbu", (a) => a.op("lbu", { rd: reg.a1, rs1: reg.a0 }));
      s.step(
        `last byte, level ${level}`,
        { mode: "S", pc: last, satp: space.satp, a: [virtual + offset + 15n] },
        { a1: 0x11n, cause: cause.supervisorCall },
      );
      const beyond = virtual + sizeOf(level) * 9n;
      access(
        s,
        `unmapped, level ${level}`,
        { kind: "load", mode: "S", satp: space.satp },
        beyond,
        cause.loadPage,
      );
    }
  });

  session("entries that fault, at every level", (s) => {
    const space = codeSpace(s, mode, 1);
    dataPage(s, DATA);
    for (const level of allLevels) {
      let n = 0;
      const faulty = (what: string, entry: bigint, tested: readonly Kind[] = ["load"]) => {
        const virtual = virtualAt(level, n++);
        space.set(virtual, entry, level);
        for (const kind of tested) {
          const by = { kind, mode: "S", satp: space.satp } as const;
          access(
            s,
            `${kind}: ${what}, level ${level}`,
            by,
            virtual + DATA - frameOf(level),
            KINDS[kind].page,
          );
        }
      };
      const frame = frameOf(level);
      faulty("V clear", pte(frame, "rwxad"), kinds);
      faulty("W without R", pte(frame, "vwad"), kinds);
      faulty("W and X without R", pte(frame, "vwxad"), kinds);
      faulty("A clear", pte(frame, "vrwxd"), kinds);
      faulty("D clear", pte(frame, "vrwxa"), ["store"]);
      // Reserved (4.3.1): bits 60 to 54, memory type 3, and N without the size of a 64 KiB page.
      for (let bit = 54n; bit <= 60n; bit++) faulty(`bit ${bit}`, pte(frame, "vrwxad") | (1n << bit));
      faulty("memory type 3", pte(frame, "vrwxad") | (3n << 61n));
      faulty("N without a size", pte(frame, "vrwxad") | (1n << 63n));
      // A superpage has zeros below its level's part of the PPN (step 6).
      for (let bit = 0; bit < 9 * level; bit += bit === 0 || level === 0 ? 9 * level - 1 : 1) {
        faulty(`misaligned by PPN bit ${bit}`, pte(frame, "vrwxad") | (1n << BigInt(10 + bit)), kinds);
      }
      if (level === 0) {
        faulty("pointer at the last level", pte(DATA, "v"), kinds);
        continue;
      }
      // Below the entry stands a good table: only the entry itself is at fault.
      const table = s.tables.take();
      for (let i = 0n; i < 512n; i++) s.image.put64(table + i * 8n, pte(frameOf(level - 1), "vrwxad"));
      for (const letter of "aud") faulty(`pointer with ${letter} set`, pte(table, `v${letter}`), kinds);
      for (let bit = 54n; bit <= 63n; bit++) faulty(`pointer with bit ${bit}`, pte(table, "v") | (1n << bit));
      faulty("pointer with V clear", pte(table, ""));
    }
  });

  session("tables and pages that lie nowhere raise access faults of the access's own kind", (s) => {
    const space = codeSpace(s, mode, 1);
    for (const kind of kinds) {
      for (const level of allLevels.slice(1)) {
        const virtual = virtualAt(level);
        space.map(virtual, NOWHERE, "v", level);
        const by = { kind, mode: "S", satp: space.satp } as const;
        access(s, `${kind}: table for level ${level - 1}`, by, virtual, KINDS[kind].access);
      }
      space.map(virtualAt(0), NOWHERE, "vrwxad");
      access(s, `${kind}: page`, { kind, mode: "S", satp: space.satp }, virtualAt(0), KINDS[kind].access);
      space.map(virtualAt(0, 1), 1n << 55n, "vrwxad");
      access(
        s,
        `${kind}: page above 4 GiB`,
        { kind, mode: "S", satp: space.satp },
        virtualAt(0, 1),
        KINDS[kind].access,
      );
    }
    const rootless = (MODES[mode].number << 60n) | (NOWHERE >> 12n);
    const ecall = s.snippet("ecall", () => {});
    s.step(
      "no root",
      { mode: "S", pc: ecall, satp: rootless },
      { cause: cause.instructionAccess, epc: ecall, tval: ecall },
    );
  });

  session("addresses that are not sign-extended", (s) => {
    const space = codeSpace(s, mode, 1);
    dataPage(s, DATA);
    const bits = 12n + 9n * BigInt(levels);
    const low = virtualAt(0);
    const high = -(1n << (bits - 1n)) + PAGE;
    space.map(low, DATA, "vrwxad");
    space.map(high, DATA, "vrwxad");
    const by = (kind: Kind) => ({ kind, mode: "S", satp: space.satp }) as const;
    for (const kind of kinds) {
      access(s, `${kind}: lower half`, by(kind), low, undefined);
      access(s, `${kind}: upper half`, by(kind), BigInt.asUintN(64, high), undefined);
      for (let bit = bits - 1n; bit < 64n; bit++) {
        const wrong = low | (1n << bit);
        access(s, `${kind}: bit ${bit} set`, by(kind), wrong, KINDS[kind].page);
        if (bit === bits - 1n) continue;
        const cleared = BigInt.asUintN(64, high) & ~(1n << bit);
        access(s, `${kind}: bit ${bit} clear`, by(kind), cleared, KINDS[kind].page);
      }
    }
  });
});

describe("accesses that cross a page", () => {
  const FIRST = 0x1000_0000n;
  const SECOND = FIRST + PAGE;

  session("loads and stores", (s) => {
    const space = codeSpace(s, "sv39", 1);
    // Two pages that are neighbours in virtual memory only.
    space.map(FIRST, DATA, "vrwad");
    space.map(SECOND, DATA + 4n * PAGE, "vrwad");
    space.map(SECOND + 2n * PAGE, DATA, "vrwad");
    space.map(SECOND + 4n * PAGE, DATA, "vrad");
    s.image.put64(DATA + PAGE - 8n, 0x0807_0605_0403_0201n);
    s.image.put64(DATA + 4n * PAGE, 0x1817_1615_1413_1211n);
    const { satp } = space;
    for (const [name, bytes, value] of [
      ["lhu", 2n, 0x1108n],
      ["lw", 4n, 0x1312_1108n],
      ["ld", 8n, 0x1716_1514_1312_1108n],
    ] as const) {
      const pc = s.snippet(name, (a) => a.op(name, { rd: reg.a1, rs1: reg.a0 }));
      s.step(name, { mode: "S", pc, satp, a: [SECOND - 1n] }, { cause: cause.supervisorCall, a1: value });
      const second = SECOND + PAGE;
      s.step(
        `${name}, second page absent`,
        { mode: "S", pc, satp, a: [second - bytes + 1n] },
        { cause: cause.loadPage, tval: second },
      );
      const first = SECOND + 2n * PAGE - 1n;
      s.step(
        `${name}, first page absent`,
        { mode: "S", pc, satp, a: [first] },
        { cause: cause.loadPage, tval: first },
      );
    }
    const sd = s.snippet("sd", (a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1 }));
    const value = 0xa8a7_a6a5_a4a3_a2a1n;
    s.step("sd", { mode: "S", pc: sd, satp, a: [SECOND - 3n, value] }, { cause: cause.supervisorCall });
    s.peek("its low bytes", DATA + PAGE - 8n, 0xa3a2_a105_0403_0201n);
    s.peek("its high bytes", DATA + 4n * PAGE, 0x1817_16a8_a7a6_a5a4n);
    // The second page is read-only or absent: nothing is stored to the first.
    const readOnly = SECOND + 4n * PAGE;
    s.step(
      "sd, second page absent",
      { mode: "S", pc: sd, satp, a: [SECOND + PAGE - 4n, -1n] },
      { cause: cause.storePage, tval: SECOND + PAGE },
    );
    space.map(readOnly - PAGE, DATA, "vrwad");
    s.step(
      "sd, second page read-only",
      { mode: "S", pc: sd, satp, a: [readOnly - 4n, -1n] },
      { cause: cause.storePage, tval: readOnly },
    );
    s.peek("nothing stored", DATA + PAGE - 8n, 0xa3a2_a105_0403_0201n);
    s.peek("nothing stored either", DATA + 5n * PAGE - 8n, 0n);
  });

  session("instructions", (s) => {
    const space = codeSpace(s, "sv39", 1);
    const [first, second, third] = [DATA, DATA + 4n * PAGE, DATA + 8n * PAGE];
    space.map(FIRST, first, "vxad");
    space.map(SECOND, second, "vxad");
    space.map(SECOND + PAGE, third, "vxad");
    space.map(SECOND + 2n * PAGE, third, "vrad");
    space.map(SECOND + 4n * PAGE, first, "vxad");
    space.map(SECOND + 5n * PAGE, NOWHERE, "vxad");
    // addi a0, a0, 1, halved, at the end of two of the pages; its other half and an ecall on the next.
    for (const page of [first, third]) s.codeAt(page + PAGE - 2n, (a) => a.word(0x0513, 2));
    s.codeAt(second, (a) => a.word(0x0015, 2).op("ecall"));
    const { satp } = space;
    const crossing = SECOND - 2n;
    s.step(
      "both pages there",
      { mode: "S", pc: crossing, satp, a: [41n] },
      { cause: cause.supervisorCall, a0: 42n, epc: SECOND + 2n },
    );
    const absent = SECOND + 3n * PAGE;
    const last = SECOND + 2n * PAGE;
    s.step(
      "second page not executable",
      { mode: "S", pc: last - 2n, satp, a: [41n] },
      {
        cause: cause.instructionPage,
        epc: last - 2n,
        tval: last,
        a0: 41n,
      },
    );
    s.step(
      "first page not executable",
      { mode: "S", pc: absent - 2n, satp },
      { cause: cause.instructionPage, epc: absent - 2n, tval: absent - 2n },
    );
    const nowhere = SECOND + 5n * PAGE;
    s.step(
      "second page nowhere",
      { mode: "S", pc: nowhere - 2n, satp },
      { cause: cause.instructionAccess, epc: nowhere - 2n, tval: nowhere },
    );
    // A compressed instruction at the very end does not need the next page.
    s.codeAt(second + PAGE - 2n, (a) => a.op("c.ebreak"));
    s.step(
      "compressed at the end",
      { mode: "S", pc: SECOND + PAGE - 2n, satp },
      { cause: cause.breakpoint, epc: SECOND + PAGE - 2n },
    );
  });
});

describe("satp", () => {
  session("takes its fields, and nothing when MODE is unsupported (4.1.11)", (s) => {
    const root = (DATA >> 12n) | (0xabcdn << 44n);
    const write = s.code((a) => a.csrw("satp", reg.a0).csrw("satp", reg.a1).csrr(reg.a2, "satp"));
    for (let mode = 0n; mode < 16n; mode++) {
      const value = (mode << 60n) | root;
      const supported = mode === 0n || (mode >= 8n && mode <= 10n);
      const before = (8n << 60n) | 5n;
      s.step(`mode ${mode}`, { pc: write, a: [before, value] }, { a2: supported ? value : before });
    }
  });
  session(
    "knows no Sv57 where the processor has none",
    (s) => {
      const write = s.code((a) => a.csrw("satp", reg.a0).csrw("satp", reg.a1).csrr(reg.a2, "satp"));
      const before = (9n << 60n) | 5n;
      s.step("sv57", { pc: write, a: [before, (10n << 60n) | 7n] }, { a2: before });
      s.step("sv39", { pc: write, a: [before, (8n << 60n) | 7n] }, { a2: (8n << 60n) | 7n });
    },
    { cpu: parseCpu("sv48") },
  );
});

describe("Svadu", () => {
  const ADUE = 1n << 61n;
  const VIRTUAL = 0x1000_0000n;

  session(
    "sets A and D where menvcfg.ADUE is set",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      dataPage(s, DATA);
      const { satp } = space;
      const kinds = Object.keys(KINDS) as Kind[];
      for (const [round, adue] of [0n, ADUE].entries()) {
        s.writeCsr("menvcfg", adue, adue);
        kinds.forEach((kind, i) => {
          const virtual = VIRTUAL + BigInt(round * 64 + i) * PAGE;
          const entry = space.map(virtual, DATA, "vrwx");
          const fault = adue === 0n ? KINDS[kind].page : undefined;
          access(s, `${kind}, ADUE ${adue}`, { kind, mode: "S", satp }, virtual, fault);
          const set = adue === 0n ? "" : KINDS[kind].needs === "w" ? "ad" : "a";
          s.peek(`entry after ${kind}, ADUE ${adue}`, entry, pte(DATA, `vrwx${set}`));
        });
      }
    },
    { cpu: { svadu: true } },
  );

  session(
    "sets D at the first store after a load, and nothing where the access faults",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      dataPage(s, DATA);
      const { satp } = space;
      s.writeCsr("menvcfg", ADUE);
      const entry = space.map(VIRTUAL, DATA, "vrw");
      access(s, "load", { kind: "load", mode: "S", satp }, VIRTUAL, undefined);
      s.peek("after the load", entry, pte(DATA, "vrwa"));
      access(s, "store", { kind: "store", mode: "S", satp }, VIRTUAL, undefined);
      s.peek("after the store", entry, pte(DATA, "vrwad"));
      const readOnly = space.map(VIRTUAL + PAGE, DATA, "vr");
      access(
        s,
        "store to a read-only page",
        { kind: "store", mode: "S", satp },
        VIRTUAL + PAGE,
        cause.storePage,
      );
      access(s, "load as user", { kind: "load", mode: "U", satp }, VIRTUAL + PAGE, cause.loadPage);
      s.peek("nothing set", readOnly, pte(DATA, "vr"));
      const megapage = space.map(0x4000_0000n, DATA, "vrw", 1);
      access(s, "store to a superpage", { kind: "store", mode: "S", satp }, 0x4000_0000n, undefined);
      s.peek("superpage", megapage, pte(DATA, "vrwad"));
      const misaligned = space.set(0x4020_0000n, pte(DATA + PAGE, "vrw"), 1);
      access(s, "misaligned superpage", { kind: "load", mode: "S", satp }, 0x4020_0000n, cause.loadPage);
      s.peek("misaligned superpage untouched", misaligned, pte(DATA + PAGE, "vrw"));
    },
    { cpu: { svadu: true } },
  );

  session(
    "is on from the start, for kernels that know nothing of it",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      const entry = space.map(VIRTUAL, DATA, "vrw");
      access(s, "store", { kind: "store", mode: "S", satp: space.satp }, VIRTUAL, undefined);
      s.peek("entry", entry, pte(DATA, "vrwad"));
    },
    { cpu: { svadu: true } },
  );

  session("is not there unless the processor has it", (s) => {
    s.writeCsr("menvcfg", ADUE, 0n);
    const space = codeSpace(s, "sv39", 1);
    space.map(VIRTUAL, DATA, "vrwx");
    access(s, "load", { kind: "load", mode: "S", satp: space.satp }, VIRTUAL, cause.loadPage);
  });
});

/** Keeps the letters honest: the bits of 4.3.1, figure 4.18. */
session("flag letters", (s) => {
  s.image.put64(DATA, flags("vrwxugad"));
  s.peek("all of them", DATA, 0xffn);
});
