/**
 * Runs a machine within Node's event loop: in slices short enough that input, signals and the screen get their turn, and
 * sleeping or skipping the time in which the guest waits.
 */

import type { Machine } from "../../emulator/board/machine.ts";
import { ticksPerSecond } from "../../emulator/board/memory-map.ts";
import type { Stop } from "../../emulator/board/stop.ts";

export interface HostLoopOptions {
  /** Sleep while the guest waits for a timer, as someone at a terminal expects; otherwise that time is skipped. */
  readonly realTime: boolean;
  /** Instructions, over all calls of `run`, after which to end; default: no limit. */
  readonly instructionLimit?: number;
  /**
   * Called when the guest waits, and at every multiple of `boundaryInstructions`: input typed here, and only here,
   * reaches the guest at the same instruction in every run.
   */
  onBoundary?(): void;
  /** Awaited before the event loop gets its turn, some hundred times a second. */
  onTurn?(): Promise<void> | void;
  /** False when nobody is left who could wake a guest that waits for no timer. */
  inputPossible(): boolean;
}

/** Why `run` ended: something the machine reports, or `limit`, `paused`, or asleep with nothing to wake it. */
export type Ending =
  | Exclude<Stop, { reason: "idle" }>
  | { readonly reason: "paused" }
  | { readonly reason: "asleep" };

export const boundaryInstructions = 1 << 20;

const turnMilliseconds = 10;
/** A run that the machine does in less time than this is lengthened, one of more than four times this shortened. */
const sliceMilliseconds = 1;
const shortestSlice = 1 << 8;
/** Waits shorter than this are not slept: a timer of the host is not that exact. They add up until they are. */
const shortestSleep = 1;
const longestSleep = 1000;
/** How much oversleeping is made good by sleeping less later. */
const largestArrears = 20;
const ticksPerMillisecond = ticksPerSecond / 1000;

export class HostLoop {
  /** Instructions retired, and milliseconds the host took for them, over all calls of `run`. */
  instructions = 0;
  busyMilliseconds = 0;

  readonly #options: HostLoopOptions;
  #slice = boundaryInstructions;
  #paused = false;
  #woken = false;
  #wakeSleeper: (() => void) | undefined;
  /** Milliseconds by which skipped waits have put guest time ahead of the host's; negative after oversleeping. */
  #ahead = 0;
  #turnBegan = 0;

  constructor(options: HostLoopOptions) {
    this.#options = options;
  }

  /** Says that something was typed or received: a guest that waits has a look at it. */
  wake(): void {
    this.#woken = true;
    this.#wakeSleeper?.();
  }

  /** Makes `run` end soon, with reason "paused". */
  pause(): void {
    this.#paused = true;
    this.#wakeSleeper?.();
  }

  /** Runs until something ends it. Only one `run` at a time. */
  async run(machine: Machine): Promise<Ending> {
    this.#paused = false;
    // A guest that does nothing but reboot must not keep the event loop to itself.
    await this.#turn();
    for (;;) {
      if (this.#paused) return { reason: "paused" };
      const left = (this.#options.instructionLimit ?? Number.POSITIVE_INFINITY) - this.instructions;
      if (left <= 0) return { reason: "limit" };
      this.#woken = false;
      const stop = this.#runSlice(machine, left);
      if (stop.reason === "idle") {
        if (!this.#woken && !(await this.#wait(machine, stop.ticks))) return { reason: "asleep" };
      } else if (stop.reason !== "limit") {
        return stop;
      }
      if (performance.now() - this.#turnBegan >= turnMilliseconds) await this.#turn();
    }
  }

  /** Runs to the next place where a slice may end: a power-of-two share of the way between two boundaries. */
  #runSlice(machine: Machine, left: number): Stop {
    const before = Number(machine.instructions);
    const length = this.#slice - (before % this.#slice);
    const began = performance.now();
    const stop = machine.run(Math.min(length, left));
    const took = performance.now() - began;
    const after = Number(machine.instructions);
    this.busyMilliseconds += took;
    this.instructions += after - before;
    if (stop.reason === "limit") this.#adapt(took);
    const crossed = Math.floor(after / boundaryInstructions) > Math.floor(before / boundaryInstructions);
    if (crossed || stop.reason === "idle") this.#options.onBoundary?.();
    return stop.reason === "limit" ? (breakpointReached(machine) ?? stop) : stop;
  }

  #adapt(milliseconds: number): void {
    if (milliseconds < sliceMilliseconds) this.#slice = Math.min(this.#slice * 2, boundaryInstructions);
    else if (milliseconds > 4 * sliceMilliseconds) this.#slice = Math.max(this.#slice / 2, shortestSlice);
  }

  /** Lets the guest's waiting pass; false when it would never end. */
  async #wait(machine: Machine, ticks: bigint | undefined): Promise<boolean> {
    if (ticks === undefined && !this.#options.inputPossible()) return false;
    if (this.#options.realTime) await this.#sleepThrough(machine, ticks);
    else if (ticks !== undefined) await this.#skip(machine, ticks);
    else await this.#sleep(Number.POSITIVE_INFINITY);
    return true;
  }

  async #skip(machine: Machine, ticks: bigint): Promise<void> {
    // Time that is skipped takes the host next to none: without this, input could be seen hours of guest time late.
    if (performance.now() - this.#turnBegan >= sliceMilliseconds) await this.#turn();
    if (!this.#woken) machine.advance(ticks);
  }

  async #sleepThrough(machine: Machine, ticks: bigint | undefined): Promise<void> {
    const waiting = ticks === undefined ? Number.POSITIVE_INFINITY : Number(ticks) / ticksPerMillisecond;
    const due = this.#ahead + waiting;
    const slept = due < shortestSleep ? 0 : await this.#sleep(Math.min(due, longestSleep));
    const over = due <= longestSleep && !this.#woken && !this.#paused;
    if (ticks !== undefined && over) {
      machine.advance(ticks);
      this.#ahead = Math.max(due - slept, -largestArrears);
      return;
    }
    const passed = Math.min(Math.max(slept - this.#ahead, 0), waiting);
    machine.advance(BigInt(Math.floor(passed * ticksPerMillisecond)));
    this.#ahead = 0;
  }

  /** Sleeps until the time is over or `wake` or `pause` is called; answers the milliseconds that passed. */
  async #sleep(milliseconds: number): Promise<number> {
    await this.#options.onTurn?.();
    const began = performance.now();
    if (!this.#woken && !this.#paused) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : undefined;
        this.#wakeSleeper = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wakeSleeper = undefined;
    }
    this.#turnBegan = performance.now();
    return this.#turnBegan - began;
  }

  async #turn(): Promise<void> {
    await this.#options.onTurn?.();
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnBegan = performance.now();
  }
}

/** A run starts by leaving the breakpoint it stands on: one that a slice happens to end at would be passed unseen. */
function breakpointReached({ breakpoints, harts }: Machine): Stop | undefined {
  const hart = harts.find(({ pc, waiting }) => !waiting && breakpoints.has(pc));
  return hart && { reason: "breakpoint", hart: hart.index, pc: hart.pc };
}
