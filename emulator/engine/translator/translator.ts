/**
 * The translator: an interpreter that hot code leaves for WebAssembly made of it. It looks now and then where the
 * interpreter is at work, and is told of places that translated code is left for again and again. When one of these has
 * become hot, it follows execution for a while, instruction by instruction, and translates what it has seen.
 */
import { state } from "../../hart/layout.ts";
import { createDecoder } from "../../isa/decode.ts";
import { instructionSet } from "../../isa/table.ts";
import type { Configuration, Engine, EngineCounters, RunEnd } from "../engine.ts";
import { exportName } from "../interpreter/exports.ts";
import type { InterpreterPlacement } from "../interpreter/interpreter.ts";
import { Interpreter, likenessOf } from "../interpreter/interpreter.ts";
import {
  leftOften,
  lookAt,
  memoryIsFlat,
  misfit,
  NEVER,
  regionEntries,
  translatedSlots,
} from "../interpreter/lookaside.ts";
import { codeCell, STEP_BYTES, StepRecord } from "../interpreter/trace.ts";
import { CodeCache } from "./code-cache.ts";
import type { TracedStep } from "./entries.ts";
import { entriesOf } from "./entries.ts";
import type { Spot } from "./heat.ts";
import { Heat } from "./heat.ts";
import { Operations } from "./operation.ts";
import type { Policy } from "./policy.ts";
import { MOST_TIMES_AHEAD, TIGHT, TIGHT_OPERATIONS, TRACED_AT_ONCE } from "./policy.ts";
import type { Experience } from "./profile.ts";
import { Profile } from "./profile.ts";
import type { CodeReader, Region, RegionLimits } from "./region.ts";
import { formRegion } from "./region.ts";

const PAGE = 4096;
/** Every place in a page where an instruction may begin. */
const EVERYWHERE: ReadonlySet<number> = new Set(Array.from({ length: PAGE / 2 }, (_, i) => i * 2));

interface FollowedStep extends TracedStep {
  /** Whether it is to be translated for flat memory (flat-memory.ts). */
  readonly flat: boolean;
}

/** Execution that is followed from a hot spot on, perhaps over several turns of its hart. */
interface Trace {
  readonly spot: Spot;
  readonly steps: FollowedStep[];
  /** Slots that it may still take. */
  left: number;
}

/** What the translator keeps of a hart. */
interface Watch {
  /** Address of the hart's state. */
  readonly address: number;
  /** Slots to be interpreted until the next look at where it is. */
  untilLook: number;
  trace: Trace | undefined;
}

