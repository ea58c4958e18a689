import { expect, test } from "vitest";
import { geometricMean, median } from "./statistics.ts";

test("the median is the middle value, or the mean of the middle two", () => {
  expect(median([9])).toBe(9);
  expect(median([30, 1, 2])).toBe(2);
  expect(median([10, 1, 4, 2])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});

test("the geometric mean lets doubling and halving cancel out", () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  expect(geometricMean([1, 10, 100])).toBeCloseTo(10);
  expect(() => geometricMean([])).toThrow(RangeError);
});
