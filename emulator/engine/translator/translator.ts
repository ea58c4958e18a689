/**
 * The translator: an interpreter that hot code leaves for WebAssembly made of it. It looks now and then where the
 * interpreter is at work, and is told of places that translated code is left for again and again. When one of these has
 * become hot, it follows execution for a while, instruction by instruction, and translates what it has seen.
 */
import { state } from "../../hart/layout.ts";
import { createDecoder } from "../../isa/decode.ts";
import { instructionSet } from "../../isa/table.ts";
import type { Configuration, Engine, EngineCounters, RunEnd } from "../engine.ts";
import { exportName } from "../interpreter/generate.ts";
import type { InterpreterPlacement } from "../interpreter/interpreter.ts";
import { Interpreter } from "../interpreter/interpreter.ts";
import { cutShort, leftOften, regionEntries, translatedSlots } from "../interpreter/lookaside.ts";
import { CodeCache } from "./code-cache.ts";
import type { TracedStep } from "./entries.ts";
import { entriesOf } from "./entries.ts";
import { Operations } from "./operation.ts";
import type { Policy } from "./policy.ts";
import { LINE_BYTES } from "./policy.ts";
import type { Experience } from "./profile.ts";
import { Profile } from "./profile.ts";
import type { CodeReader, Region, RegionLimits } from "./region.ts";
import { formRegion } from "./region.ts";
import { rememberedCode } from "./slow-path.ts";

const PAGE = 4096;
/** Rounds of a loop in a trace that make it tight, and the operations of its own region. */
const TIGHT = 50;
const TIGHT_OPERATIONS = 60;

/** Spots that are remembered before all are forgotten. */
const MOST_SPOTS = 100_000;

/** Somewhere that execution was found. */
interface Spot {
  readonly place: number;
  /** The place itself, if regions are left for just that, or its line. */
  readonly key: number;
  readonly heat: number;
}

