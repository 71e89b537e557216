import type { ParameterSummary } from "../application.ts";
import { mean, quantileOfSorted, variance } from "../check/quantile.ts";

/** Draws of one quantity as its summary; `sd` has n - 1 in its denominator. */
export function summarizeDraws(values: ArrayLike<number>, unit: string): ParameterSummary {
  const sorted = Float64Array.from(values).sort();
  return {
    unit,
    mean: mean(sorted),
    sd: Math.sqrt(variance(sorted)),
    median: quantileOfSorted(sorted, 0.5),
    q05: quantileOfSorted(sorted, 0.05),
    q95: quantileOfSorted(sorted, 0.95),
  };
}

/** Column `d` of row-major draws of `width` quantities. */
export function columnOf(draws: ArrayLike<number>, width: number, d: number): Float64Array {
  return Float64Array.from({ length: draws.length / width }, (_, i) => draws[i * width + d]!);
}

/** Pearson's correlation of two quantities drawn together. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - centreA, b[i]! - centreB];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return ab / Math.sqrt(aa * bb);
}
