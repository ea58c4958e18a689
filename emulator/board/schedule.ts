/**
 * Whose turn it is. Harts run one after another, each for a quantum of time slots; a round ends when all have had their
 * turn, and then they all stand at the same time. Where a caller's slices end makes no difference.
 */

import type { RunEnd } from "../engine/engine.ts";

/** What the schedule needs of the harts. */
export interface ScheduledHarts {
  readonly count: number;
  /** Position of a hart in time, in slots, modulo 2^32. */
  clock(hart: number): number;
  /** Has all harts stand where a hart does. */
  follow(hart: number): void;
  /** As `Engine.run`. */
  run(hart: number, slots: number, past: boolean): RunEnd;
  /** The hart's turn is over. */
  turnEnded(hart: number): void;
}

/** Slots of a turn where there is more than one hart. */
const QUANTUM = 2000;
/** A lone hart's turn ends with the caller's slice; this bounds what is asked of an engine at once. */
const LONGEST = 1_000_000;

export class Schedule {
  readonly #harts: ScheduledHarts;
  #turn = 0;
  #used = 0;
  /** How far the machine has come: in all, without `#ahead`; that is added now and then, for it is worked with often. */
  #position = 0n;
  #ahead = 0;
  /** Whether any hart has used a slot in this round. */
  #active = false;

  constructor(harts: ScheduledHarts) {
    this.#harts = harts;
  }

  /** The hart that executes next, or executes now. */
  get turn(): number {
    return this.#turn;
  }

  /** How far the machine has come: slots used, and where harts take turns, turns ended. */
  get position(): bigint {
    this.#position += BigInt(this.#ahead);
    this.#ahead = 0;
    return this.#position;
  }

  /**
   * Runs up to `slots` slots of the hart whose turn it is, the first even if there is a breakpoint and `past` is set.
   * Gives the slots used, whether the hart stands at a breakpoint, and whether a round has ended in which no hart used
   * a slot: then all of them wait.
   */
  advance(
    slots: number,
    past: boolean,
  ): { readonly used: number; readonly broken: boolean; readonly asleep: boolean } {
    const { count } = this.#harts;
    const hart = this.#turn;
    const left = count === 1 ? LONGEST : QUANTUM - this.#used;
    const asked = Math.min(slots, left);
    const before = this.#harts.clock(hart);
    const end = this.#harts.run(hart, asked, past);
    const used = (this.#harts.clock(hart) - before) | 0;
    this.#used += used;
    this.#ahead += used;
    this.#active ||= used > 0;
    const over = end === "turn" || this.#used >= QUANTUM;
    return { used, broken: end === "breakpoint", asleep: over && this.#endTurn() };
  }

  /** Accounts for a slot that a debugger had a hart execute outside its turn. */
  stepped(hart: number): void {
    this.#active = true;
    this.#ahead++;
    if (hart === this.#turn) this.#used++;
  }

  #endTurn(): boolean {
    this.#harts.turnEnded(this.#turn);
    // A lone hart's turns end where the caller's slices do, which must not show.
    if (this.#harts.count > 1) this.#ahead++;
    this.#used = 0;
    this.#turn++;
    if (this.#turn < this.#harts.count) return false;
    this.#turn = 0;
    this.#meet();
    const asleep = !this.#active;
    this.#active = false;
    return asleep;
  }

  /** All harts stand where the furthest one does. In a round they come less than 2^31 slots apart. */
  #meet(): void {
    const { count } = this.#harts;
    let furthest = 0;
    let together = true;
    for (let hart = 1; hart < count; hart++) {
      const ahead = (this.#harts.clock(hart) - this.#harts.clock(furthest)) | 0;
      if (ahead !== 0) together = false;
      if (ahead > 0) furthest = hart;
    }
    if (!together) this.#harts.follow(furthest);
  }
}
