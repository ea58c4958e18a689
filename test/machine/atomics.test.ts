/** LR, SC and AMOs on one hart (unprivileged manual, chapter "A"); what other harts do to them is in harts.test.ts. */
import { describe } from "vitest";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import { codeSpace } from "./guest/mapped.ts";
import { cause, DATA, session } from "./guest/session.ts";

describe("store-conditional", () => {
  /** a0: address; a1: what LR gives, a2: what SC gives (0 is success), a3 is stored. */
  const cases: [what: string, result: bigint, body: (a: Assembler) => void][] = [
    ["succeeds after LR", 0n, (a) => lr(a).op("sc.d", SC)],
    ["succeeds after a load between", 0n, (a) => lr(a).op("ld", { rd: reg.a4, rs1: reg.a0 }).op("sc.d", SC)],
    ["fails without LR", 1n, (a) => forget(a).op("sc.d", SC)],
    [
      "fails a second time",
      1n,
      (a) =>
        lr(a)
          .op("sc.d", { ...SC, rd: reg.a5 })
          .op("sc.d", SC),
    ],
    [
      "fails at another address",
      1n,
      (a) => lr(a).op("addi", { rd: reg.a0, rs1: reg.a0, immediate: 64 }).op("sc.d", SC),
    ],
    ["fails after a failed one elsewhere", 1n, (a) => elsewhere(lr(a)).op("sc.d", SC)],
    [
      "fails at the reserved address after one elsewhere, of the other width too",
      1n,
      (a) => elsewhere(lr(a)).op("sc.w", SC),
    ],
    ["follows the last LR only", 1n, (a) => lr(a).op("lr.d", { rd: reg.a4, rs1: reg.a5 }).op("sc.d", SC)],
    ["of a word succeeds after LR of a word", 0n, (a) => a.op("lr.w", LR).op("sc.w", SC)],
    ["of a doubleword fails after LR of a word", 1n, (a) => a.op("lr.w", LR).op("sc.d", SC)],
    [
      "succeeds with a nested trap's worth of code between",
      0n,
      (a) => lr(a).csrr(reg.a4, "mstatus").op("fence").op("sc.d", SC),
    ],
  ];
  const LR = { rd: reg.a1, rs1: reg.a0 };
  const SC = { rd: reg.a2, rs1: reg.a0, rs2: reg.a3 };
  const lr = (a: Assembler) => a.op("lr.d", LR);
  /** An SC that fails or succeeds away from a0, at a5. */
  const elsewhere = (a: Assembler) => a.op("sc.d", { rd: reg.a4, rs1: reg.a5, rs2: reg.zero });
  const forget = elsewhere;

  session("succeeds or fails as the reservation says, and stores only then", (s) => {
    const old = 0x1111_1111_2222_2222n;
    const value = 0xa5a5_a5a5_c3c3_c3c3n;
    cases.forEach(([what, result, body], i) => {
      const address = DATA + BigInt(i) * 256n;
      s.image.put64(address, old);
      const word = what.startsWith("of a word");
      const a = [address, 0n, 7n, value, 0n, DATA + 0x8000n];
      s.step(what, { pc: s.code(body), a }, { a2: result, cause: cause.machineCall });
      const stored = word ? (old & ~0xffff_ffffn) | (value & 0xffff_ffffn) : value;
      // "fails a second time" has succeeded once.
      const changed = result === 0n || what === "fails a second time";
      s.peek(`${what}: memory`, address, changed ? stored : old);
    });
  });

  session("of a faulting address does not store, nor write its register", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.map(0x1000_0000n, DATA, "vrad");
    const pc = s.code((a) =>
      a.op("lr.d", { rd: reg.a1, rs1: reg.a0 }).op("sc.d", { rd: reg.a2, rs1: reg.a0, rs2: reg.a3 }),
    );
    const step = { mode: "S", pc, satp: space.satp, a: [0x1000_0000n, 0n, 7n, -1n] } as const;
    s.step("read-only page", step, { cause: cause.storePage, epc: pc + 4n, tval: 0x1000_0000n, a2: 7n });
    s.peek("memory", DATA, 0n);
  });

  session("matches by physical address", (s) => {
    const space = codeSpace(s, "sv39", 1);
    space.map(0x1000_0000n, DATA, "vrwad");
    space.map(0x1000_1000n, DATA, "vrwad");
    const pc = s.code((a) =>
      a.op("lr.d", { rd: reg.a1, rs1: reg.a0 }).op("sc.d", { rd: reg.a2, rs1: reg.a4, rs2: reg.a3 }),
    );
    const a = [0x1000_0000n, 0n, 7n, 5n, 0x1000_1000n];
    s.step(
      "through another mapping",
      { mode: "S", pc, satp: space.satp, a },
      { a2: 0n, cause: cause.supervisorCall },
    );
    s.peek("memory", DATA, 5n);
  });
});

describe("AMOs", () => {
  const mask = (1n << 64n) - 1n;
  const signed = (v: bigint, bits: number) => BigInt.asIntN(bits, v);
  const operations: Record<string, (old: bigint, value: bigint, bits: number) => bigint> = {
    swap: (_old, value) => value,
    add: (old, value) => old + value,
    xor: (old, value) => old ^ value,
    and: (old, value) => old & value,
    or: (old, value) => old | value,
    min: (old, value, bits) => (signed(old, bits) < signed(value, bits) ? old : value),
    max: (old, value, bits) => (signed(old, bits) > signed(value, bits) ? old : value),
    minu: (old, value, bits) => (BigInt.asUintN(bits, old) < BigInt.asUintN(bits, value) ? old : value),
    maxu: (old, value, bits) => (BigInt.asUintN(bits, old) > BigInt.asUintN(bits, value) ? old : value),
  };
  const values = [0n, 1n, mask, 0x7fff_ffffn, 0x8000_0000n, 0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn];

  session("give the old value, a word sign-extended, and store the new one in their width only", (s) => {
    let n = 0n;
    for (const [name, operation] of Object.entries(operations)) {
      for (const width of ["w", "d"] as const) {
        const bits = width === "w" ? 32 : 64;
        const pc = s.code((a) =>
          a
            .op(`amo${name}.${width}`, { rd: reg.a2, rs1: reg.a0, rs2: reg.a1 })
            .op("ld", { rd: reg.a3, rs1: reg.a0 }),
        );
        for (const old of values) {
          for (const value of values) {
            const address = DATA + 8n * n++;
            s.image.put64(address, old);
            const result = BigInt.asUintN(bits, operation(old, value, bits));
            const above = width === "w" ? old & ~0xffff_ffffn : 0n;
            s.step(
              `${name}.${width} ${old} ${value}`,
              { pc, a: [address, value] },
              { a2: signed(old, bits), a3: above | result },
            );
          }
        }
      }
    }
    const same = s.code((a) => a.op("amoadd.d", { rd: reg.a0, rs1: reg.a0, rs2: reg.a0 }));
    s.image.put64(DATA + 0xf_0000n, 3n);
    s.step("rd = rs1 = rs2", { pc: same, a: [DATA + 0xf_0000n] }, { a0: 3n });
    s.peek("its memory", DATA + 0xf_0000n, DATA + 0xf_0003n);
    s.step(
      "LR sign-extends",
      { pc: s.code((a) => a.op("lr.w", { rd: reg.a1, rs1: reg.a0 })), a: [DATA + 0xf_0010n] },
      { a1: -2n },
    );
    s.image.put64(DATA + 0xf_0010n, 0xffff_fffen);
  });
});
