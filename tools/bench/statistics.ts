/** The middle of the values; of the two middle ones, their mean. Throws on none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("the median of no values");
  return (lower + upper) / 2;
}

/** The mean for ratios: doubling and halving cancel out. Throws on none. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the mean of no values");
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
