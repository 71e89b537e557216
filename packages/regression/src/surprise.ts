import { correlation } from "@credence/core";

export interface SurpriseOptions {
  /** Draws of two quantities together, and of the sd of a measurement of the first. */
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly noise: ArrayLike<number>;
  /** How far the measurement lies above the mean of the first. */
  readonly excess: number;
}

/** What a surprising measurement of one quantity does to another. */
export interface Surprise {
  /** Of the two quantities, before. */
  readonly correlation: number;
  readonly before: { readonly mean: number; readonly sd: number };
  readonly after: { readonly mean: number; readonly sd: number };
  readonly shift: number;
  /** Effective number of draws after the update. */
  readonly effective: number;
}

/**
 * Bayes' rule on draws: each is weighted by the likelihood N(mean + excess; first, noise²) of the measurement. For a normal posterior the second quantity
 * moves by Cov(first, second) / (Var(first) + noise²) times the excess; a product of the two does not move.
 */
export function surpriseOf({ first, second, noise, excess }: SurpriseOptions): Surprise {
  const count = first.length;
  const meanOf = (values: ArrayLike<number>, weights?: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i]! * (weights?.[i] ?? 1 / count);
    return sum;
  };
  const sdOf = (values: ArrayLike<number>, weights?: Float64Array): number => {
    const centre = meanOf(values, weights);
    return Math.sqrt(
      meanOf(
        Float64Array.from(values, (value) => (value - centre) ** 2),
        weights,
      ),
    );
  };
  const measured = meanOf(first) + excess;
  const logs = Float64Array.from(first, (value, i) => -0.5 * ((measured - value) / noise[i]!) ** 2 - Math.log(noise[i]!));
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const raw = logs.map((value) => Math.exp(value - largest));
  const total = raw.reduce((a, b) => a + b);
  const weights = raw.map((value) => value / total);
  const [before, after] = [meanOf(second), meanOf(second, weights)];
  return {
    correlation: correlation(first, second),
    before: { mean: before, sd: sdOf(second) },
    after: { mean: after, sd: sdOf(second, weights) },
    shift: after - before,
    effective: 1 / weights.reduce((sum, weight) => sum + weight ** 2, 0),
  };
}
