import { describe, expect, it } from "vitest";
import { LINE_BYTES } from "../interpreter/slot.ts";
import { Heat } from "./heat.ts";
import { FORGIVEN_AFTER } from "./policy.ts";

const THRESHOLD = 10;
const line = (n: number) => ({ place: n * LINE_BYTES, exactly: false });

/** How many looks it takes until a spot is hot. */
function looks(heat: Heat, spot: ReturnType<typeof line>): number {
  for (let n = 1; n < 1000; n++) if (heat.add(spot, 1)) return n;
  return Number.POSITIVE_INFINITY;
}

describe("heat", () => {
  it("grows by line", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    expect(heat.add({ place: LINE_BYTES, exactly: false }, 5)).toBe(false);
    expect(heat.add({ place: 2 * LINE_BYTES, exactly: false }, 5)).toBe(false);
    expect(heat.add({ place: 2 * LINE_BYTES - 2, exactly: false }, 5)).toBe(true);
  });

  it("is that of a place where regions are left for it", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    expect(heat.add({ place: 64, exactly: true }, 9)).toBe(false);
    expect(heat.add({ place: 66, exactly: true }, 9)).toBe(false);
    expect(heat.add({ place: 64, exactly: false }, 9)).toBe(false);
    expect(heat.add({ place: 64, exactly: true }, 1)).toBe(true);
  });

  it("begins anew once it was enough", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    expect([looks(heat, line(1)), looks(heat, line(1))]).toEqual([THRESHOLD, THRESHOLD]);
  });

  it("is not enough before some looks in all", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 30 });
    expect([heat.add(line(1), 15), heat.add(line(2), 14), heat.add(line(1), 1)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("is in vain where nothing was found, until code changes", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    heat.giveUp(line(1));
    expect(heat.add(line(1), THRESHOLD)).toBe(false);
    heat.hope();
    expect(heat.add(line(1), THRESHOLD)).toBe(true);
  });
});

describe("lines that are rewritten", () => {
  it("must become twice as hot each time", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    const needed = [1, 2, 3].map(() => {
      heat.rewrite(LINE_BYTES + 4);
      return looks(heat, line(1));
    });
    expect(needed).toEqual([2 * THRESHOLD, 4 * THRESHOLD, 8 * THRESHOLD]);
    expect(looks(heat, line(2))).toBe(THRESHOLD);
  });

  it("are no part of regions meanwhile", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    for (const n of [1, 2]) heat.rewrite(n * LINE_BYTES + 4);
    const unsteady = () => [0, 1, 2, 3].map((n) => heat.unsteady(n * LINE_BYTES + 8));
    expect(unsteady()).toEqual([false, true, true, false]);
    heat.add(line(1), 2 * THRESHOLD);
    expect(unsteady()).toEqual([false, false, true, false]);
  });

  it("are forgiven in time", () => {
    const heat = new Heat({ threshold: THRESHOLD, hesitation: 0 });
    heat.rewrite(LINE_BYTES);
    for (let other = 0; other <= FORGIVEN_AFTER; other++) heat.add(line(100 + other), 1);
    expect(heat.unsteady(LINE_BYTES)).toBe(false);
    expect(looks(heat, line(1))).toBe(THRESHOLD);
  });
});