export class Translator implements Engine {
  readonly #configuration: Configuration;
  readonly #policy: Policy;
  readonly #interpreter: Interpreter;
  readonly #view: DataView;
  readonly #words: Int32Array;
  readonly #ram: number;
  readonly #operations: Operations;
  readonly #profile = new Profile();
  /** What to go by where nothing has executed yet: all of it may. */
  readonly #anything: Experience = {
    executed: () => 1,
    destinations: (place) => this.#profile.destinations(place),
  };
  readonly #cache: CodeCache;
  readonly #heat: Heat;
  readonly #watches: readonly Watch[];
  readonly #codeCell: (pc: bigint) => number;
  readonly #reader: CodeReader;
  #breakpoints: ReadonlySet<number> = new Set();
  /** Pages of RAM with code that was executed in flat memory and in other. */
  readonly #paged = new Set<number>();
  /** How often a place has been translated ahead. */
  readonly #timesAhead = new Map<number, number>();

  private constructor(
    configuration: Configuration,
    placement: InterpreterPlacement,
    policy: Policy,
    interpreter: Interpreter,
  ) {
    this.#configuration = configuration;
    this.#policy = policy;
    this.#interpreter = interpreter;
    this.#heat = new Heat(policy);
    this.#watches = configuration.harts.map((address) => ({
      address,
      untilLook: policy.interval,
      trace: undefined,
    }));
    this.#view = new DataView(configuration.memory.buffer);
    this.#words = new Int32Array(configuration.memory.buffer);
    this.#ram = placement.ram;
    const { cpu, settings, rewrite } = configuration;
    this.#operations = new Operations(createDecoder(instructionSet(cpu.extensions)), settings, rewrite);
    const { exports, pages } = interpreter;
    // What is rewritten is not what others execute, and what is translated ahead is translated to be tested.
    const keeps = rewrite === undefined && !policy.ahead;
    const kept = keeps ? configuration.keptRegions?.(likenessOf(configuration)) : undefined;
    this.#cache = new CodeCache(configuration, exports, pages, placement, kept);
    this.#codeCell = interpreter.exports[exportName(codeCell.procedure.name)] as (pc: bigint) => number;
    this.#reader = {
      operation: (place, secondHalf) => this.#operations.of(this.#wordAt(place, secondHalf)),
      breaks: (place) =>
        this.#breakpoints.has(place & (PAGE - 1)) || (!policy.ahead && this.#isUnsteady(place)),
    };
    interpreter.listener = {
      codeChanged: (offset, bytes) => {
        this.#heat.hope();
        this.#cache.changed(offset, offset + bytes);
      },
      pageGoes: (page) => {
        this.#heat.hope();
        if (page === undefined) {
          this.#cache.flush();
          this.#paged.clear();
        } else {
          this.#cache.dropPage(page);
          this.#paged.delete(page);
        }
      },
      stopped: (hart, slots) => policy.ahead && this.#translateAhead(hart, slots),
    };
    if (policy.ahead) interpreter.pages.breakAt(EVERYWHERE);
  }

  static async create(
    configuration: Configuration,
    placement: InterpreterPlacement,
    policy: Policy,
  ): Promise<Translator> {
    const interpreter = await Interpreter.create(configuration, placement);
    return new Translator(configuration, placement, policy, interpreter);
  }

  run(hart: number, slots: number, past: boolean): RunEnd {
    const watch = this.#watches[hart];
    if (watch === undefined) throw new Error(`there is no hart ${hart}`);
    for (let left = slots, passes = past; ; passes = false) {
      const before = this.#clock(watch);
      const end =
        watch.trace === undefined || passes
          ? this.#runOn(hart, watch, left, passes)
          : this.#follow(hart, watch, watch.trace, left);
      left -= (this.#clock(watch) - before) | 0;
      if (end !== "slots" || left <= 0) return end;
    }
  }

  breakAt(addresses: ReadonlySet<bigint>): void {
    this.#breakpoints = new Set([...addresses].map((address) => Number(address & 0xfffn)));
    this.#interpreter.breakAt(addresses);
    if (this.#policy.ahead) this.#interpreter.pages.breakAt(EVERYWHERE);
  }

  memoryChanged(offset: number, bytes: number): void {
    this.#interpreter.memoryChanged(offset, bytes);
    if (bytes < PAGE) return;
    this.#timesAhead.clear();
    this.#paged.clear();
  }

  stateChanged(): void {
    this.#interpreter.stateChanged();
  }

  counters(): EngineCounters {
    const sum = ({ offset }: { readonly offset: number }) =>
      this.#configuration.harts.reduce((all, hart) => all + this.#cell(hart + offset), 0);
    return { ...this.#cache.counters, translatedSlots: sum(translatedSlots), entries: sum(regionEntries) };
  }

  /** Executes up to the next look at where execution is, and has what it finds hot be followed. */
  #runOn(hart: number, watch: Watch, slots: number, past: boolean): RunEnd {
    const at = watch.address + lookAt.offset;
    this.#setCell(at, this.#interpretedSlots(watch) + watch.untilLook - NEVER);
    const end = this.#interpreter.run(hart, slots, past);
    watch.untilLook = this.#cell(at) + NEVER - this.#interpretedSlots(watch);
    this.#setCell(at, 0);
    this.#dropMisfit(watch);
    const spot = this.#spotToFollow(watch);
    if (spot !== undefined && end === "slots") {
      watch.trace = { spot, steps: [], left: this.#policy.traceLength };
    }
    return end;
  }

  /** What was made for flat memory and met other is made for any, next time. */
  #dropMisfit({ address }: Watch): void {
    const at = (address + misfit.offset) >> 2;
    const record = this.#words[at] ?? 0;
    if (record === 0) return;
    this.#words[at] = 0;
    const place = this.#cache.dropFlat(record);
    if (place !== undefined) this.#paged.add(place >>> 12);
  }

  /**
   * What has become hot: the place that regions are left for again and again, or, when the interpreter has been at work
   * for long enough, where it is.
   */
  #spotToFollow(watch: Watch): Spot | undefined {
    const often = (watch.address + leftOften.offset) >> 2;
    const exactly = this.#words[often] !== 0;
    this.#words[often] = 0;
    const due = watch.untilLook <= 0;
    if (due) watch.untilLook = this.#policy.interval;
    const place = exactly || due ? this.#placeOf(watch) : undefined;
    if (place === undefined || (exactly && this.#cache.at(place) !== undefined)) return undefined;
    const spot = this.#heatUp({ place, exactly }, exactly ? this.#policy.threshold : 1);
    const isSteady = spot !== undefined || !this.#heat.unsteady(place);
    if (isSteady && this.#breakpoints.size === 0) this.#cache.restore(place >>> 12);
    return exactly && this.#cache.at(place) !== undefined ? undefined : spot;
  }

  #heatUp(spot: Spot, times: number): Spot | undefined {
    this.#noteRewriting(spot.place);
    return this.#heat.add(spot, times) ? spot : undefined;
  }

  #noteRewriting(place: number): void {
    if (this.#interpreter.pages.rewritten(place)) this.#heat.rewrite(place);
  }

  /** Whether code at a place is better left out of regions, for it is rewritten again and again. */
  #isUnsteady(place: number): boolean {
    this.#noteRewriting(place);
    return this.#heat.unsteady(place);
  }

  /** Follows execution, as far as slots go; in the end translates what it has led to. */
  #follow(hart: number, watch: Watch, trace: Trace, slots: number): RunEnd {
    const { used, end } = this.#trace(hart, trace, watch, Math.min(slots, trace.left, TRACED_AT_ONCE));
    trace.left -= used;
    if (end === "slots" && trace.left > 0) return end;
    watch.trace = undefined;
    this.#configuration.translating?.(true);
    this.#profile.learn(trace.steps);
    if (!this.#translate(trace)) this.#heat.giveUp(trace.spot);
    this.#configuration.translating?.(false);
    return end;
  }

  /** Translates what a hart is about to execute, as far as its slots go; gives whether that has been done just now. */
  #translateAhead(hart: number, slots: number): boolean {
    const watch = this.#watches[hart];
    if (watch === undefined) return false;
    const place = this.#placeOf(watch);
    if (place === undefined || this.#cache.at(place) !== undefined) return false;
    const times = (this.#timesAhead.get(place) ?? 0) + 1;
    if (times > MOST_TIMES_AHEAD) return false;
    this.#timesAhead.set(place, times);
    const { operations, destinations } = this.#policy;
    const limits = { operations: Math.min(operations, slots), destinations };
    const flat = this.#isFlat(watch.address + memoryIsFlat.offset, place);
    this.#configuration.translating?.(true);
    const region = formRegion(place, this.#anything, this.#reader, limits, flat);
    if (region !== undefined) this.#cache.install([region]);
    this.#configuration.translating?.(false);
    return region !== undefined;
  }

  /** Executes instruction by instruction, and adds to a trace which. */
  #trace(hart: number, { steps }: Trace, watch: Watch, slots: number): { used: number; end: RunEnd } {
    const { traceRecords: records } = this.#interpreter;
    const before = this.#clock(watch);
    const { made, end } = this.#interpreter.trace(hart, slots);
    for (let at = records; at < records + made * STEP_BYTES; at += STEP_BYTES) {
      const place = this.#placeOfCell(this.#word(at + StepRecord.cell));
      if (place === undefined) continue;
      const pc = this.#cell(at + StepRecord.pc);
      const operation = this.#operations.of(this.#word(at + StepRecord.word));
      const flat = this.#isFlat(at + StepRecord.flat, place);
      steps.push({ pc, place, operation, flat });
    }
    return { used: (this.#clock(watch) - before) | 0, end };
  }

  /** Gives whether there was anything to translate. */
  #translate({ spot: { place: hot, exactly }, steps }: Trace): boolean {
    const regions = new Map<number, Region>();
    const flat = new Set(steps.filter((step) => step.flat).map(({ place }) => place));
    const covered = new Set<number>();
    const form = (entry: number, limits: RegionLimits = this.#policy) => {
      const experience = this.#policy.ahead ? this.#anything : this.#profile;
      const region = formRegion(entry, experience, this.#reader, limits, flat.has(entry));
      if (region === undefined) return;
      // What is there may be of as much code.
      if ((this.#cache.at(entry)?.instructions ?? 0) >= region.places.size) return;
      regions.set(entry, region);
      for (const place of region.places) covered.add(place);
    };
    for (const { place, loop, count } of entriesOf(steps)) {
      if (count < this.#policy.entries) continue;
      // A loop within another region is worth one of its own if it goes round so often that a run may end in it.
      if (!loop || !covered.has(place)) form(place);
      else if (count >= TIGHT) form(place, { ...this.#policy, operations: TIGHT_OPERATIONS });
    }
    if (!regions.has(hot) && (exactly || !covered.has(hot))) form(hot);
    if (regions.size > 0) this.#cache.install([...regions.values()]);
    return regions.size > 0;
  }

  /** Whether code at a place is to be made for flat memory, by where it is noted whether memory is. */
  #isFlat(note: number, place: number): boolean {
    return this.#word(note) !== 0 && !this.#paged.has(place >>> 12);
  }

  /** Where a hart is, if it executed last. */
  #placeOf({ address }: Watch): number | undefined {
    return this.#locate(this.#view.getBigUint64(address + state.pc.offset, true));
  }

  /** The offset in RAM of the code at a virtual address of the hart that executed last, if it is remembered. */
  #locate(pc: bigint): number | undefined {
    return this.#placeOfCell(this.#codeCell(pc));
  }

  /** The same by where in machine memory it lies; 0 is nowhere. */
  #placeOfCell(cell: number): number | undefined {
    return cell === 0 ? undefined : (cell >>> 0) - this.#ram;
  }

  #wordAt(place: number, secondHalf: number | undefined): number {
    const half = (offset: number) => this.#view.getUint16(this.#ram + offset, true);
    const low = half(place);
    if ((low & 3) !== 3) return low;
    const crosses = (place & (PAGE - 1)) === PAGE - 2;
    if (crosses && secondHalf === undefined) return 0;
    return low | (half(crosses ? (secondHalf ?? 0) : place + 2) << 16);
  }

  #interpretedSlots({ address }: Watch): number {
    return this.#cell(address + state.clock.offset) - this.#cell(address + translatedSlots.offset);
  }

  /** A signed cell of 8 bytes, of less than 2^53: many times faster than as a bigint. */
  #cell(address: number): number {
    const at = address >> 2;
    return ((this.#words[at] ?? 0) >>> 0) + (this.#words[at + 1] ?? 0) * 2 ** 32;
  }

  #setCell(address: number, value: number): void {
    this.#words[address >> 2] = value;
    this.#words[(address >> 2) + 1] = Math.floor(value / 2 ** 32);
  }

  #clock({ address }: Watch): number {
    return this.#word(address + state.clock.offset);
  }

  #word(address: number): number {
    return this.#words[address >> 2] ?? 0;
  }
}
