/** A machine of which a test decides every move: for tests of what stands around a machine. */
import { defaultCpu } from "../../emulator/board/cpu.ts";
import type { HartView, Machine, TlbEntry, TrapRecord } from "../../emulator/board/machine.ts";
import type { MachineOptions } from "../../emulator/board/options.ts";
import type { Stop } from "../../emulator/board/stop.ts";

/** What the guest does with a budget of instructions: how many it retires, and why it stopped. */
export type Guest = (machine: FakeMachine, budget: number) => { retired: number; stop: Stop };

export const fakeOptions: MachineOptions = {
  memory: 1 << 20,
  harts: 1,
  cpu: defaultCpu,
  engine: "interpreter",
  entropySeed: 1n,
  startTime: 0n,
};

/** Retires whatever it may, for ever. */
export const busyGuest: Guest = (_, budget) => ({ retired: budget, stop: { reason: "limit" } });

export class FakeHart implements HartView {
  readonly index = 0;
  pc = 0x8000_0000n;
  mode = "M" as const;
  waiting = false;
  instructions = 0n;
  readonly registers = new Map<number, bigint>();
  entries: TlbEntry[] = [];

  x(register: number): bigint {
    return this.registers.get(register) ?? 0n;
  }
  f(): bigint {
    return 0n;
  }
  csr(): bigint {
    return 0n;
  }
  tlb(): TlbEntry[] {
    return this.entries;
  }
  tlbCounters() {
    return { hits: 3n, misses: 1n, evictions: 0n, flushes: 0n };
  }
  translate(virtual: bigint): bigint {
    return virtual;
  }
}

export class FakeMachine implements Machine {
  readonly options: MachineOptions;
  readonly harts = [new FakeHart()];
  readonly breakpoints = new Set<bigint>();
  readonly deviceTree = new Uint8Array([0xd0, 0x0d, 0xfe, 0xed]);
  readonly engine = "interpreter";
  readonly engineCounters = undefined;
  instructions = 0n;
  ticks = 0n;
  readonly trapCount = 0;
  /** What was typed, and at which instruction. */
  readonly typed: { text: string; at: bigint }[] = [];
  readonly memory = new Map<bigint, number>();
  readonly trapRecords: TrapRecord[] = [];
  readonly inputs = [];
  readonly #guest: Guest;

  constructor(guest: Guest, options: MachineOptions = fakeOptions) {
    this.#guest = guest;
    this.options = options;
  }

  print(text: string): void {
    this.options.onConsole?.(new TextEncoder().encode(text));
  }
  run(slots: number): Stop {
    const { retired, stop } = this.#guest(this, slots);
    this.instructions += BigInt(retired);
    return stop;
  }
  async useEngine(): Promise<void> {}
  step(): Stop {
    return this.run(1);
  }
  advance(ticks: bigint): void {
    this.ticks += ticks;
  }
  typeConsole(bytes: Uint8Array): void {
    this.typed.push({ text: new TextDecoder().decode(bytes), at: this.instructions });
  }
  typeVirtioConsole(): void {}
  receiveFrame(): void {}
  traps(): TrapRecord[] {
    return this.trapRecords;
  }
  readPhysical(address: bigint, length: number): Uint8Array | undefined {
    return Uint8Array.from({ length }, (_, index) => this.memory.get(address + BigInt(index)) ?? 0);
  }
}
