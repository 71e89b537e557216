import { array, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import type { Distribution, DistributionOptions, WithMoments } from "../index.ts";

/** A distribution of one number and what an independent implementation says of it. */
export interface Row {
  readonly name: string;
  readonly make: (options: DistributionOptions) => WithMoments;
  readonly x: readonly number[];
  readonly logProb: readonly number[];
  readonly mean: number;
  readonly variance: number;
}

export const logProbs = (distribution: Distribution, x: Float64Array | Float32Array, shape = [x.length]) => {
  using points = array(x, { shape });
  using result = program((value: Tensor) => distribution.logProb(value))(points);
  return [...result.data()];
};

/** Draws, in the type of the distribution. */
export const drawsOf = (distribution: Distribution, shape: readonly number[], seed = 1) => {
  using result = program(() => distribution.sample(random.key(seed), shape))();
  return { values: Float64Array.from(result.data()), shape: result.shape, dtype: result.dtype };
};

export const moments = (distribution: WithMoments) => {
  const both = program(() => ({ mean: distribution.mean(), variance: distribution.variance() }))();
  return { mean: [...both.mean.data()], variance: [...both.variance.data()], shape: both.mean.shape };
};

/** The tests that every row has to pass. */
export function againstTable({ make, x, logProb, mean, variance }: Row): void {
  test("log densities are SciPy's to 1e-12 in f64 and 3e-5 in f32", () => {
    const d = make({});
    logProbs(d, Float64Array.from(x)).forEach((value, i) => {
      expect(Math.abs(value - logProb[i]!)).toBeLessThan(1e-12 * (1 + 100 * Math.abs(logProb[i]!)));
    });
    // Terms of size 1000 (200 log 200) cancel to 3.6: 1000 x 6e-8 is lost.
    logProbs(d, Float32Array.from(x)).forEach((value, i) => {
      expect(Math.abs(value - logProb[i]!)).toBeLessThan(3e-5 * (1 + Math.abs(logProb[i]!)) + (mean > 100 ? 3e-4 : 0));
    });
  });

  test("mean and variance are SciPy's", () => {
    const ours = moments(make({ dtype: "f64" }));
    expect(ours.shape).toEqual([]);
    expect(ours.mean[0]! / mean).toBeCloseTo(1, 12);
    expect(ours.variance[0]! / variance).toBeCloseTo(1, 12);
  });

  test.each(["f32", "f64"] as const)("40 000 %s draws have that mean and variance within 4.5 standard errors", (dtype) => {
    const { values, shape, dtype: type } = drawsOf(make({ dtype }), [200, 200]);
    expect([shape, type]).toEqual([[200, 200], dtype]);
    const n = values.length;
    const centre = values.reduce((sum, value) => sum + value, 0) / n;
    const deviations = Array.from(values, (value) => (value - centre) ** 2);
    const spread = deviations.reduce((sum, value) => sum + value, 0) / n;
    const fourth = deviations.reduce((sum, value) => sum + value ** 2, 0) / n;
    expect(Math.abs(centre - mean)).toBeLessThan(4.5 * Math.sqrt(variance / n));
    expect(Math.abs(spread - variance)).toBeLessThan(4.5 * Math.sqrt((fourth - spread ** 2) / n));
  });
}