/** What rewrites itself is translated ahead only so often, until RAM is filled anew. */
const MOST_TIMES_AHEAD = 8;
/** Every place in a page where an instruction may begin. */
const EVERYWHERE: ReadonlySet<number> = new Set(Array.from({ length: PAGE / 2 }, (_, i) => i * 2));

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
  /** How often execution was found after a region was left for a place, or else in a line, since it was translated. */
  readonly #heat = new Map<number, number>();
  readonly #codeAt: (pc: bigint) => number;
  readonly #reader: CodeReader;
  #interval: number;
  /** Slots that the interpreter has used since it was last found at work. */
  #interpreted = 0;
  /** Spots of which there is nothing more to translate. */
  readonly #hopeless = new Set<number>();
  #breakpoints: ReadonlySet<number> = new Set();
  #tracing = false;
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
    this.#interval = policy.interval;
    this.#view = new DataView(configuration.memory.buffer);
    this.#words = new Int32Array(configuration.memory.buffer);
    this.#ram = placement.ram;
    const { cpu, settings, rewrite } = configuration;
    this.#operations = new Operations(createDecoder(instructionSet(cpu.extensions)), settings, rewrite);
    this.#cache = new CodeCache(configuration, interpreter.exports, interpreter.pages, placement.regions);
    this.#codeAt = interpreter.exports[exportName(rememberedCode.procedure.name)] as (pc: bigint) => number;
    this.#reader = {
      operation: (place, secondHalf) => this.#operations.of(this.#wordAt(place, secondHalf)),
      breaks: (place) => this.#breakpoints.has(place & (PAGE - 1)),
    };
    interpreter.listener = {
      codeChanged: (offset, bytes) => {
        this.#hopeless.clear();
        this.#cache.changed(offset, offset + bytes);
      },
      pageGoes: (page) => {
        this.#hopeless.clear();
        if (page === undefined) this.#cache.flush();
        else this.#cache.dropPage(page);
      },
      stopped: (hart, slots) => policy.ahead && !this.#tracing && this.#translateAhead(hart, slots),
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
    const address = this.#configuration.harts[hart] ?? 0;
    for (let left = slots, passes = past; ; passes = false) {
      const before = this.#clock(address);
      const translatedBefore = this.#translatedSlots(address);
      this.#words[(address + cutShort.offset) >> 2] = 0;
      const end = this.#interpreter.run(hart, Math.min(left, this.#interval), passes);
      const passed = (this.#clock(address) - before) | 0;
      const interpreted = passed - ((this.#translatedSlots(address) - translatedBefore) | 0);
      left -= passed;
      const spot = this.#spotToHeat(hart, interpreted);
      if (end !== "slots") return end;
      if (spot !== undefined && this.#isHot(spot) && left > 0) {
        const { used, end: ended } = this.#learn(hart, spot, left);
        left -= used;
        if (ended !== "slots") return ended;
      }
      if (left <= 0) return "slots";
    }
  }

  breakAt(addresses: ReadonlySet<bigint>): void {
    this.#breakpoints = new Set([...addresses].map((address) => Number(address & 0xfffn)));
    this.#interpreter.breakAt(addresses);
    if (this.#policy.ahead) this.#interpreter.pages.breakAt(EVERYWHERE);
  }

  memoryChanged(offset: number, bytes: number): void {
    this.#interpreter.memoryChanged(offset, bytes);
    if (bytes >= PAGE) this.#timesAhead.clear();
  }

  stateChanged(): void {
    this.#interpreter.stateChanged();
  }

  counters(): EngineCounters {
    const sum = ({ offset }: { readonly offset: number }) =>
      this.#configuration.harts.reduce(
        (all, hart) => all + Number(this.#view.getBigUint64(hart + offset, true)),
        0,
      );
    return { ...this.#cache.counters, translatedSlots: sum(translatedSlots), entries: sum(regionEntries) };
  }

  /**
   * What has become hotter: the place that regions are left for again and again, or, when the interpreter has been at
   * work for long enough, where it is.
   */
  #spotToHeat(hart: number, interpreted: number): Spot | undefined {
    const often = ((this.#configuration.harts[hart] ?? 0) + leftOften.offset) >> 2;
    if (this.#words[often] !== 0) {
      this.#words[often] = 0;
      const place = this.#placeOf(hart);
      return place === undefined ? undefined : { place, key: place, heat: this.#policy.threshold };
    }
    this.#interpreted += interpreted;
    const { interval, longestInterval } = this.#policy;
    const due = this.#interpreted >= interval;
    this.#interval = due ? interval : Math.min(this.#interval * 2, longestInterval);
    // Where a region was left for want of slots, it is not known what is interpreted.
    const cut = this.#words[((this.#configuration.harts[hart] ?? 0) + cutShort.offset) >> 2] !== 0;
    const place = due && !cut ? this.#placeOf(hart) : undefined;
    if (place === undefined) return undefined;
    const heat = Math.floor(this.#interpreted / interval);
    this.#interpreted = 0;
    // Odd, so that it is no place.
    return { place, key: Math.floor(place / LINE_BYTES) * LINE_BYTES + 1, heat };
  }

  #isHot({ key, heat }: Spot): boolean {
    if (this.#hopeless.has(key)) return false;
    if (this.#heat.size > MOST_SPOTS) this.#heat.clear();
    const total = (this.#heat.get(key) ?? 0) + heat;
    this.#heat.set(key, total);
    return total >= this.#policy.threshold;
  }

  /** Follows execution from here, and translates what it leads to. */
  #learn(hart: number, { place, key }: Spot, slots: number): { readonly used: number; readonly end: RunEnd } {
    this.#heat.delete(key);
    if (key === place && this.#cache.at(place) !== undefined) return { used: 0, end: "slots" };
    this.#tracing = true;
    const { steps, used, end } = this.#trace(hart, Math.min(slots, this.#policy.traceLength));
    this.#tracing = false;
    this.#configuration.translating?.(true);
    this.#profile.learn(steps);
    if (this.#hopeless.size > MOST_SPOTS) this.#hopeless.clear();
    if (!this.#translate(place, key === place, steps)) this.#hopeless.add(key);
    this.#configuration.translating?.(false);
    return { used, end };
  }

  /** Translates what a hart is about to execute, as far as its slots go; gives whether that has been done just now. */
  #translateAhead(hart: number, slots: number): boolean {
    const place = this.#placeOf(hart);
    if (place === undefined || this.#cache.at(place) !== undefined) return false;
    const times = (this.#timesAhead.get(place) ?? 0) + 1;
    if (times > MOST_TIMES_AHEAD) return false;
    this.#timesAhead.set(place, times);
    const { operations, destinations } = this.#policy;
    const limits = { operations: Math.min(operations, slots), destinations };
    this.#configuration.translating?.(true);
    const region = formRegion(place, this.#anything, this.#reader, limits);
    if (region !== undefined) this.#cache.install([region]);
    this.#configuration.translating?.(false);
    return region !== undefined;
  }

  /** Executes instruction by instruction and tells which. */
  #trace(hart: number, slots: number): { steps: TracedStep[]; used: number; end: RunEnd } {
    const address = this.#configuration.harts[hart] ?? 0;
    const steps: TracedStep[] = [];
    const pcWord = (address + state.pc.offset) >> 2;
    let page: number | undefined;
    let pageOf = -1;
    for (let used = 0; used < slots; ) {
      const pc = ((this.#words[pcWord] ?? 0) >>> 0) + (this.#words[pcWord + 1] ?? 0) * 2 ** 32;
      const before = this.#clock(address);
      this.#words[(address + leftOften.offset) >> 2] = 0;
      const end = this.#interpreter.run(hart, 1, false);
      used += (this.#clock(address) - before) | 0;
      if (end !== "slots") return { steps, used, end };
      // The instruction was fetched just now, so where its page is has been remembered.
      const virtualPage = Math.floor(pc / PAGE);
      if (virtualPage !== pageOf) {
        page = this.#locate(BigInt(virtualPage) * BigInt(PAGE));
        pageOf = virtualPage;
      }
      if (page === undefined) continue;
      const offset = pc - virtualPage * PAGE;
      const place = page + offset;
      const secondHalf = offset === PAGE - 2 ? this.#locate(BigInt(pc + 2)) : undefined;
      steps.push({ pc, place, operation: this.#reader.operation(place, secondHalf) });
    }
    return { steps, used: slots, end: "slots" };
  }

  /** Gives whether there was anything to translate. */
  #translate(hot: number, exactly: boolean, steps: readonly TracedStep[]): boolean {
    const regions = new Map<number, Region>();
    const covered = new Set<number>();
    const form = (place: number, limits: RegionLimits = this.#policy) => {
      const experience = this.#policy.ahead ? this.#anything : this.#profile;
      const region = formRegion(place, experience, this.#reader, limits);
      if (region === undefined || this.#alreadyHas(region)) return;
      regions.set(place, region);
      for (const { operations } of region.blocks)
        for (const { delta } of operations) covered.add(place + delta);
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

  /** Whether the translation at a region's place is of as much code. */
  #alreadyHas(region: Region): boolean {
    const known = this.#cache.at(region.place);
    const size = region.blocks.reduce((sum, { operations }) => sum + operations.length, 0);
    return known !== undefined && known.places.size >= size;
  }

  #placeOf(hart: number): number | undefined {
    const address = this.#configuration.harts[hart] ?? 0;
    return this.#locate(this.#view.getBigUint64(address + state.pc.offset, true));
  }

  /** The offset in RAM of the code at a virtual address of the hart that executed last, if it is remembered. */
  #locate(pc: bigint): number | undefined {
    const decoded = this.#codeAt(pc);
    const page = decoded === 0 ? undefined : this.#interpreter.pages.pageAt(decoded);
    return page === undefined ? undefined : page * PAGE + Number(pc & 0xfffn);
  }

  #wordAt(place: number, secondHalf: number | undefined): number {
    const half = (offset: number) => this.#view.getUint16(this.#ram + offset, true);
    const low = half(place);
    if ((low & 3) !== 3) return low;
    const crosses = (place & (PAGE - 1)) === PAGE - 2;
    if (crosses && secondHalf === undefined) return 0;
    return low | (half(crosses ? (secondHalf ?? 0) : place + 2) << 16);
  }

  #translatedSlots(address: number): number {
    return this.#words[(address + translatedSlots.offset) >> 2] ?? 0;
  }

  #clock(address: number): number {
    return this.#words[(address + state.clock.offset) >> 2] ?? 0;
  }
}
