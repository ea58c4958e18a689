/** Several harts: what they share, what they do not, and how they tell each other. */
import { describe, expect, test } from "vitest";
import type { Machine } from "../../emulator/index.ts";
import type { Mode } from "./guest/address-space.ts";
import { AddressSpace, pte, TablePages } from "./guest/address-space.ts";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import type { Image } from "./guest/image.ts";
import { RAM } from "./guest/image.ts";
import { machineFor, peek, powerOff, program, runToStop } from "./guest/program.ts";
import { engines } from "./guest/session.ts";

const DATA = RAM + 0x20_0000n;
const RESULTS = DATA + 0x1000n;
const FLAGS = DATA + 0x2000n;
const CLINT = 0x200_0000n;
const { a0, a1, a2, a3, a4, a5, t0, t1, t2, s0, s1, zero } = reg;

/** Sends each hart to its own code; those without any sleep. */
function perHart(a: Assembler, bodies: readonly ((a: Assembler) => void)[]): void {
  bodies.forEach((_, hart) => {
    a.li(t0, hart).to(`skip ${hart}`, "bne", { rs1: a0, rs2: t0 }).to(`hart ${hart}`).label(`skip ${hart}`);
  });
  a.label("sleep").op("wfi").to("sleep");
  bodies.forEach((body, hart) => {
    a.label(`hart ${hart}`).li(s0, DATA).li(s1, RESULTS).li(reg.s2, FLAGS);
    body(a);
  });
}

let labels = 0;
/** Waits until flag `n` is set. */
function await_(a: Assembler, n: number): Assembler {
  const label = `await ${labels++}`;
  a.label(label).op("ld", { rd: t0, rs1: reg.s2, immediate: 8 * n });
  return a.to(label, "beq", { rs1: t0, rs2: zero });
}
/** Sets flag `n`. */
const tell = (a: Assembler, n: number): Assembler =>
  a.li(t0, 1).op("sd", { rs1: reg.s2, rs2: t0, immediate: 8 * n });
const result = (a: Assembler, n: number, register: number): Assembler =>
  a.op("sd", { rs1: s1, rs2: register, immediate: 8 * n });

/** Runs a program for some harts on every engine, and looks at what it left. */
function harts(
  name: string,
  bodies: readonly ((a: Assembler) => void)[],
  results: readonly bigint[],
  data: (image: Image) => void = () => {},
): void {
  test.each(engines)(`${name} (%s)`, async (engine) => {
    const image = program((a) => perHart(a, bodies), data);
    const machine = await machineFor(image, { engine, harts: bodies.length });
    expect(runToStop(machine)).toEqual({ reason: "power-off", status: 0 });
    expect(results.map((_, i) => peek(machine, RESULTS + BigInt(8 * i)))).toEqual(results);
  });
}

describe("reservations", () => {
  const reserve = (a: Assembler) => tell(a.op("lr.d", { rd: a1, rs1: s0 }), 0);
  const attempt = (a: Assembler) => {
    await_(a, 1).li(a3, 77).op("sc.d", { rd: a2, rs1: s0, rs2: a3 }).op("ld", { rd: a4, rs1: s0 });
    powerOff(result(result(a, 0, a2), 1, a4));
  };
  const first = (a: Assembler) => {
    reserve(a);
    attempt(a);
  };
  const old = (image: Image) => image.put64(DATA, 5n);

  harts(
    "end with another hart's store",
    [first, (a) => tell(await_(a, 0).li(a1, 9).op("sd", { rs1: s0, rs2: a1 }), 1).to("sleep")],
    [1n, 9n],
    old,
  );
  // The same value again is a store all the same.
  harts(
    "end with a store of the same value",
    [first, (a) => tell(await_(a, 0).li(a1, 5).op("sd", { rs1: s0, rs2: a1 }), 1).to("sleep")],
    [1n, 5n],
    old,
  );
  harts(
    "end with a store to a part",
    [first, (a) => tell(await_(a, 0).op("sb", { rs1: s0, immediate: 7 }), 1).to("sleep")],
    [1n, 5n],
    old,
  );
  harts(
    "end with another hart's AMO",
    [first, (a) => tell(await_(a, 0).li(a1, 1).op("amoadd.d", { rs1: s0, rs2: a1 }), 1).to("sleep")],
    [1n, 6n],
    old,
  );
  harts(
    "end with another hart's SC",
    [
      first,
      (a) =>
        tell(
          await_(a, 0).op("lr.d", { rd: a1, rs1: s0 }).li(a1, 8).op("sc.d", { rd: a2, rs1: s0, rs2: a1 }),
          1,
        ).to("sleep"),
    ],
    [1n, 8n],
    old,
  );
});

