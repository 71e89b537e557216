import { array, program, random, sigmoid, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { linearRegression } from "../exact/linear-regression.ts";
import { binaryPredictive } from "./binary.ts";
import { splitEntropy } from "./split-entropy.ts";
import { splitVariance } from "./split-variance.ts";

const x = [
  [1, 0.3],
  [1, -0.7],
  [1, 1.1],
  [1, 2.2],
  [1, -1.6],
];
const y = [1.2, 0.4, -0.3, 2.5, -1.9];
const places = [
  [1, 0],
  [1, 3],
  [1, -10],
];

describe("law of total variance", () => {
  test.each([{ noise: { sd: 0.6 } }, { noise: { shape: 6, rate: 2 } }])(
    "draws of a linear regression with noise $noise give the parts of its closed form",
    async ({ noise }) => {
      const fit = await linearRegression({ x, y, names: ["a", "b"], prior: { sd: 2 }, noise });
      const count = 50_000;
      const sample = await fit.sample(count, { seed: 1 });
      const means = program((w: Tensor, at: Tensor) => w.slice([0, 0, 0], [1, count, 2]).squeeze(0).matmul(at.T));
      const drawn = sample.draws.data();
      const variances = "sd" in noise ? 0.36 : Array.from({ length: count }, (_, s) => new Array<number>(3).fill(drawn[3 * s + 2]! ** 2));
      const parts = await splitVariance({ means: means(sample.draws, array(places, { dtype: "f64" })), variances });
      const exact = await fit.predict(places);
      for (const i of [0, 1, 2]) {
        // The relative sd of a variance from S normal draws is sqrt(2 / S) = 0.0063; of a t, up to twice that here.
        expect(Math.abs(parts.epistemic.data()[i]! / exact.epistemic.data()[i]! - 1)).toBeLessThan(0.04);
        expect(Math.abs(parts.aleatoric.data()[i]! / exact.aleatoric.data()[i]! - 1)).toBeLessThan(0.02);
        expect(parts.variance.data()[i]).toBeCloseTo(parts.aleatoric.data()[i]! + parts.epistemic.data()[i]!, 12);
        const error = Math.sqrt(exact.epistemic.data()[i]! / count);
        expect(Math.abs(parts.mean.data()[i]! - exact.mean.data()[i]!)).toBeLessThan(5 * error);
      }
    },
  );

  test("weights count as repetition, and a variance can be given for each place", async () => {
    const twice = await splitVariance({
      means: [
        [1, 5],
        [1, 5],
        [4, 5],
      ],
      variances: [1, 2],
    });
    const weighted = await splitVariance({
      means: [
        [1, 5],
        [4, 5],
      ],
      variances: [1, 2],
      weights: [2, 1],
    });
    expect([...weighted.epistemic.data()]).toEqual([...twice.epistemic.data()].map((v) => expect.closeTo(v, 14)));
    expect([...twice.mean.data()]).toEqual([expect.closeTo(2, 14), expect.closeTo(5, 14)]);
    expect([...twice.epistemic.data()]).toEqual([expect.closeTo(2, 14), expect.closeTo(0, 14)]);
    expect([...twice.aleatoric.data()]).toEqual([expect.closeTo(1, 14), expect.closeTo(2, 14)]);
  });

  test("bad input is refused", async () => {
    await expect(splitVariance({ means: [[1, 2]], variances: 1 })).rejects.toThrow("means needs at least 2 rows, got 1");
    await expect(splitVariance({ means: [[1], [2]], variances: -1 })).rejects.toThrow("variances must be >= 0, got -1");
    await expect(splitVariance({ means: [[1], [NaN]], variances: 1 })).rejects.toThrow("means must be finite, got NaN in row 1");
    await expect(splitVariance({ means: [[1], [2]], variances: [[1, 2]] })).rejects.toThrow("shape of means, [2, 1], got [1, 2]");
    await expect(splitVariance({ means: [[1], [2]], variances: 1, weights: [0, 0] })).rejects.toThrow("positive sum");
  });
});

describe("entropy of labels", () => {
  test("draws that agree on a coin have noise only; draws that are sure and disagree have information only", async () => {
    const coin = await splitEntropy(array([[0.5], [0.5]], { dtype: "f64" }));
    expect([coin.aleatoric.item(), coin.epistemic.item()]).toEqual([expect.closeTo(Math.LN2, 15), expect.closeTo(0, 15)]);
    const sure = await splitEntropy(array([[0], [1]], { dtype: "f64" }));
    expect([sure.aleatoric.item(), sure.epistemic.item()]).toEqual([expect.closeTo(0, 15), expect.closeTo(Math.LN2, 15)]);
  });

  test("classes given one by one and as a pair agree", async () => {
    const p = [
      [0.1, 0.8],
      [0.4, 0.7],
      [0.3, 0.95],
    ];
    const pair = await splitEntropy(array(p, { dtype: "f64" }));
    const each = await splitEntropy(
      array(
        p.map((row) => row.map((v) => [1 - v, v])),
        { dtype: "f64" },
      ),
    );
    expect(each.probability.shape).toEqual([2, 2]);
    expect(each.probability.data()[1]).toBeCloseTo(pair.probability.data()[0]!, 14);
    for (const part of ["entropy", "aleatoric", "epistemic"] as const)
      expect([...each[part].data()]).toEqual([...pair[part].data()].map((v) => expect.closeTo(v, 14)));
  });

  test("the integral over a normal predictor agrees with draws of it", async () => {
    const [mean, variance] = [array(Float64Array.of(0.4, -2, 30)), array(Float64Array.of(1, 9, 400))];
    const exact = await binaryPredictive.runAsync([mean, variance]);
    const count = 100_000;
    const drawn = program((m: Tensor, v: Tensor) =>
      sigmoid(random.normal(random.key(3), [count, 3], { dtype: "f64" }).mul(v.sqrt()).add(m)),
    );
    const sampled = await splitEntropy(drawn(mean, variance));
    // Each is the mean of numbers in [0, 1]: five standard errors are at most 5 * 0.5 / sqrt(1e5).
    for (const i of [0, 1, 2])
      for (const part of ["probability", "entropy", "aleatoric", "epistemic"] as const)
        expect(Math.abs(sampled[part].data()[i]! - exact[part].data()[i]!), part).toBeLessThan(0.008);
  });

  test("what are no probabilities is refused", async () => {
    await expect(splitEntropy(array([[0.5]], { dtype: "f64" }))).rejects.toThrow("expected 2 or more, got 1");
    await expect(splitEntropy(array([[0.5], [1.5]], { dtype: "f64" }))).rejects.toThrow("in [0, 1], got 1.5");
    await expect(splitEntropy(array([[[0.5, 0.2]], [[0.5, 0.5]]], { dtype: "f64" }))).rejects.toThrow("sum to 1 over classes, got 0.7");
    await expect(splitEntropy([[0.5]] as never)).rejects.toThrow(TypeError);
  });
});
