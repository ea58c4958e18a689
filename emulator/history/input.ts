/**
 * What enters a machine from outside, and when. A run is a function of image, options and these: with the same inputs at
 * the same positions every engine executes the same instruction stream.
 */

/** Something that came from outside when the machine stood at position `at` (board/schedule.ts). */
export type Input = { readonly at: bigint } & (
  | { readonly kind: "serial" | "virtio-console" | "frame"; readonly bytes: Uint8Array }
  /** All harts waited, and the host let guest time pass. */
  | { readonly kind: "time"; readonly ticks: bigint }
);

type Unplaced<T> = T extends unknown ? Omit<T, "at"> : never;
export type Arrival = Unplaced<Input>;

/** The inputs of one machine: those it has had, and, when it replays a log, those it is going to have. */
export class InputLog {
  readonly #past: Input[] = [];
  readonly #future: Input[];

  /** Replays `log`; an empty one leaves the machine to live input. */
  constructor(log: readonly Input[] = []) {
    this.#future = [...log].reverse();
  }

  /** Everything that has entered so far. */
  get past(): readonly Input[] {
    return this.#past;
  }

  /** While a log is replayed, what the host offers is not let in. */
  get replaying(): boolean {
    return this.#future.length > 0;
  }

  record(at: bigint, arrival: Arrival): void {
    this.#past.push({ at, ...arrival });
  }

  /** Takes the next input of the replayed log if it is due at a position. */
  due(position: bigint): Input | undefined {
    const next = this.#future.at(-1);
    return next !== undefined && next.at <= position ? this.#future.pop() : undefined;
  }

  /** The least number of slots from a position to the next input of the replayed log; infinite when there is none. */
  distance(position: bigint): number {
    const next = this.#future.at(-1);
    return next === undefined ? Number.POSITIVE_INFINITY : Number(next.at - position);
  }
}
