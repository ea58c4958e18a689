/** Engines of ours side by side: after every few slots their harts must hold the same. */
import { Buffer } from "node:buffer";
import { Bench } from "../../emulator/board/bench.ts";
import type { CpuOptions, EngineName } from "../../emulator/board/options.ts";
import type { Rewrite } from "../../emulator/engine/engine.ts";
import { F_OFFSET, state, TLB_OFFSET, X_OFFSET } from "../../emulator/hart/layout.ts";
import { TLB_ENTRY_BYTES } from "../../emulator/memory/tlb.ts";
import type { Program } from "./program.ts";
import { imageOf } from "./program.ts";
import { Random } from "./random.ts";
import type { Runtime } from "./world.ts";
import { CONTROL, finishedCell, Memory, RAM, RAM_BYTES, trialCell } from "./world.ts";

/** An engine, and how it is run: several of one kind may differ in where their slices end. */
export interface Contestant {
  readonly name: string;
  readonly engine: EngineName;
  /** Runs each slice in pieces. */
  readonly inPieces?: boolean;
  /** Now and then goes on with another of these engines. */
  readonly others?: readonly EngineName[];
  readonly rewrite?: Rewrite | undefined;
}

/** How a lockstep run goes. All of it follows from the program's seed. */
export interface Pace {
  /** Slots between comparisons. */
  readonly slice: number;
  /** Slots after which a trial is abandoned; traps count for several. */
  readonly patience: number;
  /** External, software and timer interrupt lines change now and then. */
  readonly lines: boolean;
}

/** Where two engines parted. */
export interface Parting {
  readonly first: string;
  readonly other: string;
  /** Slots that all harts together had used at the last comparison that held. */
  readonly slots: number;
  readonly hart: number;
  /** Where the hart stood then. */
  readonly pc: bigint;
  /** What differs, with the values of the two. */
  readonly differences: readonly { readonly what: string; readonly first: bigint; readonly other: bigint }[];
}

export interface LockstepResult {
  /** RAM at the end, of the first engine. */
  readonly ram: Memory;
  readonly retired: number;
  /** Traps taken, interrupts included. */
  readonly traps: number;
  readonly parting: Parting | undefined;
}

/** What a turn in which a hart sleeps counts for, and a trap: where handlers are destroyed there is nothing else. */
const SLEEP = 500;
const TRAP = 20;
/** The most slots of a piece of a slice: short ones end everywhere, long ones cost little. */
const PIECES = [10, 200, 1000];
/** Slots on one engine, on average, before another is switched to: to make one takes as long as many of them. */
const STAY = 40_000;
const streams = { pace: 11, pieces: 12, engines: 13, guard: 14 };

/** A slice of its own for every program, from a single slot on. */
export function paceOf(program: Program, alone: boolean): Pace {
  const random = new Random(program.seed, streams.pace);
  const engines = program.ground.purpose === "engines";
  const slice = alone
    ? 100_000
    : random.pick(engines ? [1, 7, 20, 64, 200, 200, 500, 500, 1000, 3000] : [200, 1000, 5000]);
  // Programs for QEMU come to their ends, which no patience may cut short.
  return { slice, patience: engines ? 3000 : 100_000, lines: engines && random.chance(0.5) };
}

/** Runs programs on engines in lockstep. One for each processor and number of harts: benches are used again. */
export class Lockstep {
  readonly #contestants: readonly Contestant[];
  readonly #benches: readonly Bench[];

  private constructor(contestants: readonly Contestant[], benches: readonly Bench[]) {
    this.#contestants = contestants;
    this.#benches = benches;
  }

  static async create(contestants: readonly Contestant[], cpu: CpuOptions, harts: number): Promise<Lockstep> {
    const benches: Bench[] = [];
    for (const { engine, rewrite } of contestants) {
      benches.push(await Bench.create({ engine, cpu, harts, memory: RAM_BYTES, rewrite }));
    }
    return new Lockstep(contestants, benches);
  }

