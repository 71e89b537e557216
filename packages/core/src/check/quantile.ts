/** The p-quantile of ascending values, linear between order statistics (type 7 of Hyndman and Fan 1996; the default of R and NumPy). */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) throw new RangeError("quantile: expected at least one value, got none");
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile: p must be in [0, 1], got ${p}`);
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low === high ? low : low + (position - below) * (high - low);
}

/** The p-quantile of values in any order; see {@link quantileOfSorted}. */
export const quantile = (values: ArrayLike<number>, p: number): number => quantileOfSorted(Float64Array.from(values).sort(), p);

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

export const mean = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total / values.length;
};

/** Sample variance, with n - 1 in the denominator. */
export const variance = (values: ArrayLike<number>): number => {
  const centre = mean(values);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += (values[i]! - centre) ** 2;
  return total / (values.length - 1);
};
