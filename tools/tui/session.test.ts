import { describe, expect, it } from "vitest";
import type { Stop } from "../../emulator/board/stop.ts";
import { SymbolTable } from "../../emulator/board/symbols.ts";
import { FakeMachine, fakeOptions, type Guest } from "../../test/support/fake-machine.ts";
import { MachineBuilder } from "../host/machine-builder.ts";
import { Session } from "./session.ts";

/** Executes 4-byte instructions one after the other from 0x80000000 on; a program says where something else happens. */
function guest(program: Record<string, Stop> = {}): Guest {
  return (machine, budget) => {
    const [hart] = machine.harts;
    for (let retired = 0; retired < budget; retired++) {
      if (retired > 0 && hart && machine.breakpoints.has(hart.pc)) {
        return { retired, stop: { reason: "breakpoint", hart: 0, pc: hart.pc } };
      }
      const stop = program[hart?.pc.toString(16) ?? ""];
      if (stop) return { retired, stop };
      if (hart) hart.pc += 4n;
    }
    return { retired: budget, stop: { reason: "limit" } };
  };
}

async function open(program: Record<string, Stop> = {}) {
  const machines: FakeMachine[] = [];
  const builder = new MachineBuilder(fakeOptions, async (options) => {
    const machine = new FakeMachine(guest(program), options);
    machines.push(machine);
    return machine;
  });
  const session = await Session.open({
    builder,
    symbols: new SymbolTable([]),
    listeners: {},
    onChange: () => {},
    onTurn: () => {},
  });
  return { session, machines };
}

const powerOff: Stop = { reason: "power-off", status: 3 };

describe("Session", () => {
  it("opens on a machine that stands at its first instruction", async () => {
    const { session } = await open();
    expect(session.activity).toBe("paused");
    expect(session.hart.pc).toBe(0x8000_0000n);
  });

  it("runs until the guest switches itself off", async () => {
    const { session } = await open({ "80001000": powerOff });
    await session.continue();
    expect(session.activity).toBe("ended");
    expect(session.status).toBe(3);
  });

  it("steps, and knows how the registers were before", async () => {
    const { session } = await open();
    await session.step();
    expect(session.hart.pc).toBe(0x8000_0004n);
    expect(session.before?.pc).toBe(0x8000_0000n);
    await session.step(10);
    expect(session.hart.pc).toBe(0x8000_002cn);
    expect(session.before?.pc).toBe(0x8000_0004n);
    expect(session.activity).toBe("paused");
  });

  it("ends a sequence of steps when the guest ends", async () => {
    const { session } = await open({ "80000008": powerOff });
    await session.step(1000);
    expect(session.activity).toBe("ended");
    expect(session.hart.pc).toBe(0x8000_0008n);
  });

  it("stops at a breakpoint, and gets away from it again", async () => {
    const { session } = await open({ "80000100": powerOff });
    expect(session.toggleBreakpoint(0x8000_0010n)).toBe(true);
    await session.continue();
    expect(session.hart.pc).toBe(0x8000_0010n);
    expect(session.note).toContain("breakpoint at 0x80000010");
    await session.continue();
    expect(session.activity).toBe("ended");
    expect(session.toggleBreakpoint(0x8000_0010n)).toBe(false);
  });

  it("steps over calls, and over nothing else", async () => {
    const { session, machines } = await open({ "80000100": powerOff });
    const put = (address: bigint, word: number) => {
      for (let byte = 0n; byte < 4n; byte++)
        machines[0]?.memory.set(address + byte, (word >> Number(8n * byte)) & 0xff);
    };
    put(0x8000_0000n, 0x0000_0013); // nop
    put(0x8000_0004n, 0x0080_00ef); // jal ra, .+8
    await session.stepOver();
    expect(session.hart.pc).toBe(0x8000_0004n);
    await session.stepOver();
    expect(session.hart.pc).toBe(0x8000_0008n);
    expect(session.note).toBe("");
    expect(machines[0]?.breakpoints.size).toBe(0);
  });

  it("pauses a machine that runs", async () => {
    const { session } = await open();
    setTimeout(() => session.pause(), 5);
    await session.continue();
    expect(session.activity).toBe("paused");
  });

  it("resets: paused stays paused, running goes on, breakpoints stay", async () => {
    const { session, machines } = await open();
    session.toggleBreakpoint(0x9000_0000n);
    await session.step(5);
    await session.reset();
    expect(session.hart.pc).toBe(0x8000_0000n);
    expect(session.activity).toBe("paused");
    expect(machines[1]?.breakpoints).toEqual(new Set([0x9000_0000n]));
    const running = session.continue();
    await session.reset();
    setTimeout(() => session.pause(), 30);
    await running;
    expect(machines).toHaveLength(3);
    expect(machines[2]?.instructions).toBeGreaterThan(0n);
  });

  it("starts anew when the guest reboots", async () => {
    const { session, machines } = await open({ "80000100": { reason: "reboot" } });
    setTimeout(() => session.pause(), 20);
    await session.continue();
    expect(machines.length).toBeGreaterThan(1);
    expect(session.machine).toBe(machines.at(-1));
  });

  it("says which trap repeats", async () => {
    const trap = { hart: 0, cause: 2n, pc: 0n, tval: 0n };
    const { session } = await open({ "80000010": { reason: "stuck", trap } });
    await session.continue();
    expect(session.activity).toBe("paused");
    expect(session.note).toContain("illegal instruction");
  });
});
