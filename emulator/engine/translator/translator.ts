/**
 * The translator: an interpreter that hot code leaves for WebAssembly made of it. It looks now and then where execution
 * is; where that is in the same line of code often enough, it follows execution for a while, instruction by
 * instruction, and translates what it has seen.
 */
import { state } from "../../hart/layout.ts";
import { createDecoder } from "../../isa/decode.ts";
import { instructionSet } from "../../isa/table.ts";
import type { Configuration, Engine, EngineCounters, RunEnd } from "../engine.ts";
import { exportName } from "../interpreter/generate.ts";
import type { InterpreterPlacement } from "../interpreter/interpreter.ts";
import { Interpreter } from "../interpreter/interpreter.ts";
import { cutShort, regionEntries, translatedSlots } from "../interpreter/lookaside.ts";
import { CodeCache } from "./code-cache.ts";
import type { TracedStep } from "./entries.ts";
import { entriesOf } from "./entries.ts";
import { Operations } from "./operation.ts";
import type { Policy } from "./policy.ts";
import { LINE_BYTES } from "./policy.ts";
import type { Experience } from "./profile.ts";
import { Profile } from "./profile.ts";
import type { CodeReader, Region } from "./region.ts";
import { formRegion } from "./region.ts";
import { rememberedCode } from "./slow-path.ts";

const PAGE = 4096;
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
  /** How often execution was found in a line of RAM, since it was last translated. */
  readonly #heat = new Map<number, number>();
  readonly #codeAt: (pc: bigint) => number;
  readonly #reader: CodeReader;
  #interval: number;
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
      codeChanged: (offset, bytes) => this.#cache.changed(offset, offset + bytes),
      pageGoes: (page) => (page === undefined ? this.#cache.flush() : this.#cache.dropPage(page)),
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
      const asked = Math.min(left, this.#interval);
      this.#words[(address + cutShort.offset) >> 2] = 0;
      const before = this.#clock(address);
      const end = this.#interpreter.run(hart, asked, passes);
      left -= (this.#clock(address) - before) | 0;
      if (end !== "slots" || left <= 0) return end;
      const translated = this.#words[(address + cutShort.offset) >> 2] !== 0;
      if (translated) {
        this.#interval = Math.min(this.#interval * 2, this.#policy.longestInterval);
        continue;
      }
      this.#interval = this.#policy.interval;
      const { used, end: ended } = this.#look(hart, left);
      left -= used;
      if (ended !== "slots" || left <= 0) return ended;
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

  /** Notes where execution is, and translates what is there when that is often enough. */
  #look(hart: number, slots: number): { readonly used: number; readonly end: RunEnd } {
    const place = this.#placeOf(hart);
    if (place === undefined) return { used: 0, end: "slots" };
    const line = Math.floor(place / LINE_BYTES);
    const heat = (this.#heat.get(line) ?? 0) + 1;
    this.#heat.set(line, heat);
    if (heat < this.#policy.threshold) return { used: 0, end: "slots" };
    this.#heat.delete(line);
    this.#tracing = true;
    const { steps, used, end } = this.#trace(hart, Math.min(slots, this.#policy.traceLength));
    this.#tracing = false;
    this.#configuration.translating?.(true);
    this.#profile.learn(steps);
    this.#translate(place, steps);
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
    for (let used = 0; used < slots; ) {
      const pc = this.#view.getBigUint64(address + state.pc.offset, true);
      const before = this.#clock(address);
      const end = this.#interpreter.run(hart, 1, false);
      const passed = (this.#clock(address) - before) | 0;
      used += passed;
      if (end !== "slots") return { steps, used, end };
      // The instruction was fetched just now, so where its page is has been remembered.
      const place = this.#locate(pc);
      if (place !== undefined) {
        const crosses = (place & (PAGE - 1)) === PAGE - 2;
        const secondHalf = crosses ? this.#locate(pc + 2n) : undefined;
        steps.push({ pc, place, operation: this.#reader.operation(place, secondHalf) });
      }
    }
    return { steps, used: slots, end: "slots" };
  }

  #translate(hot: number, steps: readonly TracedStep[]): void {
    const regions = new Map<number, Region>();
    const covered = new Set<number>();
    const form = (place: number) => {
      const experience = this.#policy.ahead ? this.#anything : this.#profile;
      const region = formRegion(place, experience, this.#reader, this.#policy);
      if (region === undefined || this.#alreadyHas(region)) return;
      regions.set(place, region);
      for (const { operations } of region.blocks)
        for (const { delta } of operations) covered.add(place + delta);
    };
    for (const { place, loop, count } of entriesOf(steps)) {
      if (count >= this.#policy.entries && !(loop && covered.has(place))) form(place);
    }
    if (!covered.has(hot)) form(hot);
    if (regions.size > 0) this.#cache.install([...regions.values()]);
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

  #clock(address: number): number {
    return this.#words[(address + state.clock.offset) >> 2] ?? 0;
  }
}
