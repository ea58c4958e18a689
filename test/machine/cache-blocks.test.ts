/** Cache-block instructions (cache-management specification 1.0): who may use them, on what, and what faults report. */
import { describe } from "vitest";
import { parseCpu } from "../../emulator/index.ts";
import { pte } from "./guest/address-space.ts";
import { reg } from "./guest/assembler.ts";
import { codeSpace } from "./guest/mapped.ts";
import type { PrivilegeMode, Session } from "./guest/session.ts";
import { cause, DATA, session, status } from "./guest/session.ts";

const PAGE = 4096n;
const ONES = (1n << 64n) - 1n;
const VIRTUAL = 0x1000_0000n;
const NOWHERE = 0x4000_0000n;
const SERIAL = 0x1000_0000n;

const management = ["cbo.inval", "cbo.clean", "cbo.flush"] as const;
const all = [...management, "cbo.zero"] as const;
type Name = (typeof all)[number];

const CALL = { U: cause.userCall, S: cause.supervisorCall, M: cause.machineCall };
const CBIE = 4n;
const CBCFE = 1n << 6n;
const CBZE = 1n << 7n;
const ALL_ENABLED = (3n << CBIE) | CBCFE | CBZE;
const enabling = (name: Name) =>
  name === "cbo.inval" ? [1n << CBIE, 3n << CBIE] : [name === "cbo.zero" ? CBZE : CBCFE];

/** Code that works on the block around a0. */
const codeOf = (s: Session, name: Name) => s.snippet(name, (a) => a.op(name, { rs1: reg.a0 }));

function enableEverywhere(s: Session): void {
  s.writeCsr("menvcfg", ALL_ENABLED, ALL_ENABLED);
  s.writeCsr("senvcfg", ALL_ENABLED, ALL_ENABLED);
}

describe("who may (2.4)", () => {
  /** Whether a mode may, given the two registers' fields. */
  const permitted = (mode: PrivilegeMode, menvcfg: boolean, senvcfg: boolean) =>
    mode === "M" || (menvcfg && (mode === "S" || senvcfg));

  for (const name of all) {
    session(name, (s) => {
      const pc = codeOf(s, name);
      const others = ALL_ENABLED & ~enabling(name).reduce((bits, b) => bits | b);
      for (const [m, menvcfg] of [others, ...enabling(name)].entries()) {
        for (const [u, senvcfg] of [others, ...enabling(name)].entries()) {
          s.writeCsr("menvcfg", menvcfg, menvcfg);
          s.writeCsr("senvcfg", senvcfg, senvcfg);
          for (const mode of ["M", "S", "U"] as const) {
            const word = { "cbo.inval": 0, "cbo.clean": 1, "cbo.flush": 2, "cbo.zero": 4 }[name];
            // rs1 is a0: 10 in bits 19 to 15; the operation stands in bits 31 to 20.
            const tval = (BigInt(word) << 20n) | (10n << 15n) | (2n << 12n) | 0xfn;
            const expected = permitted(mode, m > 0, u > 0)
              ? { cause: CALL[mode], tval: 0n }
              : { cause: cause.illegal, tval, epc: pc };
            s.step(`${mode}, menvcfg ${menvcfg}, senvcfg ${senvcfg}`, { mode, pc, a: [DATA] }, expected);
          }
        }
      }
    });
  }

  session(
    "nobody without the extension",
    (s) => {
      for (const name of all)
        s.step(name, { pc: codeOf(s, name), a: [DATA] }, { cause: cause.illegal, epc: codeOf(s, name) });
    },
    { cpu: parseCpu("rv64gc") },
  );

  session("illegal comes before faults of the address", (s) => {
    s.writeCsr("menvcfg", 0n, 0n);
    for (const name of all)
      s.step(name, { mode: "S", pc: codeOf(s, name), a: [NOWHERE] }, { cause: cause.illegal });
  });
});

