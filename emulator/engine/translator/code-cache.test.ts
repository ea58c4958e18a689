import { beforeEach, describe, expect, it } from "vitest";
import { state, X_OFFSET } from "../../hart/layout.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import type { Configuration } from "../engine.ts";
import { Interpreter } from "../interpreter/interpreter.ts";
import { regionEntries, translatedSlots } from "../interpreter/lookaside.ts";
import { DECODED_PAGES, Handler } from "../interpreter/slot.ts";
import { emptyMachine, placementWith } from "../interpreter/testing/memory.ts";
import { CodeCache } from "./code-cache.ts";
import { Profile } from "./profile.ts";
import type { Region } from "./region.ts";
import { formRegion } from "./region.ts";
import { RememberedRegions } from "./testing/remembered.ts";
import type { Line } from "./testing/snippet.ts";
import { Snippet } from "./testing/snippet.ts";

/** More pages of RAM than can be decoded at a time. */
const placement = placementWith((DECODED_PAGES + 8) * 4096);
const [hart = 0] = placement.harts;
const add = (immediate: number): Line => ["addi", { rd: 10, rs1: 10, immediate }];

/** Two loops on the first page of code, and one on the next. */
const first = new Snippet(0x1000, [add(1), ["jal", { immediate: -4 }]]);
const second = new Snippet(0x1200, [add(2), add(3), ["jal", { immediate: -8 }]]);
const third = new Snippet(0x2000, [add(4), ["jal", { immediate: -4 }]]);
/** A loop that reads the cycle counter, so that slots must be counted on the way. */
const clock = new Snippet(0x3000, [add(1), ["csrrs", { rd: 11 }, 0xc00 << 20], ["jal", { immediate: -8 }]]);
const snippets = [first, second, third];
/** Adds five, and goes on at the third loop. */
const leading = new Snippet(0x1ff8, [add(5), ["jal", { immediate: 4 }]]);
/** Adds six, and goes on at what adds seven and eight and goes on at the first loop. */
const six = new Snippet(0x1400, [add(6), ["jal", { immediate: 0x1fc }]]);
const more = new Snippet(0x1600, [add(7), add(8), ["jal", { immediate: -0x608 }]]);

/** Goes on at what leads back to it, on the next page, or else at the loop that reads the counter. */
const fork = new Snippet(0x1800, [
  ["beq", { rs1: 10, immediate: 0xffc }],
  ["jal", { immediate: 0x17fc }],
]);
const back = new Snippet(0x27fc, [["jal", { immediate: -0xffc }]]);

const regionAt = (snippet: Snippet): Region => {
  const [entry = 0] = snippet.places;
  const profile = snippet.executed(...snippet.places.keys());
  const region = formRegion(entry, profile, snippet, { operations: 100, destinations: 8 });
  if (region === undefined) throw new Error("nothing was formed");
  return region;
};

/** The region of what leads to a place, where a profile knows that. */
function regionTo(snippet: Snippet, place: number, profile = new Profile()): Region {
  const [entry = 0] = snippet.places;
  profile.learn([...snippet.places, place].map((at) => ({ place: at, pc: 0x1000_0000 + at })));
  const region = formRegion(entry, profile, snippet, { operations: 100, destinations: 8 });
  if (region === undefined) throw new Error("nothing was formed");
  return region;
}

let interpreter: Interpreter;
let cache: CodeCache;
let view: DataView;
let configuration: Configuration;

async function begin(kept?: RememberedRegions): Promise<void> {
  const machine = emptyMachine(placement);
  configuration = machine.configuration;
  view = machine.view;
  for (const snippet of [...snippets, clock, leading, six, more, fork, back])
    snippet.store(view.buffer, placement.ram);
  interpreter = await Interpreter.create(configuration, placement);
  cache = new CodeCache(configuration, interpreter.exports, interpreter.pages, placement, kept);
}

beforeEach(() => begin());

/** Does something while the code at an offset in RAM is other code. */
function whileChanged(offset: number, then: () => void): void {
  const place = placement.ram + offset;
  const halfword = view.getUint16(place, true);
  view.setUint16(place, halfword ^ 0x80, true);
  then();
  view.setUint16(place, halfword, true);
}

