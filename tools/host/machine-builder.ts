/** Builds the machine that was asked for, and builds it again for every reset. */
import type { Machine } from "../../emulator/board/machine.ts";
import { ticksPerSecond } from "../../emulator/board/memory-map.ts";
import type { MachineOptions } from "../../emulator/board/options.ts";
import { kept } from "./keeping.ts";

export type CreateMachine = (options: MachineOptions) => Promise<Machine>;

/** Where a machine's output goes. */
export type Listeners = Pick<MachineOptions, "onConsole" | "onVirtioConsole">;

const nanosecondsPerTick = BigInt(1e9 / ticksPerSecond);

export class MachineBuilder {
  readonly #options: MachineOptions;
  readonly #create: CreateMachine;
  #translatingSince = 0;
  #translatingMilliseconds = 0;

  constructor(options: MachineOptions, create: CreateMachine) {
    this.#options = options;
    this.#create = create;
  }

  build(listeners: Listeners): Promise<Machine> {
    const translating = (begins: boolean) => {
      const now = performance.now();
      if (begins) this.#translatingSince = now;
      else this.#translatingMilliseconds += now - this.#translatingSince;
    };
    return this.#create({ ...this.#options, ...listeners, ...kept(this.#options), translating });
  }

  /** How long engines have translated code, in all machines built. */
  get translatingMilliseconds(): number {
    return this.#translatingMilliseconds;
  }

  /** The machine after a reset: disks keep their contents, the clock goes on, everything else starts anew. */
  async rebuild(previous: Machine): Promise<Machine> {
    const { startTime } = previous.options;
    const machine = await this.#create({
      ...previous.options,
      startTime: startTime + previous.ticks * nanosecondsPerTick,
    });
    for (const address of previous.breakpoints) machine.breakpoints.add(address);
    return machine;
  }

  /** Has everything the guest wrote to its disks reach them. */
  flushDisks(): void {
    for (const disk of this.#options.disks ?? []) disk.flush();
  }
}
