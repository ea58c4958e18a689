/** One sitting at a machine: run, pause, step, reset, and what changed since it last stood still. */
import type { HartView, Machine } from "../../emulator/board/machine.ts";
import type { Stop } from "../../emulator/board/stop.ts";
import type { SymbolTable } from "../../emulator/board/symbols.ts";
import { nameAddress } from "../code/address.ts";
import { isCall, readCode } from "../code/fetch.ts";
import { describeStuck } from "../host/describe-trap.ts";
import { type Ending, HostLoop } from "../host/host-loop.ts";
import type { Listeners, MachineBuilder } from "../host/machine-builder.ts";
import { type HartSnapshot, takeSnapshot } from "./snapshot.ts";

/** `ended`: the guest switched itself off. */
export type Activity = "running" | "paused" | "ended";

export interface SessionOptions {
  readonly builder: MachineBuilder;
  readonly symbols: SymbolTable;
  readonly listeners: Listeners;
  /** Called when the machine starts, stops or is replaced. */
  onChange(): void;
  /** Awaited before each turn of the event loop while the machine runs. */
  onTurn(): Promise<void> | void;
}

const stepsPerTurn = 1000;

export class Session {
  readonly symbols: SymbolTable;
  readonly #options: SessionOptions;
  readonly #loop: HostLoop;
  #machine: Machine;
  #activity: Activity = "paused";
  #note = "at reset";
  #status = 0;
  #selected = 0;
  #before: readonly HartSnapshot[] = [];
  /** Where `stepOver` wants to stop; not one of the user's breakpoints. */
  #landing: bigint | undefined;
  #pauseAsked = false;
  #resetting = false;

  private constructor(machine: Machine, options: SessionOptions) {
    this.#machine = machine;
    this.#options = options;
    this.symbols = options.symbols;
    this.#loop = new HostLoop({ realTime: true, inputPossible: () => true, onTurn: () => options.onTurn() });
    this.#remember();
  }

  /** Builds the machine; it stands still at its first instruction. Throws what building it throws. */
  static async open(options: SessionOptions): Promise<Session> {
    return new Session(await options.builder.build(options.listeners), options);
  }

  get machine(): Machine {
    return this.#machine;
  }

  get activity(): Activity {
    return this.#activity;
  }

  /** Why the machine stands still, in a few words; "" when there is nothing to say. */
  get note(): string {
    return this.#note;
  }

  /** What the guest powered off with. */
  get status(): number {
    return this.#status;
  }

  /** The hart that is looked at. */
  get hart(): HartView {
    const hart = this.#machine.harts[this.#selected];
    if (hart === undefined) throw new Error(`there is no hart ${this.#selected}`);
    return hart;
  }

  /** The selected hart as it was before the machine last moved. */
  get before(): HartSnapshot | undefined {
    return this.#before[this.#selected];
  }

  /** Instructions retired and milliseconds of host time they took. */
  get effort(): { readonly instructions: number; readonly busyMilliseconds: number } {
    return this.#loop;
  }

  selectNextHart(): void {
    this.#selected = (this.#selected + 1) % this.#machine.harts.length;
    this.#options.onChange();
  }

  /** Types into the guest's console. */
  type(bytes: Uint8Array): void {
    this.#machine.typeConsole(bytes);
    this.#loop.wake();
  }