/** What the interpreter finds at the first instruction of a snippet. */
const handlerAt = ({ places: [entry = 0] }: Snippet) => view.getUint16(interpreter.pages.slotAt(entry), true);
const isTranslated = (snippet: Snippet) => handlerAt(snippet) >= Handler.firstRegion;

/** Executes a snippet for some slots, and tells what it has added up and how many of them were translated. */
function run(snippet: Snippet, slots: number): { sum: number; translated: number; entries: number } {
  const x10 = hart + X_OFFSET + 80;
  const before = view.getBigUint64(hart + translatedSlots.offset, true);
  const entered = view.getBigUint64(hart + regionEntries.offset, true);
  view.setBigUint64(x10, 0n, true);
  view.setBigUint64(hart + state.pc.offset, RAM_BASE + BigInt(snippet.places[0] ?? 0), true);
  interpreter.stateChanged();
  interpreter.run(0, slots, false);
  return {
    sum: Number(view.getBigUint64(x10, true)),
    translated: Number(view.getBigUint64(hart + translatedSlots.offset, true) - before),
    entries: Number(view.getBigUint64(hart + regionEntries.offset, true) - entered),
  };
}

describe("the code cache", () => {
  it("has the interpreter enter what is installed, and counts it", () => {
    expect(run(first, 100)).toEqual({ sum: 50, translated: 0, entries: 0 });
    cache.install([regionAt(first), regionAt(second)]);
    expect(run(first, 100)).toMatchObject({ sum: 50, translated: 100, entries: 1 });
    expect(run(second, 90)).toMatchObject({ sum: 150, translated: 90 });
    expect(run(third, 10)).toEqual({ sum: 20, translated: 0, entries: 0 });
    expect(cache.counters).toMatchObject({ regions: 2, instructions: 5, modules: 1, dropped: 0, flushes: 0 });
    expect(cache.counters.bytes).toBeGreaterThan(200);
  });

  it("counts slots where code looks at the clock on the way", () => {
    cache.install([regionAt(clock)]);
    expect(run(clock, 99)).toMatchObject({ sum: 33, translated: 99 });
    expect(view.getBigUint64(hart + X_OFFSET + 88, true)).toBe(97n);
  });

  it("leaves slots that do not suffice for once around to the interpreter", () => {
    cache.install([regionAt(second)]);
    expect(run(second, 100)).toMatchObject({ sum: 167, translated: 99 });
    expect(run(second, 2)).toEqual({ sum: 5, translated: 0, entries: 0 });
    // The interpreter has a handler for its first two instructions together.
    expect(run(second, 1)).toEqual({ sum: 2, translated: 0, entries: 0 });
  });

  it("replaces what stands at the same place, and restores the instruction when that goes", () => {
    const original = handlerAt(first);
    cache.install([regionAt(first)]);
    const before = handlerAt(first);
    cache.install([regionAt(first)]);
    expect(handlerAt(first)).not.toBe(before);
    expect(isTranslated(first)).toBe(true);
    cache.changed(0x1000, 0x1004);
    expect(handlerAt(first)).toBe(original);
    expect(cache.at(0x1000)).toBeUndefined();
    expect(run(first, 100)).toEqual({ sum: 50, translated: 0, entries: 0 });
  });

  it("makes room for the pages of what is installed, and not at their cost", () => {
    const { pages } = interpreter;
    // The pages of the region's exits: one that goes first, and one for which others must go.
    pages.decodedPage(0x2000);
    pages.decodedPage(0x1000);
    for (let page = 4; page < DECODED_PAGES + 1; page++) pages.decodedPage(page * 4096);
    const profile = new Profile();
    profile.learn([0x1800, 0x27fc].map((place) => ({ place, pc: 0x1000_0000 + place })));
    const { evictions } = pages;
    cache.install([regionTo(fork, 0x3000, profile)]);
    expect(pages.evictions).toBe(evictions + 1);
    cache.install([regionTo(back, 0x1800)]);
    expect(run(fork, 1000).entries).toBeLessThan(10);
    const own = [0x1000, 0x2000, 0x3000];
    const before = own.map((offset) => pages.decodedPage(offset));
    for (let page = 4; page < DECODED_PAGES + 8; page++) pages.decodedPage(page * 4096);
    expect(pages.evictions).toBeGreaterThan(evictions + 1);
    expect(own.map((offset) => pages.decodedPage(offset))).toEqual(before);
    expect(run(fork, 1000).entries).toBeLessThan(10);
  });

  it("drops what changes, and nothing else", () => {
    cache.install([regionAt(first), regionAt(second)]);
    cache.changed(0x100a, 0x1200);
    expect(cache.counters.dropped).toBe(0);
    cache.changed(0x1203, 0x1204);
    expect([isTranslated(first), isTranslated(second)]).toEqual([true, false]);
    expect(cache.counters.dropped).toBe(1);
  });

  it("drops by its last byte, too, and not by the one after", () => {
    cache.install([regionAt(first)]);
    cache.changed(0x1008, 0x1009);
    expect(isTranslated(first)).toBe(true);
    cache.changed(0x1007, 0x1008);
    expect(isTranslated(first)).toBe(false);
  });

  it("drops what lies on a page", () => {
    cache.install(snippets.map(regionAt));
    cache.dropPage(1);
    expect(snippets.map(isTranslated)).toEqual([false, false, true]);
    expect(cache.counters.dropped).toBe(2);
  });

  it("forgets everything, and begins anew", () => {
    cache.install(snippets.map(regionAt));
    cache.flush();
    expect(snippets.map(isTranslated)).toEqual([false, false, false]);
    expect(cache.counters).toMatchObject({ regions: 3, flushes: 1 });
    cache.install([regionAt(third)]);
    expect(handlerAt(third)).toBe(Handler.firstRegion);
    expect(run(third, 100)).toMatchObject({ sum: 200, translated: 100 });
  });
});