describe("cbo.zero", () => {
  session("clears the 64 bytes around an address, and no others", (s) => {
    const pc = codeOf(s, "cbo.zero");
    for (const [i, offset] of [0n, 1n, 32n, 63n].entries()) {
      const block = DATA + BigInt(i) * 256n;
      for (let cell = -8n; cell <= 64n; cell += 8n) s.image.put64(block + 64n + cell, ONES);
      s.step(`at ${offset}`, { pc, a: [block + 64n + offset] }, { cause: cause.machineCall });
      for (let cell = -8n; cell <= 64n; cell += 8n)
        s.peek(`at ${offset}: cell ${cell}`, block + 64n + cell, cell < 0n || cell === 64n ? ONES : 0n);
    }
  });

  session("makes code be fetched anew", (s) => {
    // The block after the first holds what the first calls; once cleared, it is an illegal instruction.
    const pc = s.codeAt(DATA, (a) => {
      a.to("there", "jal", { rd: reg.ra }).op("cbo.zero", { rs1: reg.a0 }).op("fence.i");
      a.to("there", "jal", { rd: reg.ra }).op("ecall").align(64).label("there");
      a.op("addi", { rd: reg.a1, rs1: reg.a1, immediate: 1 }).op("jalr", { rs1: reg.ra });
    });
    const there = DATA + 64n;
    s.step("twice", { pc, a: [there + 8n] }, { cause: cause.illegal, epc: there, tval: 0n, a1: 1n });
    const own = s.codeAt(DATA + PAGE, (a) => a.op("cbo.zero", { rs1: reg.a0 }).op("ecall"));
    s.step("itself", { pc: own, a: [own] }, { cause: cause.illegal, epc: own + 4n, tval: 0n });
  });

  session("needs permission to store, and reports the address as given", (s) => {
    enableEverywhere(s);
    const space = codeSpace(s, "sv39", 1);
    s.image.put64(DATA + 64n, ONES);
    const pc = codeOf(s, "cbo.zero");
    const step = { mode: "S", pc, satp: space.satp } as const;
    ["vrwad", "vrad", "vxad", "vrwxa", "vrwd", "rwad", "vrwuad"].forEach((letters, i) => {
      const virtual = VIRTUAL + BigInt(i) * PAGE;
      space.map(virtual, DATA, letters);
      const address = virtual + 64n + 13n;
      if (letters === "vrwad") return;
      s.step(letters, { ...step, a: [address] }, { cause: cause.storePage, tval: address });
    });
    s.peek("untouched", DATA + 64n, ONES);
    s.step("vrwad", { ...step, a: [VIRTUAL + 64n + 13n] }, { cause: cause.supervisorCall });
    s.peek("cleared", DATA + 64n, 0n);
  });

  session("does not work on devices", (s) => {
    const pc = codeOf(s, "cbo.zero");
    for (const address of [SERIAL + 3n, NOWHERE, 0x7fff_ffffn])
      s.step(`${address}`, { pc, a: [address] }, { cause: cause.storeAccess, tval: address });
  });

  session(
    "sets A and D as a store does (2.5.2)",
    (s) => {
      s.writeCsr("menvcfg", ALL_ENABLED | (1n << 61n), ALL_ENABLED | (1n << 61n));
      const space = codeSpace(s, "sv39", 1);
      const entry = space.map(VIRTUAL, DATA, "vrw");
      const step = { mode: "S", pc: codeOf(s, "cbo.zero"), satp: space.satp, a: [VIRTUAL] } as const;
      s.step("zero", step, { cause: cause.supervisorCall });
      s.peek("entry", entry, pte(DATA, "vrwad"));
    },
    { cpu: { svadu: true } },
  );
});

