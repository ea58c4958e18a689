/** Physical memory protection (privileged 3.7). */
import { describe } from "vitest";
import { pte } from "./guest/address-space.ts";
import { reg } from "./guest/assembler.ts";
import { codeSpace } from "./guest/mapped.ts";
import type { PrivilegeMode, Session } from "./guest/session.ts";
import { cause, DATA, session, status } from "./guest/session.ts";

const [R, W, X, L] = [1n, 2n, 4n, 0x80n];
const [TOR, NA4, NAPOT] = [1n << 3n, 2n << 3n, 3n << 3n];
const ALL = R | W | X;
const EVERYWHERE = (1n << 54n) - 1n;
const PAGE = 4096n;
const CALL = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };

/** pmpaddr of a naturally aligned power of two (table 3.11). */
const napot = (address: bigint, bytes: bigint) => (address >> 2n) | (bytes / 8n - 1n);

/** Sets up all entries, the first first; those not given are off. */
function protect(s: Session, entries: readonly (readonly [config: bigint, address: bigint])[]): void {
  let [low, high] = [0n, 0n];
  entries.forEach(([config, address], i) => {
    s.writeCsr(`pmpaddr${i}`, address);
    if (i < 8) low |= config << BigInt(8 * i);
    else high |= config << BigInt(8 * (i - 8));
  });
  s.writeCsr("pmpcfg0", low, low);
  s.writeCsr("pmpcfg2", high, high);
}

type Kind = "load" | "store" | "fetch";
const FAULT = { load: cause.loadAccess, store: cause.storeAccess, fetch: cause.instructionAccess };
const NAMES = { 1: ["lbu", "sb"], 2: ["lhu", "sh"], 4: ["lwu", "sw"], 8: ["ld", "sd"] } as const;

function tries(
  s: Session,
  what: string,
  mode: PrivilegeMode,
  kind: Kind,
  address: bigint,
  allowed: boolean,
  bytes: 1 | 2 | 4 | 8 = 8,
): void {
  const title = `${what}: ${kind} ${bytes} at ${address.toString(16)} in ${mode}`;
  const expected = allowed ? { cause: CALL[mode] } : { cause: FAULT[kind], tval: address };
  if (kind === "fetch") {
    s.step(title, { mode, pc: address }, { ...expected, epc: address });
    return;
  }
  const [load, store] = NAMES[bytes];
  const name = kind === "load" ? load : store;
  const pc = s.snippet(name, (a) => a.op(name, { rd: reg.a1, rs1: reg.a0, rs2: reg.a2 }));
  s.step(title, { mode, pc, a: [address] }, expected);
}

/** Code pages that S and U may execute, so that what is tested is the data's protection. */
const CODE_ENTRY = [NAPOT | X, napot(DATA - 0x20_0000n, 0x1_0000n)] as const;

