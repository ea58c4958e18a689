/** How a machine stops: powered off, rebooted, stuck, with nothing left to do. */
import { describe, expect, test } from "vitest";
import type { Assembler } from "./guest/assembler.ts";
import { reg } from "./guest/assembler.ts";
import { RAM } from "./guest/image.ts";
import { machineFor, peek, program, runToStop } from "./guest/program.ts";
import { engines } from "./guest/session.ts";

const POWER = 0x10_0000;
const RESULT = RAM + 0x1000n;
const NOWHERE = 0x4000_0000n;
const { t0, t1, t2, a0, a1 } = reg;
/** Enough slots for a machine to be called stuck. */
const TRAPS = 25_000;

const write = (a: Assembler, value: number) => a.li(t0, POWER).li(t1, value).op("sw", { rs1: t0, rs2: t1 });

describe.each(engines)("%s", (engine) => {
  const start = (build: (a: Assembler) => void, harts = 1) => machineFor(program(build), { engine, harts });

  test.each([
    ["power-off", 0x5555, { reason: "power-off", status: 0 }],
    ["failure", 0x3333 | (42 << 16), { reason: "power-off", status: 42 }],
    ["reboot", 0x7777, { reason: "reboot" }],
  ] as const)("%s stops at once, and for good", async (_name, value, stop) => {
    const machine = await start((a) => {
      write(a, value).li(t0, RESULT).op("sd", { rs1: t0, rs2: t1 }).label("on").to("on");
    });
    expect(runToStop(machine)).toEqual(stop);
    // The store is the last instruction that retires.
    expect(peek(machine, RESULT)).toBe(0n);
    const { instructions } = machine;
    expect(machine.run(1000)).toEqual(stop);
    expect(machine.instructions).toBe(instructions);
  });

  test("one hart's power-off stops the others", async () => {
    const machine = await start((a) => {
      a.li(t0, 2).to("end", "beq", { rs1: a0, rs2: t0 });
      a.li(t2, RESULT)
        .label("count")
        .op("addi", { rd: a1, rs1: a1, immediate: 1 })
        .op("sd", { rs1: t2, rs2: a1 })
        .to("count");
      write(a.label("end"), 0x5555).label("on").to("on");
    }, 4);
    expect(runToStop(machine)).toEqual({ reason: "power-off", status: 0 });
    // Hart 2's first turn comes before hart 3's.
    expect(machine.harts[3]?.instructions).toBe(0n);
  });

  test("a handler that traps at its first instruction is reported with the trap that repeats", async () => {
    const machine = await start((a) => a.li(t0, NOWHERE).csrw("mtvec", t0).op("ecall"));
    expect(runToStop(machine, TRAPS)).toEqual({
      reason: "stuck",
      trap: { hart: 0, cause: 1n, pc: NOWHERE, tval: NOWHERE },
    });
  });

  test("so is one whose first instruction is illegal, on a hart of several", async () => {
    let handler = 0n;
    const machine = await start((a) => {
      a.li(t0, 1).to("other", "bne", { rs1: a0, rs2: t0 });
      a.to("set", "jal", { rd: t0 });
      handler = a.here;
      a.word(0xffff_ffff).label("set").csrw("mtvec", t0).op("ecall").label("other").op("wfi").to("other");
    }, 2);
    expect(runToStop(machine, TRAPS)).toEqual({
      reason: "stuck",
      trap: { hart: 1, cause: 2n, pc: handler, tval: 0xffff_ffffn },
    });
  });

  test("a loop of traps whose handler retires instructions is not stuck", async () => {
    const machine = await start((a) => {
      a.to("set", "jal", { rd: t0 }).op("addi").op("mret").label("set").csrw("mtvec", t0).op("ecall");
    });
    expect(machine.run(200_000)).toEqual({ reason: "limit" });
  });

  test("a jump into nothing with no handler set up traps at address 0 for ever", async () => {
    const machine = await start((a) => a.li(t0, NOWHERE).op("jalr", { rs1: t0 }));
    expect(runToStop(machine, TRAPS)).toEqual({
      reason: "stuck",
      trap: { hart: 0, cause: 1n, pc: 0n, tval: 0n },
    });
  });

  test("when all harts sleep the machine is idle, and says until when", async () => {
    const machine = await start((a) => {
      a.csrr(t0, "time")
        .op("addi", { rd: t0, rs1: t0, immediate: 500 })
        .li(t1, 0x200_4000)
        .op("sd", { rs1: t1, rs2: t0 });
      a.li(t0, 1 << 7)
        .to("sleep", "bne", { rs1: a0, rs2: reg.zero })
        .csrw("mie", t0)
        .label("sleep")
        .op("wfi");
      a.to("again", "bne", { rs1: a0, rs2: reg.zero });
      write(a, 0x5555).label("again").op("wfi").to("again");
    }, 2);
    const stop = runToStop(machine);
    expect(stop.reason).toBe("idle");
    expect(machine.harts.map((hart) => hart.waiting)).toEqual([true, true]);
    const ticks = stop.reason === "idle" ? stop.ticks : undefined;
    expect(Number(ticks)).toBeGreaterThan(300);
    expect(Number(ticks)).toBeLessThanOrEqual(500);
    // A tick too early it still sleeps.
    machine.advance((ticks ?? 0n) - 1n);
    expect(runToStop(machine)).toEqual({ reason: "idle", ticks: 1n });
    machine.advance(1n);
    expect(runToStop(machine)).toEqual({ reason: "power-off", status: 0 });
  });

  test("sleep that nothing will end has no time", async () => {
    const machine = await start((a) => a.label("on").op("wfi").to("on"));
    expect(runToStop(machine)).toEqual({ reason: "idle", ticks: undefined });
  });

  test("a breakpoint stops before its instruction", async () => {
    let at = 0n;
    const machine = await start((a) => {
      a.op("addi", { rd: a1, immediate: 1 });
      at = a.here;
      a.op("addi", { rd: a1, rs1: a1, immediate: 1 }).label("on").to("on");
    });
    machine.breakpoints.add(at);
    expect(machine.run(1000)).toEqual({ reason: "breakpoint", hart: 0, pc: at });
    expect(machine.harts[0]?.x(a1)).toBe(1n);
    expect(machine.run(1)).toEqual({ reason: "limit" });
    expect(machine.harts[0]?.x(a1)).toBe(2n);
  });
});