test.each(engines)(
  "a reservation ends with the store of a hart that a debugger steps (%s)",
  async (engine) => {
    const image = program(
      (a) => {
        a.li(s0, DATA).to("other", "bne", { rs1: a0, rs2: zero });
        a.op("lr.d", { rd: a1, rs1: s0 }).op("sc.d", { rd: a2, rs1: s0, rs2: s0 }).label("end").to("end");
        a.label("other").op("sd", { rs1: s0, rs2: a0 }).to("end");
      },
      (memory) => memory.put64(DATA, 5n),
    );
    const stepUntil = (machine: Machine, hart: number, done: () => boolean) => {
      for (let steps = 0; !done(); steps++) {
        expect(steps).toBeLessThan(100);
        machine.step(hart);
      }
    };
    for (const disturbed of [false, true]) {
      const machine = await machineFor(image, { engine, harts: 2 });
      stepUntil(machine, 0, () => machine.harts[0]?.x(a1) === 5n);
      if (disturbed) stepUntil(machine, 1, () => peek(machine, DATA) === 1n);
      machine.step(0);
      expect([machine.harts[0]?.x(a2), peek(machine, DATA)]).toEqual(disturbed ? [1n, 1n] : [0n, DATA]);
    }
  },
);

describe("counters that four harts share come out right", () => {
  const ROUNDS = 300;
  /** Hart 0 waits for the others, then ends the machine. */
  const counting = (body: (a: Assembler) => void, hart: number) => (a: Assembler) => {
    a.li(a5, ROUNDS).label(`round ${hart}`);
    body(a);
    a.op("addi", { rd: a5, rs1: a5, immediate: -1 }).to(`round ${hart}`, "bne", { rs1: a5, rs2: zero });
    tell(a, hart);
    if (hart !== 0) {
      a.to("sleep");
      return;
    }
    for (let other = 1; other < 4; other++) await_(a, other);
    powerOff(result(a.op("ld", { rd: a1, rs1: s0 }), 0, a1));
  };
  const four = (body: (hart: number) => (a: Assembler) => void) =>
    [0, 1, 2, 3].map((hart) => counting(body(hart), hart));
  const total = [BigInt(4 * ROUNDS)];

  harts(
    "by LR and SC",
    four((hart) => (a) => {
      a.label(`retry ${hart}`).op("lr.d", { rd: a1, rs1: s0 }).op("addi", { rd: a1, rs1: a1, immediate: 1 });
      a.op("sc.d", { rd: a2, rs1: s0, rs2: a1 }).to(`retry ${hart}`, "bne", { rs1: a2, rs2: zero });
    }),
    total,
  );
  harts(
    "by AMO",
    four(() => (a) => a.li(a1, 1).op("amoadd.d", { rs1: s0, rs2: a1 })),
    total,
  );
  harts(
    "under a lock",
    four((hart) => (a) => {
      a.li(a1, 1)
        .op("addi", { rd: a4, rs1: s0, immediate: 64 })
        .label(`lock ${hart}`)
        .op("amoswap.w", { rd: a2, rs1: a4, rs2: a1 });
      a.to(`lock ${hart}`, "bne", { rs1: a2, rs2: zero });
      // Not atomic by itself.
      a.op("ld", { rd: a3, rs1: s0 })
        .op("addi", { rd: a3, rs1: a3, immediate: 1 })
        .op("sd", { rs1: s0, rs2: a3 });
      a.op("fence").op("amoswap.w", { rs1: a4, rs2: zero });
    }),
    total,
  );
});

