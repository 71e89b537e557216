import { chiSquareTail } from "./gamma-function.ts";

export interface TestResult {
  readonly statistic: number;
  /** Probability of a statistic at least as large where the hypothesis holds. */
  readonly pValue: number;
}

/** Pearson's test that the cells of `counts` are equally probable: sum (n - e)^2 / e against chi-square with one degree less than cells. */
export function chiSquareUniform(counts: ArrayLike<number>): TestResult {
  if (counts.length < 2) throw new RangeError(`chiSquareUniform: expected at least two cells, got ${counts.length}`);
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  if (!(total > 0)) throw new RangeError(`chiSquareUniform: expected at least one count, got a total of ${total}`);
  const expected = total / counts.length;
  let statistic = 0;
  for (let i = 0; i < counts.length; i++) statistic += (counts[i]! - expected) ** 2 / expected;
  return { statistic, pValue: chiSquareTail(statistic, counts.length - 1) };
}

/** P(K > x) of the Kolmogorov distribution, by whichever of its two theta series converges fast (Marsaglia, Tsang and Wang 2003). */
function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  if (x < 1.18) {
    const t = Math.exp((-Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * (t + t ** 9 + t ** 25 + t ** 49);
  }
  const t = Math.exp(-2 * x * x);
  return 2 * (t - t ** 4 + t ** 9 - t ** 16);
}

/**
 * Kolmogorov-Smirnov test that `values` come from the continuous distribution with distribution function `cdf`: D = sup |F_n - F|.
 * The p-value is that of Kolmogorov's limit at x + 1 / (6 sqrt(n)) + (x - 1) / (4 n), x = D sqrt(n) (Vrbik 2018): within 0.001 of the exact one from n = 20.
 */
export function kolmogorovSmirnov(values: ArrayLike<number>, cdf: (x: number) => number): TestResult {
  const n = values.length;
  if (n === 0) throw new RangeError("kolmogorovSmirnov: expected at least one value, got none");
  const sorted = Float64Array.from(values).sort();
  let statistic = 0;
  for (let i = 0; i < n; i++) {
    const probability = cdf(sorted[i]!);
    if (!(probability >= 0 && probability <= 1))
      throw new RangeError(`kolmogorovSmirnov: cdf(${sorted[i]}) must be in [0, 1], got ${probability}`);
    statistic = Math.max(statistic, (i + 1) / n - probability, probability - i / n);
  }
  const root = Math.sqrt(n);
  const x = statistic * root;
  return { statistic, pValue: Math.min(1, Math.max(0, kolmogorovTail(x + 1 / (6 * root) + (x - 1) / (4 * n)))) };
}

/** {@link kolmogorovSmirnov} against the uniform distribution on [0, 1]. */
export const kolmogorovSmirnovUniform = (values: ArrayLike<number>): TestResult => kolmogorovSmirnov(values, (x) => x);