describe("PMP", () => {
  session(
    "denies S and U everything while no entry matches, M nothing",
    (s) => {
      const ecall = s.snippet("ecall", () => {});
      s.step("S", { mode: "S", pc: ecall }, { cause: cause.instructionAccess, epc: ecall, tval: ecall });
      s.step("U", { mode: "U", pc: ecall }, { cause: cause.instructionAccess, epc: ecall, tval: ecall });
      s.step("M", { mode: "M", pc: ecall }, { cause: cause.machineCall });
      protect(s, [CODE_ENTRY]);
      for (const mode of ["S", "U"] as const) tries(s, "no entry", mode, "load", DATA, false);
      tries(s, "no entry", "M", "load", DATA, true);
    },
    { openMemory: false },
  );

  session(
    "permissions: every combination, locked and not",
    (s) => {
      s.codeAt(DATA, (a) => a.op("ecall"));
      for (let permissions = 0n; permissions < 8n; permissions++) {
        // W without R is reserved; it reads back as no permission at all.
        const legal = (permissions & (R | W)) !== W;
        protect(s, [[0n, 0n], CODE_ENTRY]);
        s.writeCsr("pmpaddr0", napot(DATA, PAGE));
        const config = NAPOT | permissions;
        s.writeCsr(
          "pmpcfg0",
          config | (CODE_ENTRY[0] << 8n),
          (legal ? config : NAPOT) | (CODE_ENTRY[0] << 8n),
        );
        const may = (bit: bigint) => legal && (permissions & bit) !== 0n;
        for (const mode of ["U", "S", "M"] as const) {
          const about = `permissions ${permissions}`;
          tries(s, about, mode, "load", DATA + 8n, mode === "M" || may(R));
          tries(s, about, mode, "store", DATA + 16n, mode === "M" || may(W));
          tries(s, about, mode, "fetch", DATA, mode === "M" || may(X));
        }
      }
      // A locked entry binds M-mode too, and stays (3.7.1).
      protect(s, [[NAPOT | R | L, napot(DATA, PAGE)], CODE_ENTRY]);
      for (const mode of ["U", "S", "M"] as const) {
        tries(s, "locked", mode, "load", DATA + 8n, true);
        tries(s, "locked", mode, "store", DATA + 16n, false);
        tries(s, "locked", mode, "fetch", DATA, false);
      }
      s.writeCsr("pmpaddr0", 0n, napot(DATA, PAGE));
      s.writeCsr("pmpcfg0", (NAPOT | ALL) * 0x101n, ((NAPOT | ALL) << 8n) | NAPOT | R | L);
      tries(s, "still locked", "M", "store", DATA, false);
    },
    { openMemory: false },
  );

  session("locking a TOR entry locks the address below it, an entry that is off included", (s) => {
    s.writeCsr("pmpaddr3", 0x111n, 0x111n);
    s.writeCsr("pmpaddr4", 0x222n, 0x222n);
    s.writeCsr("pmpaddr6", 0x666n, 0x666n);
    s.writeCsr("pmpcfg0", 0x1fn | ((TOR | L) << 32n) | (L << 48n), 0x1fn | ((TOR | L) << 32n) | (L << 48n));
    s.writeCsr("pmpaddr3", 1n, 0x111n);
    s.writeCsr("pmpaddr4", 1n, 0x222n);
    s.writeCsr("pmpaddr6", 1n, 0x666n);
    // Below an off entry, even a locked one, the address can be written; so it can above a locked one.
    s.writeCsr("pmpaddr5", 1n, 1n);
    s.writeCsr("pmpaddr7", 1n, 1n);
    s.writeCsr("pmpaddr2", 1n, 1n);
    // Addresses have 54 bits; A, L, X, W and R are all there is of a configuration.
    s.writeCsr("pmpaddr7", -1n, EVERYWHERE);
    s.writeCsr("pmpcfg2", -1n, 0x9f9f_9f9f_9f9f_9f9fn);
  });

  session(
    "ranges end where TOR, NA4 and NAPOT say",
    (s) => {
      const inside = (what: string, from: bigint, to: bigint) => {
        for (const mode of ["U", "S"] as const) {
          tries(s, what, mode, "load", from, true, 4);
          if (to - from > 4n) tries(s, what, mode, "load", to - 4n, true, 4);
          tries(s, what, mode, "load", from - 4n, false, 4);
          tries(s, what, mode, "load", to, false, 4);
          tries(s, what, mode, "store", from, false, 4);
        }
      };
      protect(s, [CODE_ENTRY, [NA4 | R, (DATA + 0x100n) >> 2n]]);
      inside("NA4", DATA + 0x100n, DATA + 0x104n);
      for (const bytes of [8n, 16n, 64n, PAGE, 0x10_0000n]) {
        protect(s, [CODE_ENTRY, [NAPOT | R, napot(DATA, bytes)]]);
        inside(`NAPOT of ${bytes}`, DATA, DATA + bytes);
      }
      protect(s, [CODE_ENTRY, [0n, (DATA + 0x104n) >> 2n], [TOR | R, (DATA + 0x20cn) >> 2n]]);
      inside("TOR", DATA + 0x104n, DATA + 0x20cn);
      // The entry below is a range of its own and a bottom.
      protect(s, [CODE_ENTRY, [NA4, (DATA + 0x100n) >> 2n], [TOR | R, (DATA + 0x200n) >> 2n]]);
      tries(s, "TOR above NA4", "S", "load", DATA + 0x100n, false, 4);
      tries(s, "TOR above NA4", "S", "load", DATA + 0x104n, true, 4);
      // Entry 0 begins at address 0.
      protect(s, [[TOR | R | X, (DATA + 8n) >> 2n]]);
      tries(s, "TOR first", "S", "load", DATA, true);
      tries(s, "TOR first", "S", "load", DATA + 8n, false);
      protect(s, [[NAPOT | ALL, EVERYWHERE]]);
      tries(s, "everywhere", "S", "store", DATA, true);
    },
    { openMemory: false },
  );

  session(
    "the first entry that matches any byte decides, and must match all of them",
    (s) => {
      const deny = [NA4, (DATA + 4n) >> 2n] as const;
      const allow = [NAPOT | ALL, EVERYWHERE] as const;
      protect(s, [deny, allow]);
      tries(s, "deny first", "S", "load", DATA, true, 4);
      tries(s, "deny first", "S", "load", DATA + 4n, false, 4);
      tries(s, "deny first", "S", "load", DATA, false, 8);
      tries(s, "deny first", "S", "load", DATA + 1n, true, 2);
      protect(s, [allow, deny]);
      tries(s, "allow first", "S", "load", DATA, true, 8);
      tries(s, "allow first", "S", "load", DATA + 4n, true, 4);
      // An access that an entry matches in part fails, whatever its permissions, and in M-mode too.
      protect(s, [[NA4 | ALL, (DATA + 4n) >> 2n], allow]);
      tries(s, "partial", "S", "load", DATA, false, 8);
      tries(s, "partial", "U", "store", DATA, false, 8);
      tries(s, "partial", "M", "load", DATA, false, 8);
      tries(s, "partial", "M", "load", DATA + 4n, true, 4);
      // A range that ends where it begins, or before, matches nothing.
      protect(s, [[0n, (DATA + 4n) >> 2n], [TOR, (DATA + 4n) >> 2n], allow]);
      tries(s, "empty", "S", "load", DATA, true, 8);
      protect(s, [[0n, (DATA + 8n) >> 2n], [TOR, (DATA + 4n) >> 2n], allow]);
      tries(s, "backwards", "S", "load", DATA, true, 8);
      tries(s, "backwards", "S", "load", DATA + 4n, true, 4);
      // All sixteen entries take part.
      const off = Array.from({ length: 14 }, () => [0n, 0n] as const);
      protect(s, [
        ...off,
        [NAPOT | X | R, napot(DATA - 0x20_0000n, 0x10_0000n)],
        [NAPOT | R, napot(DATA, PAGE)],
      ]);
      tries(s, "entry 15", "S", "load", DATA, true);
      tries(s, "entry 15", "S", "store", DATA, false);
    },
    { openMemory: false },
  );

  session(
    "a misaligned access is protected byte by byte, and faults on the first one denied",
    (s) => {
      const allow = [NAPOT | ALL, EVERYWHERE] as const;
      const denied = (what: string, name: "ld" | "sd", from: bigint, tval: bigint) => {
        const pc = s.snippet(name, (a) => a.op(name, { rd: reg.a1, rs1: reg.a0, rs2: reg.a2 }));
        const fault = name === "ld" ? cause.loadAccess : cause.storeAccess;
        s.step(
          `${what}: ${name} at ${from.toString(16)}`,
          { mode: "S", pc, a: [from, 0n, -1n] },
          { cause: fault, tval },
        );
      };
      for (const edge of [DATA + 8n, DATA + PAGE]) {
        protect(s, [[NA4 | ALL, edge >> 2n], allow]);
        for (const from of [edge - 7n, edge - 2n, edge + 3n]) {
          tries(s, "allowed by two entries", "S", "store", from, true);
          tries(s, "allowed by two entries", "S", "load", from, true);
        }
        tries(s, "an aligned access needs one entry", "S", "store", edge, false);
        s.poke(edge - 8n, 0x1122334455667788n);
        protect(s, [[NA4, edge >> 2n], allow]);
        denied("from before", "sd", edge - 7n, edge);
        denied("from before", "ld", edge - 7n, edge);
        denied("from within", "sd", edge + 1n, edge + 1n);
        s.peek(`nothing stored before ${edge.toString(16)}`, edge - 8n, 0x1122334455667788n);
        protect(s, [[NA4, (edge + 4n) >> 2n], allow]);
        denied("the end", "sd", edge - 2n, edge + 4n);
        denied("the end", "ld", edge - 2n, edge + 4n);
      }
    },
    { openMemory: false },
  );

  session(
    "an instruction half of which may not be executed",
    (s) => {
      const at = DATA + 0x102n;
      s.codeAt(at, (a) => a.op("ecall"));
      protect(s, [CODE_ENTRY, [NA4 | X, (DATA + 0x100n) >> 2n], [NA4, (DATA + 0x104n) >> 2n]]);
      s.step(
        "second half",
        { mode: "S", pc: at },
        { cause: cause.instructionAccess, epc: at, tval: at + 2n },
      );
      protect(s, [CODE_ENTRY, [NA4, (DATA + 0x100n) >> 2n], [NA4 | X, (DATA + 0x104n) >> 2n]]);
      s.step("first half", { mode: "S", pc: at }, { cause: cause.instructionAccess, epc: at, tval: at });
      protect(s, [CODE_ENTRY, [NA4 | X, (DATA + 0x100n) >> 2n], [NA4 | X, (DATA + 0x104n) >> 2n]]);
      s.step("both allowed", { mode: "S", pc: at }, { cause: cause.supervisorCall, epc: at });
    },
    { openMemory: false },
  );

  session("guards page tables as the supervisor's data, with the fault of the access itself (3.7.2)", (s) => {
    const space = codeSpace(s, "sv39", 1);
    const entry = space.map(0x1000_0000n, DATA, "vrwxuad");
    const table = entry & ~0xfffn;
    s.codeAt(DATA, (a) => a.op("ecall"));
    const { satp } = space;
    const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
    const store = s.code((a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1, immediate: 64 }));
    const a = [0x1000_0000n];
    const bits = status.SUM;
    const sfence = s.code((b) => b.op("sfence.vma"));
    const shut = (config: bigint) => {
      protect(s, [
        [NAPOT | config, napot(table, PAGE)],
        [NAPOT | ALL, EVERYWHERE],
      ]);
      s.step(`fence after ${config}`, { pc: sfence }, {});
    };
    const attempts = (what: string, allowed: boolean) => {
      const page = { tval: 0x1000_0000n };
      s.step(
        `${what}: load`,
        { mode: "S", pc: load, satp, a, status: bits },
        allowed ? { cause: cause.supervisorCall } : { cause: cause.loadAccess, ...page },
      );
      s.step(
        `${what}: store`,
        { mode: "S", pc: store, satp, a, status: bits },
        allowed ? { cause: cause.supervisorCall } : { cause: cause.storeAccess, tval: 0x1000_0040n },
      );
      s.step(
        `${what}: fetch`,
        { mode: "U", pc: 0x1000_0000n, satp },
        allowed ? { cause: cause.userCall } : { cause: cause.instructionAccess, ...page },
      );
      const mprv = s.snippet("mprv", (b) => b.csrs("mstatus", reg.a1).op("ld", { rd: reg.a2, rs1: reg.a0 }));
      const asSupervisor = status.MPRV | (1n << 11n) | status.SUM;
      s.step(
        `${what}: load as S`,
        { pc: mprv, satp, a: [...a, asSupervisor] },
        allowed ? { cause: cause.machineCall } : { cause: cause.loadAccess, ...page },
      );
    };
    shut(0n);
    attempts("tables closed", false);
    shut(R);
    attempts("tables readable", true);
    shut(X);
    attempts("tables executable only", false);
  });

  session(
    "must allow the update of A and D",
    (s) => {
      const space = codeSpace(s, "sv39", 1);
      const entry = space.map(0x1000_0000n, DATA, "vrw");
      s.writeCsr("menvcfg", 1n << 61n);
      protect(s, [
        [NAPOT | R, napot(entry & ~0xfffn, PAGE)],
        [NAPOT | ALL, EVERYWHERE],
      ]);
      const load = s.code((a) => a.op("ld", { rd: reg.a1, rs1: reg.a0 }));
      const step = { mode: "S", pc: load, satp: space.satp, a: [0x1000_0000n] } as const;
      s.step("read-only table", step, { cause: cause.loadAccess, tval: 0x1000_0000n });
      s.peek("untouched", entry, pte(DATA, "vrw"));
    },
    { cpu: { svadu: true } },
  );

  session("applies to loads and stores by MPRV's mode", (s) => {
    protect(s, [
      [NAPOT | R, napot(DATA, PAGE)],
      [NAPOT | ALL, EVERYWHERE],
    ]);
    const store = s.code((a) => a.csrs("mstatus", reg.a1).op("sd", { rs1: reg.a0, rs2: reg.a1 }));
    for (const [what, mpp, allowed] of [
      ["U", 0n, false],
      ["S", 1n, false],
      ["M", 3n, true],
    ] as const) {
      const bits = status.MPRV | (mpp << 11n);
      s.step(
        what,
        { pc: store, a: [DATA, bits] },
        allowed ? { cause: cause.machineCall } : { cause: cause.storeAccess, tval: DATA },
      );
    }
    s.step("without MPRV", { pc: store, a: [DATA, 0n] }, { cause: cause.machineCall });
  });

  session("is heeded by atomics as stores, and by LR as a load", (s) => {
    protect(s, [
      [NAPOT | R, napot(DATA, PAGE)],
      [NAPOT | X, napot(DATA + PAGE, PAGE)],
      [NAPOT | ALL, EVERYWHERE],
    ]);
    const operands = { rd: reg.a1, rs1: reg.a0, rs2: reg.a2 };
    const amo = s.code((a) => a.op("amoadd.w", operands));
    const sc = s.code((a) => a.op("sc.w", operands));
    const lr = s.code((a) => a.op("lr.w", { rd: reg.a1, rs1: reg.a0 }));
    s.step("AMO", { mode: "S", pc: amo, a: [DATA] }, { cause: cause.storeAccess, tval: DATA });
    s.step("SC", { mode: "S", pc: sc, a: [DATA] }, { cause: cause.storeAccess, tval: DATA });
    s.step("LR", { mode: "S", pc: lr, a: [DATA] }, { cause: cause.supervisorCall });
    s.step(
      "LR without R",
      { mode: "S", pc: lr, a: [DATA + PAGE] },
      { cause: cause.loadAccess, tval: DATA + PAGE },
    );
  });
});
