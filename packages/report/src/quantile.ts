/** Quantiles by linear interpolation between order statistics (Hyndman and Fan 1996, type 7, NumPy's default). */
export function quantiles(values: ArrayLike<number>, probabilities: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return probabilities.map((p) => {
    const position = p * (sorted.length - 1);
    const below = Math.floor(position);
    const lower = sorted[below]!;
    const upper = sorted[Math.min(below + 1, sorted.length - 1)]!;
    return lower + (position - below) * (upper - lower);
  });
}