describe("what an earlier run has left", () => {
  let kept: RememberedRegions;

  /** Translates some snippets in a run that keeps it, and begins another run with that. */
  async function leave(...batches: readonly (readonly Snippet[])[]): Promise<void> {
    kept = new RememberedRegions();
    await begin(kept);
    for (const batch of batches) cache.install(batch.map(regionAt));
    await begin(kept);
  }

  it("is entered once its page is asked for", async () => {
    await leave([first, third], [second]);
    expect(snippets.map(isTranslated)).toEqual([false, false, false]);
    cache.restore(2);
    expect(snippets.map(isTranslated)).toEqual([true, false, true]);
    cache.restore(1);
    expect(run(second, 90)).toMatchObject({ sum: 150, translated: 90 });
    expect(run(third, 100)).toMatchObject({ sum: 200, translated: 100 });
    expect(cache.counters).toMatchObject({ regions: 3, restored: 3, modules: 0 });
  });

  it("is not entered where it was made of other code, until that is there", async () => {
    await leave([first]);
    whileChanged(0x1004, () => cache.restore(1));
    expect(isTranslated(first)).toBe(false);
    cache.restore(1);
    expect(isTranslated(first)).toBe(true);
  });

  it("finds its decoded pages where they were, whatever is decoded first", async () => {
    await leave([first], [third]);
    for (const page of [0x5000, 0x2000, 0x4000]) interpreter.pages.decodedPage(page);
    cache.restore(1);
    cache.restore(2);
    expect(snippets.map(isTranslated)).toEqual([true, false, true]);
  });

  it("does not share a decoded page that two pages had one after the other", async () => {
    kept = new RememberedRegions();
    await begin(kept);
    cache.install([regionAt(first)]);
    interpreter.pages.drop(0x1000);
    cache.install([regionAt(third)]);
    const [before, after] = kept.batches.map(({ decoded }) => [...decoded.values()]);
    expect(before).toEqual(after);
    await begin(kept);
    cache.restore(1);
    cache.restore(2);
    expect(snippets.map(isTranslated)).toEqual([true, false, false]);
    expect(run(third, 10)).toEqual({ sum: 20, translated: 0, entries: 0 });
  });

  it("comes with the regions that it goes on in, or not at all", async () => {
    kept = new RememberedRegions();
    await begin(kept);
    cache.install([regionAt(third)]);
    cache.install([regionTo(leading, 0x2000)]);
    expect(kept.batches[1]?.others).toEqual([0]);
    await begin(kept);
    whileChanged(0x2000, () => cache.restore(1));
    expect(isTranslated(leading)).toBe(false);
    cache.restore(1);
    expect([isTranslated(leading), isTranslated(third)]).toEqual([true, true]);
    expect(run(leading, 102)).toMatchObject({ sum: 205, translated: 102 });
  });

  it("has its links to itself, and they lead nowhere at first", async () => {
    kept = new RememberedRegions();
    await begin(kept);
    cache.install([regionTo(leading, 0x2000)]);
    const [link = 0] = kept.batches[0]?.links.values() ?? [];
    expect(link).toBeGreaterThan(0);
    await begin(kept);
    view.setUint32(link, 77, true);
    cache = new CodeCache(configuration, interpreter.exports, interpreter.pages, placement, kept);
    expect(view.getUint32(link, true)).toBe(0);
    cache.restore(1);
    expect(run(leading, 12)).toMatchObject({ sum: 25, translated: 2 });
    cache.install([regionAt(third)]);
    expect(view.getUint32(link, true)).toBe(2);
    expect(run(leading, 102)).toMatchObject({ sum: 205, translated: 102 });
  });

  it("comes back when its code does, without being compiled again", async () => {
    await leave([first, second]);
    cache.restore(1);
    cache.install([regionAt(third)]);
    for (const snippet of [first, third]) {
      const [entry = 0] = snippet.places;
      const halfword = view.getUint16(placement.ram + entry, true);
      for (const bits of [0x80, 0]) {
        view.setUint16(placement.ram + entry, halfword ^ bits, true);
        cache.changed(entry, entry + 2);
        cache.restore(entry >>> 12);
        expect(isTranslated(snippet)).toBe(bits === 0);
      }
    }
    expect(run(first, 100)).toMatchObject({ sum: 50, translated: 100 });
    expect(run(third, 100)).toMatchObject({ sum: 200, translated: 100 });
    expect(cache.counters.modules).toBe(1);
  });

  it("knows its slots, too, where something made later stands in its place", async () => {
    kept = new RememberedRegions();
    await begin(kept);
    cache.install([regionTo(six, 0x1600), regionTo(more, 0x1000)]);
    cache.install([regionTo(more, 0x1000)]);
    await begin(kept);
    whileChanged(0x1400, () => cache.restore(1));
    const latest = handlerAt(more);
    expect(isTranslated(more)).toBe(true);
    cache.restore(1);
    expect([isTranslated(six), handlerAt(more)]).toEqual([true, latest]);
    // The other of its batch leads to it directly, with one slot left of the three that it needs.
    expect(run(six, 3)).toMatchObject({ sum: 13, translated: 2 });
  });

  it("does not take the place of what was made later", async () => {
    await leave([first, second], [first]);
    cache.restore(1);
    const latest = handlerAt(first);
    cache.changed(0x1200, 0x1204);
    cache.restore(1);
    expect([isTranslated(second), handlerAt(first)]).toEqual([true, latest]);
  });

  it("goes on in regions that are new, and these in it", async () => {
    await leave([second]);
    cache.install([regionAt(first)]);
    cache.restore(1);
    expect(run(first, 100)).toMatchObject({ sum: 50, translated: 100 });
    expect(run(second, 90)).toMatchObject({ sum: 150, translated: 90 });
    expect(kept.batches.map(({ regions }) => regions.map(({ number }) => number))).toEqual([[0], [1]]);
  });

  it("is not asked for any more once everything has gone", async () => {
    await leave([first]);
    cache.flush();
    cache.restore(1);
    expect(isTranslated(first)).toBe(false);
    cache.install([regionAt(third)]);
    expect(handlerAt(third)).toBe(Handler.firstRegion);
    expect(kept.batches.length).toBe(1);
  });
});
