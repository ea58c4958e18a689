import { describe, expect, it } from "vitest";
import { Profile } from "./profile.ts";

const step = (place: number, pc = 0x4000_0000 + place) => ({ place, pc });

describe("a profile", () => {
  it("counts what was executed", () => {
    const profile = new Profile();
    profile.learn([step(0), step(4), step(0), step(4)]);
    profile.learn([step(4)]);
    expect(profile.executed(0)).toBe(2);
    expect(profile.executed(4)).toBe(3);
    expect(profile.executed(8)).toBe(0);
  });

  it("remembers where jumps lead, the most frequent first, and not what follows anyway", () => {
    const profile = new Profile();
    const times = (count: number, to: number) =>
      Array.from({ length: count }).forEach(() => {
        profile.learn([step(8), step(to), step(to + 2), step(to + 6)]);
      });
    times(2, 0x100);
    times(5, 0x200);
    times(1, 0x40);
    expect(profile.destinations(8)).toEqual([
      { place: 0x200, distance: 0x1f8, count: 5 },
      { place: 0x100, distance: 0xf8, count: 2 },
      { place: 0x40, distance: 0x38, count: 1 },
    ]);
    expect(profile.destinations(0x100)).toEqual([]);
  });

  it("remembers the next page, wherever it is in RAM", () => {
    const profile = new Profile();
    profile.learn([step(0x0ffe), step(0x1002)]);
    expect(profile.destinations(0x0ffe)).toEqual([{ place: 0x1002, distance: 4, count: 1 }]);
    profile.learn([step(0x1ffc, 0x5000_0ffc), step(0x7000, 0x5000_1000)]);
    expect(profile.destinations(0x1ffc)).toEqual([{ place: 0x7000, distance: 4, count: 1 }]);
  });

  it("keeps the latest distance where a page is mapped twice", () => {
    const profile = new Profile();
    profile.learn([step(0, 0x1000), step(0x3000, 0x5000)]);
    profile.learn([step(0, 0x1000), step(0x3000, 0x9000)]);
    expect(profile.destinations(0)).toEqual([{ place: 0x3000, distance: 0x8000, count: 2 }]);
  });

  it("does not remember what is too far for a region", () => {
    const profile = new Profile();
    profile.learn([step(0, 0), step(0x3000, 0x4000_0000)]);
    expect(profile.destinations(0)).toEqual([]);
  });

  it("forgets everything before it grows without bound", () => {
    const profile = new Profile();
    profile.learn(Array.from({ length: 1001 }, (_, page) => step(4096 * page)));
    expect(profile.executed(0)).toBe(1);
    profile.learn([step(4)]);
    expect(profile.executed(0)).toBe(0);
    expect(profile.executed(4)).toBe(1);
  });
});
