import { describe, expect, it } from "vitest";
import type { Stop } from "../../emulator/board/stop.ts";
import { busyGuest, FakeMachine, type Guest } from "../../test/support/fake-machine.ts";
import { boundaryInstructions, HostLoop } from "./host-loop.ts";

/** Goes through `stops`, retiring 100 instructions before each, then powers off. */
function guestThatStops(...stops: Stop[]): Guest {
  const remaining = [...stops];
  return () => ({ retired: 100, stop: remaining.shift() ?? { reason: "power-off", status: 7 } });
}

const batch = { realTime: false, inputPossible: () => false };

describe("HostLoop", () => {
  it("answers what ended the guest", async () => {
    const loop = new HostLoop(batch);
    expect(await loop.run(new FakeMachine(guestThatStops()))).toEqual({ reason: "power-off", status: 7 });
    expect(loop.instructions).toBe(100);
  });

  it("ends at exactly the instruction limit, over several runs", async () => {
    const loop = new HostLoop({ ...batch, instructionLimit: 1_000_001 });
    const machine = new FakeMachine(busyGuest);
    expect(await loop.run(machine)).toEqual({ reason: "limit" });
    expect(machine.instructions).toBe(1_000_001n);
    expect(await loop.run(machine)).toEqual({ reason: "limit" });
    expect(machine.instructions).toBe(1_000_001n);
  });

  it("visits every boundary, however slow the engine", async () => {
    const boundaries: bigint[] = [];
    const slow: Guest = (_, budget) => {
      const until = performance.now() + budget / 10_000;
      while (performance.now() < until);
      return { retired: budget, stop: { reason: "limit" } };
    };
    const machine = new FakeMachine(slow);
    const onBoundary = () => boundaries.push(machine.instructions);
    await new HostLoop({ ...batch, onBoundary, instructionLimit: 3 * boundaryInstructions }).run(machine);
    expect(boundaries).toEqual([1n, 2n, 3n].map((index) => index * BigInt(boundaryInstructions)));
  });

  it("skips waiting in batch mode", async () => {
    const machine = new FakeMachine(guestThatStops({ reason: "idle", ticks: 36_000_000_000n }));
    const began = performance.now();
    await new HostLoop(batch).run(machine);
    expect(performance.now() - began).toBeLessThan(500);
    expect(machine.ticks).toBe(36_000_000_000n);
  });

  it("sleeps waiting in real time, and oversleeps no more than it must", async () => {
    const waits = Array.from({ length: 20 }, () => ({ reason: "idle", ticks: 50_000n }) as const);
    const machine = new FakeMachine(guestThatStops(...waits));
    const began = performance.now();
    await new HostLoop({ ...batch, realTime: true }).run(machine);
    expect(machine.ticks).toBe(1_000_000n);
    expect(performance.now() - began).toBeGreaterThan(90);
    expect(performance.now() - began).toBeLessThan(300);
  });

  it("adds up waits too short to sleep", async () => {
    const waits = Array.from({ length: 1000 }, () => ({ reason: "idle", ticks: 1_000n }) as const);
    const began = performance.now();
    await new HostLoop({ ...batch, realTime: true }).run(new FakeMachine(guestThatStops(...waits)));
    expect(performance.now() - began).toBeGreaterThan(80);
  });

  it("lets only the time pass that did when input ends a wait", async () => {
    const loop = new HostLoop({ realTime: true, inputPossible: () => true });
    const machine = new FakeMachine(guestThatStops({ reason: "idle", ticks: 100_000_000n }));
    setTimeout(() => loop.wake(), 30);
    await loop.run(machine);
    expect(Number(machine.ticks)).toBeGreaterThan(200_000);
    expect(Number(machine.ticks)).toBeLessThan(5_000_000);
  });

  it("ends when nothing can wake the guest, and waits when somebody can", async () => {
    const asleep = () => new FakeMachine(guestThatStops({ reason: "idle", ticks: undefined }));
    expect(await new HostLoop(batch).run(asleep())).toEqual({ reason: "asleep" });
    const loop = new HostLoop({ ...batch, inputPossible: () => true });
    setTimeout(() => loop.wake(), 5);
    expect(await loop.run(asleep())).toEqual({ reason: "power-off", status: 7 });
  });

  it("runs on when input came at the boundary before a wait", async () => {
    const machine = new FakeMachine(guestThatStops({ reason: "idle", ticks: 1_000n }));
    const loop: HostLoop = new HostLoop({ ...batch, onBoundary: () => loop.wake() });
    await loop.run(machine);
    expect(machine.ticks).toBe(0n);
  });

  it("can be paused while busy and while asleep, and run on", async () => {
    const loop = new HostLoop({ realTime: true, inputPossible: () => true });
    setTimeout(() => loop.pause(), 10);
    expect(await loop.run(new FakeMachine(busyGuest))).toEqual({ reason: "paused" });
    setTimeout(() => loop.pause(), 10);
    const sleeper = new FakeMachine(guestThatStops({ reason: "idle", ticks: undefined }));
    expect(await loop.run(sleeper)).toEqual({ reason: "paused" });
    expect(await loop.run(sleeper)).toEqual({ reason: "power-off", status: 7 });
  });

  it("gives timers their turn while the guest is busy", async () => {
    const loop = new HostLoop(batch);
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 5) loop.pause();
    }, 1);
    await loop.run(new FakeMachine(busyGuest));
    clearInterval(timer);
    expect(turns).toBe(5);
  });
});