describe("management", () => {
  session("changes no memory", (s) => {
    for (const name of management) {
      s.image.put64(DATA, ONES);
      s.step(name, { pc: codeOf(s, name), a: [DATA + 5n] }, { cause: cause.machineCall });
      s.peek(`after ${name}`, DATA, ONES);
    }
  });

  session("needs permission to load or to store, faults as a store, and needs A but not D (2.5.2)", (s) => {
    enableEverywhere(s);
    const space = codeSpace(s, "sv39", 1);
    const { satp } = space;
    const cases = [
      { letters: "vrwad", allowed: true },
      { letters: "vrwa", allowed: true },
      { letters: "vra", allowed: true },
      { letters: "vxa", allowed: false },
      { letters: "vxa", switches: status.MXR, allowed: true },
      { letters: "vrwd", allowed: false },
      { letters: "rwad", allowed: false },
      { letters: "vrwuad", allowed: false },
      { letters: "vrwuad", switches: status.SUM, allowed: true },
      { letters: "vrwad", mode: "U", allowed: false },
      { letters: "vrua", mode: "U", allowed: true },
    ] as const;
    for (const name of management) {
      const code = codeOf(s, name);
      cases.forEach(({ letters, allowed, ...rest }, i) => {
        const { switches = 0n, mode = "S" } = rest as { switches?: bigint; mode?: "S" | "U" };
        const virtual = VIRTUAL + BigInt(i) * PAGE;
        space.map(virtual, DATA, letters);
        const pc = mode === "U" ? code + 0x4000_0000n : code;
        const a = [virtual + 77n];
        s.step(
          `${name} on ${letters} from ${mode} with ${switches}`,
          { mode, pc, satp, status: switches, a },
          allowed ? { cause: CALL[mode] } : { cause: cause.storePage, epc: pc, tval: virtual + 77n },
        );
      });
    }
  });

  session(
    "sets A only",
    (s) => {
      s.writeCsr("menvcfg", ALL_ENABLED | (1n << 61n));
      const space = codeSpace(s, "sv39", 1);
      management.forEach((name, i) => {
        const virtual = VIRTUAL + BigInt(i) * PAGE;
        const entry = space.map(virtual, DATA, "vrw");
        const step = { mode: "S", pc: codeOf(s, name), satp: space.satp, a: [virtual] } as const;
        s.step(name, step, { cause: cause.supervisorCall });
        s.peek(`entry after ${name}`, entry, pte(DATA, "vrwa"));
      });
    },
    { cpu: { svadu: true } },
  );

  session("goes wherever loads go, to devices too", (s) => {
    for (const name of management) {
      const pc = codeOf(s, name);
      s.step(`${name} on a device`, { pc, a: [SERIAL + 3n] }, { cause: cause.machineCall });
      s.step(`${name} nowhere`, { pc, a: [NOWHERE] }, { cause: cause.storeAccess, tval: NOWHERE });
    }
  });
});

describe("protection", () => {
  const NAPOT = 0x18n;
  const EVERYWHERE = (1n << 54n) - 1n;

  session("covers the whole block", (s) => {
    enableEverywhere(s);
    // Eight bytes in the middle of a block, and a whole block, each with some permission; the rest is open.
    const eightBytes = (at: bigint) => at >> 2n;
    const block = (at: bigint) => (at >> 2n) | 7n;
    for (const [what, permission, forZero, forManagement] of [
      ["none", 0n, false, false],
      ["read", 1n, false, true],
      ["execute", 4n, false, false],
      ["read and write", 3n, true, true],
    ] as const) {
      s.writeCsr("pmpaddr0", eightBytes(DATA + 24n));
      s.writeCsr("pmpaddr1", block(DATA + 128n));
      s.writeCsr("pmpaddr2", EVERYWHERE);
      s.writeCsr("pmpcfg0", ((NAPOT | 7n) << 16n) | ((NAPOT | permission) << 8n) | NAPOT | permission);
      for (const name of all) {
        const pc = codeOf(s, name);
        const attempt = (where: string, address: bigint, allowed: boolean) =>
          s.step(
            `${what}: ${name} ${where}`,
            { mode: "S", pc, a: [address] },
            allowed ? { cause: cause.supervisorCall } : { cause: cause.storeAccess, tval: address },
          );
        // An access that an entry matches in part fails (privileged 3.7.1).
        attempt("over a part", DATA + 1n, false);
        attempt("over all", DATA + 130n, name === "cbo.zero" ? forZero : forManagement);
        attempt("beside", DATA + 200n, true);
      }
      s.writeCsr("pmpaddr0", EVERYWHERE);
      s.writeCsr("pmpcfg0", 0x1fn);
    }
  });

  session("of MPRV's mode applies", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.map(VIRTUAL, DATA, "vrad");
    for (const name of all) {
      const pc = s.code((a) => a.csrs("mstatus", reg.a1).op(name, { rs1: reg.a0 }));
      const address = VIRTUAL + 3n;
      const step = { pc, satp: space.satp, a: [address, status.MPRV | (1n << 11n)] };
      const expected =
        name === "cbo.zero" ? { cause: cause.storePage, tval: address } : { cause: cause.machineCall };
      s.step(name, step, expected);
    }
  });
});

session("prefetches are hints: they do nothing, whatever the address", (s) => {
  s.writeCsr("menvcfg", 0n, 0n);
  for (const name of ["prefetch.i", "prefetch.r", "prefetch.w"]) {
    const pc = s.code((a) => a.op(name, { rs1: reg.a0, immediate: -32 }));
    for (const mode of ["M", "S", "U"] as const)
      s.step(`${name} in ${mode}`, { mode, pc, a: [NOWHERE] }, { cause: CALL[mode], a0: NOWHERE });
  }
});