describe("software interrupts", () => {
  harts(
    "wake a sleeping hart and enter its handler",
    [
      (a) => {
        await_(a, 0).li(t0, CLINT).li(t1, 1).op("sw", { rs1: t0, rs2: t1, immediate: 4 });
        powerOff(await_(a, 1));
      },
      (a) => {
        a.to("after handler", "jal", { rd: t1 }).label("handler");
        a.csrr(a1, "mcause").csrr(a2, "mepc").op("sub", { rd: a2, rs1: a2, rs2: a4 });
        a.li(t0, CLINT).op("sw", { rs1: t0, immediate: 4 }).csrr(a3, "mip");
        tell(result(result(result(a, 0, a1), 1, a2), 2, a3), 1).to("sleep");
        a.label("after handler").csrw("mtvec", t1).li(t0, 8).csrw("mie", t0).csrs("mstatus", t0);
        tell(a, 0).op("auipc", { rd: a4 }).op("wfi").op("addi").to("sleep");
      },
    ],
    // Machine software interrupt, behind the wfi (which follows the auipc), and gone once the CLINT is written.
    [(1n << 63n) | 3n, 8n, 0n],
  );

  harts(
    "can be sent to oneself",
    [
      (a) => {
        a.to("go", "jal", { rd: t1 }).label("handler").csrr(a1, "mcause");
        powerOff(result(result(a, 0, a1), 1, a5));
        a.label("go").csrw("mtvec", t1).li(t0, 8).csrw("mie", t0).csrs("mstatus", t0);
        a.li(t0, CLINT).li(t2, 1).op("sw", { rs1: t0, rs2: t2 }).li(a5, 1).to("sleep");
      },
    ],
    [(1n << 63n) | 3n, 0n],
  );
});

describe("each hart has its own TLB", () => {
  const VIRTUAL = 0x1000_0000n;
  const [oldPage, newPage] = [DATA + 0x1_0000n, DATA + 0x1_1000n];
  const mode: Mode = "sv39";
  const build = (image: Image) => {
    const space = new AddressSpace(image, new TablePages(RAM + 0x10_0000n), mode, 1);
    space.map(RAM, RAM, "vrwxad", 2);
    image.put64(oldPage, 1n);
    image.put64(newPage, 2n);
    return { space, entry: space.map(VIRTUAL, oldPage, "vrwad") };
  };
  const layout: { satp: bigint; entry: bigint } = { satp: 0n, entry: 0n };
  program(
    () => {},
    (image) => {
      const { space, entry } = build(image);
      layout.satp = space.satp;
      layout.entry = entry;
    },
  );

  /** Loads as S-mode would, by MPRV. */
  const translated = (a: Assembler) => {
    a.li(t0, layout.satp)
      .csrw("satp", t0)
      .li(t0, (1n << 17n) | (1n << 11n))
      .csrs("mstatus", t0)
      .li(a5, VIRTUAL);
    // M-mode's own PMP view does not cover S: let everything through.
    a.li(t0, -1).csrw("pmpaddr0", t0).li(t0, 0x1f).csrw("pmpcfg0", t0);
  };
  harts(
    "which another hart's fence does not reach",
    [
      (a) => {
        await_(a, 0).li(t0, layout.entry).li(t1, pte(newPage, "vrwad")).op("sd", { rs1: t0, rs2: t1 });
        tell(a.op("sfence.vma"), 1);
        powerOff(await_(a, 2));
      },
      (a) => {
        translated(a);
        tell(a.op("ld", { rd: a1, rs1: a5 }), 0);
        await_(a, 1).op("ld", { rd: a2, rs1: a5 }).op("sfence.vma").op("ld", { rd: a3, rs1: a5 });
        tell(result(result(result(a, 0, a1), 1, a2), 2, a3), 2).to("sleep");
      },
    ],
    [1n, 1n, 2n],
    build,
  );
});