  /** Runs a program to its end, or to `limit` slots, or to where the engines part. */
  async run(program: Program, runtime: Runtime, pace: Pace, limit: number): Promise<LockstepResult> {
    const image = imageOf(program, runtime);
    for (const [i, { engine, others }] of this.#contestants.entries()) {
      if (others !== undefined) await this.#benches[i]?.useEngine(engine);
    }
    const guarded = isGuarded(program);
    const before = this.#benches[0]?.trapCount ?? 0;
    for (const bench of this.#benches) {
      bench.reset();
      bench.write(BigInt(RAM), image.bytes);
      if (guarded) for (const hart of bench.harts) guardRuntime(hart);
      // What was set takes effect.
      bench.run(0);
    }
    const result = await new Run(this.#contestants, this.#benches, program, runtime, pace).run(limit);
    return { ...result, traps: (this.#benches[0]?.trapCount ?? 0) - before };
  }
}

/** Some do without: where nothing is protected, engines may take shorter ways. */
function isGuarded({ seed, ground }: Program): boolean {
  return ground.purpose === "engines" && new Random(seed, streams.guard).chance(0.7);
}

/** Locked entry 4 lets nobody write the runtime's code, not even M-mode: wild stores would end the program. */
function guardRuntime(hart: Bench["harts"][number]): void {
  const bytes = BigInt(CONTROL - RAM);
  hart.setCsr("pmpaddr4", (BigInt(RAM) | (bytes / 2n - 1n)) >> 2n);
  // L, NAPOT, X, R (privileged 3.7.1).
  hart.setCsr("pmpcfg0", 0x9dn << 32n);
}

class Run {
  readonly #contestants: readonly Contestant[];
  readonly #benches: readonly Bench[];
  readonly #runtime: Runtime;
  readonly #pace: Pace;
  readonly #random: Random;
  readonly #pieces: Random;
  readonly #engines: Random;
  readonly #first: Bench;
  readonly #ram: Memory;
  /** Of every hart, the trial that it is at, and what it has used for it, in slots. */
  readonly #at: { trial: bigint; slots: number; abandoned: boolean }[];
  #slots = 0;

  constructor(
    contestants: readonly Contestant[],
    benches: readonly Bench[],
    program: Program,
    runtime: Runtime,
    pace: Pace,
  ) {
    const [first] = benches;
    if (first === undefined) throw new RangeError("lockstep takes an engine at least");
    this.#contestants = contestants;
    this.#benches = benches;
    this.#runtime = runtime;
    this.#pace = pace;
    this.#random = new Random(program.seed, streams.pace);
    this.#pieces = new Random(program.seed, streams.pieces);
    this.#engines = new Random(program.seed, streams.engines);
    this.#first = first;
    this.#ram = new Memory(first.ram);
    this.#at = first.harts.map(() => ({ trial: -1n, slots: 0, abandoned: false }));
  }

  async run(limit: number): Promise<Omit<LockstepResult, "traps">> {
    let parting: Parting | undefined;
    while (parting === undefined && this.#slots < limit) {
      const running = this.#first.harts.filter(({ index }) => this.#ram.get64(finishedCell(index)) === 0n);
      if (running.length === 0) break;
      await this.#switchEngines(running.length * this.#pace.slice);
      for (const { index } of running) {
        parting = this.#turn(index);
        if (parting !== undefined) break;
      }
      if (this.#at.every(({ slots }) => slots > 4 * this.#pace.patience)) break;
    }
    parting ??= this.#compareRam();
    const { harts } = this.#first;
    return {
      ram: new Memory(this.#first.ram.slice()),
      retired: harts.reduce((sum, { instructions }) => sum + Number(instructions), 0),
      parting,
    };
  }

  async #switchEngines(slots: number): Promise<void> {
    for (const [i, { others }] of this.#contestants.entries()) {
      if (others === undefined || !this.#engines.chance(slots / STAY)) continue;
      await this.#benches[i]?.useEngine(this.#engines.pick(others));
    }
  }

  /** A slice of one hart on every engine. */
  #turn(hart: number): Parting | undefined {
    this.#disturb(hart);
    const pc = this.#first.harts[hart]?.pc ?? 0n;
    const [clock, traps] = [this.#clock(this.#first, hart), this.#first.trapCount];
    this.#benches.forEach((bench, i) => {
      if (this.#contestants[i]?.inPieces === true) this.#runInPieces(bench, hart);
      else bench.resume(this.#pace.slice, hart);
    });
    const parting = this.#compare(hart, pc);
    const used = Number(this.#clock(this.#first, hart) - clock);
    this.#slots += used;
    this.#watch(hart, used + TRAP * (this.#first.trapCount - traps));
    return parting;
  }

  #runInPieces(bench: Bench, hart: number): void {
    for (let left = this.#pace.slice; left > 0; ) {
      const piece = Math.min(left, 1 + this.#pieces.below(this.#pieces.pick(PIECES)));
      if (bench.resume(piece, hart) !== "slots") return;
      left -= piece;
    }
  }

  /** Raises and drops interrupt lines, and wakes a hart that would sleep for ever. */
  #disturb(hart: number): void {
    const random = this.#random;
    const asleep = this.#first.harts[hart]?.waiting === true;
    if (!this.#pace.lines && !asleep) return;
    if (!asleep && !random.chance(Math.min(0.5, this.#pace.slice / 500))) return;
    const lines = asleep ? 0xa88n : random.long() & random.long() & 0xa88n;
    for (const bench of this.#benches) {
      bench.harts[hart]?.setLines(lines);
      bench.run(0, hart);
    }
  }

  /** Sends a hart on whose trial takes too long. */
  #watch(hart: number, used: number): void {
    const at = this.#at[hart];
    if (at === undefined) return;
    const trial = this.#ram.get64(trialCell(hart));
    if (trial !== at.trial) {
      this.#at[hart] = { trial, slots: 0, abandoned: false };
      return;
    }
    // A hart that sleeps uses no slots.
    at.slots += used > 0 ? used : SLEEP;
    if (at.slots <= this.#pace.patience || at.abandoned) return;
    at.abandoned = true;
    for (const bench of this.#benches) {
      bench.harts[hart]?.setPc(this.#runtime.abandon);
      bench.harts[hart]?.setMode("M");
      bench.harts[hart]?.setWaiting(false);
      bench.run(0, hart);
    }
  }

  #clock(bench: Bench, hart: number): bigint {
    const [registers] = bench.stateOf(hart);
    return new DataView(registers.buffer, registers.byteOffset).getBigUint64(state.clock.offset, true);
  }

  #compare(hart: number, pc: bigint): Parting | undefined {
    const ours = this.#first.stateOf(hart);
    for (const [i, bench] of this.#benches.entries()) {
      if (i === 0) continue;
      const theirs = bench.stateOf(hart);
      if (same(ours[0], theirs[0]) && same(ours[1], theirs[1])) continue;
      const differences = [...compareFields(ours[0], theirs[0]), ...compareTlb(ours[1], theirs[1])];
      if (differences.length > 0) return this.#parting(i, hart, pc, differences);
    }
    return undefined;
  }

  #compareRam(): Parting | undefined {
    const ours = this.#first.ram;
    for (const [i, bench] of this.#benches.entries()) {
      const theirs = bench.ram;
      if (i === 0 || same(ours, theirs)) continue;
      const other = new Memory(theirs);
      const differences: Parting["differences"][number][] = [];
      for (let at = RAM; at < RAM + RAM_BYTES && differences.length < 8; at += 8) {
        const [a, b] = [this.#ram.get64(at), other.get64(at)];
        if (a !== b) differences.push({ what: `memory at 0x${at.toString(16)}`, first: a, other: b });
      }
      return this.#parting(i, 0, this.#first.harts[0]?.pc ?? 0n, differences);
    }
    return undefined;
  }

  #parting(other: number, hart: number, pc: bigint, differences: Parting["differences"]): Parting {
    return {
      first: this.#contestants[0]?.name ?? "",
      other: this.#nameOf(other),
      slots: this.#slots,
      hart,
      pc,
      differences,
    };
  }

  /** A contestant as it executes at the moment. */
  #nameOf(index: number): string {
    const { name = "", others } = this.#contestants[index] ?? {};
    return others === undefined ? name : `${name} (at this time the ${this.#benches[index]?.engine})`;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Cells by offset, in words: what state lies where. */
const cells: readonly (readonly [offset: number, name: string])[] = [
  ...Array.from({ length: 32 }, (_, n) => [X_OFFSET + 8 * n, `x${n}`] as const),
  ...Object.entries(state).map(([name, { offset }]) => [offset, name] as const),
].sort(([a], [b]) => a - b);

/** What is scratch of the engines': the trap being raised, and where writes to x0 go. */
const SCRATCH: ReadonlySet<string> = new Set(["raisedCause", "raisedValue", "yielding", "x0", "sink"]);

function compareFields(a: Uint8Array, b: Uint8Array): Parting["differences"] {
  const [left, right] = [a, b].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (left === undefined || right === undefined) return [];
  const found: Parting["differences"][number][] = [];
  for (let at = 0; at + 4 <= a.length; at += 4) {
    if (left.getUint32(at, true) === right.getUint32(at, true)) continue;
    const name = nameAt(at);
    if (SCRATCH.has(name) || found.some(({ what }) => what === name)) continue;
    const from = at & ~7;
    found.push({ what: name, first: left.getBigUint64(from, true), other: right.getBigUint64(from, true) });
  }
  return found;
}

function nameAt(offset: number): string {
  if (offset >= X_OFFSET + 32 * 8 && offset < X_OFFSET + 33 * 8) return "sink";
  const inFloat = offset - F_OFFSET;
  if (inFloat >= 0 && inFloat < 32 * 8) return `f${inFloat >> 3}`;
  const field = cells.findLast(([at]) => at <= offset);
  return field === undefined || offset - field[0] >= 8 ? `hart state at ${offset}` : field[1];
}

function compareTlb(a: Uint8Array, b: Uint8Array): Parting["differences"] {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) return [];
  const entry = Math.floor(at / TLB_ENTRY_BYTES);
  return [
    {
      what: `TLB entry ${entry} (hart state at ${TLB_OFFSET + at})`,
      first: BigInt(a[at] ?? 0),
      other: BigInt(b[at] ?? 0),
    },
  ];
}