  /** Lets a machine that stands still go on; returns when it stops again. */
  async continue(): Promise<void> {
    if (this.#activity !== "paused") return;
    this.#depart();
    if (this.#leaveBreakpoints()) this.#arrive(await this.#runOn());
  }

  pause(): void {
    this.#pauseAsked = true;
    this.#loop.pause();
  }

  /** Has the selected hart execute `count` instructions, or take as many traps. */
  async step(count = 1): Promise<void> {
    if (this.#activity !== "paused") return;
    this.#depart();
    for (let done = 1; done <= count && !this.#pauseAsked; done++) {
      if (!this.#stepOnce()) return;
      if (done % stepsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#arrive({ reason: "paused" });
    if (this.hart.waiting) this.#note = `hart ${this.#selected} waits for an interrupt`;
  }

  /** One instruction, but a call or an `ecall` with all that it does. */
  async stepOver(): Promise<void> {
    const { hart } = this;
    const code = readCode(this.#machine, hart, hart.pc);
    if (code === undefined || !isCall(code)) return this.step();
    const landing = BigInt.asUintN(64, hart.pc + BigInt(code.bytes));
    if (!this.#machine.breakpoints.has(landing)) this.#landing = landing;
    return this.continue();
  }

  /** Sets or removes a breakpoint; true when it is now set. */
  toggleBreakpoint(address: bigint): boolean {
    const { breakpoints } = this.#machine;
    const added = !breakpoints.delete(address);
    if (added) breakpoints.add(address);
    this.#options.onChange();
    return added;
  }

  /** Starts the machine anew. It runs afterwards unless it was paused. */
  async reset(): Promise<void> {
    if (this.#activity === "running") {
      this.#resetting = true;
      this.pause();
      return;
    }
    const pausing = this.#activity === "paused";
    await this.#rebuild();
    if (!pausing) await this.continue();
  }

  async #rebuild(): Promise<void> {
    this.#machine = await this.#options.builder.rebuild(this.#machine);
    this.#activity = "paused";
    this.#note = "at reset";
    this.#remember();
    this.#options.onChange();
  }

  async #runOn(): Promise<Ending> {
    if (this.#landing !== undefined) this.#machine.breakpoints.add(this.#landing);
    for (;;) {
      const ending = await this.#loop.run(this.#machine);
      if (ending.reason !== "reboot" && !this.#resetting) return ending;
      this.#resetting = false;
      this.#forgetLanding();
      await this.#rebuild();
      this.#depart();
    }
  }

  /** A breakpoint stops before its instruction executes: to get away from one, execute that instruction first. */
  #leaveBreakpoints(): boolean {
    const { breakpoints, harts } = this.#machine;
    return harts.every((hart) => !breakpoints.has(hart.pc) || this.#stepOnce(hart.index));
  }

  /** False when that ended the guest. */
  #stepOnce(hart = this.#selected): boolean {
    const { harts } = this.#machine;
    let stop = this.#machine.step(hart);
    if (stop.reason === "idle" && stop.ticks !== undefined && harts.every(({ waiting }) => waiting)) {
      this.#machine.advance(stop.ticks);
      stop = this.#machine.step(hart);
    }
    if (stop.reason !== "power-off" && stop.reason !== "reboot" && stop.reason !== "stuck") return true;
    this.#arrive(stop);
    return false;
  }

  #depart(): void {
    this.#remember();
    this.#pauseAsked = false;
    this.#activity = "running";
    this.#note = "";
    this.#options.onChange();
  }

  #arrive(ending: Ending | Stop): void {
    this.#activity = "paused";
    if (ending.reason === "breakpoint") {
      this.#selected = ending.hart;
      const landed = ending.pc === this.#landing;
      this.#note = landed ? "" : `breakpoint at ${nameAddress(this.symbols, ending.pc)}`;
    } else if (ending.reason === "stuck") {
      this.#selected = ending.trap.hart;
      this.#note = describeStuck(ending.trap);
    } else if (ending.reason === "power-off") {
      this.#activity = "ended";
      this.#status = ending.status;
    } else if (ending.reason === "reboot") {
      this.#note = "the guest asks for a reboot: reset it";
    }
    this.#forgetLanding();
    this.#options.onChange();
  }

  #forgetLanding(): void {
    if (this.#landing !== undefined) this.#machine.breakpoints.delete(this.#landing);
    this.#landing = undefined;
  }

  #remember(): void {
    this.#before = this.#machine.harts.map(takeSnapshot);
  }
}
