import { describe, expect, test } from "vitest";
import type { Draws } from "../../model/draws.ts";
import { betaBinomial } from "./beta-binomial.ts";
import { dirichletMultinomial } from "./dirichlet-multinomial.ts";
import { gammaExponential } from "./gamma-exponential.ts";
import { gammaPoisson } from "./gamma-poisson.ts";
import { normalInverseGamma } from "./normal-inverse-gamma.ts";
import { normalNormal } from "./normal-normal.ts";
import { normalWishart } from "./normal-wishart.ts";

// Expected numbers are SciPy 1.17's: evidences by quadrature of prior times likelihood or from its multivariate distributions, predictions from its own.

/** Column k of the draws. */
const column = (draws: Draws["draws"], k: number) => {
  const size = draws.shape[2]!;
  const values = draws.data();
  return Array.from({ length: values.length / size }, (_, s) => values[s * size + k]!);
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean of the draws of a scalar within 5 standard errors, and log densities at u: differences agree with those of `logDensity`. */
async function expectDraws(
  pair: { mean: number; variance: number; sample(count: number, options: { seed: number }): Promise<Draws> },
  logDensity: (x: number) => number,
  u: (x: number) => number,
) {
  const count = 20_000;
  const sample = await pair.sample(count, { seed: 4 });
  const x = column(sample.draws, 0);
  expect(Math.abs(mean(x) - pair.mean)).toBeLessThan(5 * Math.sqrt(pair.variance / count));
  const q = sample.logDensity.data();
  for (const i of [1, 2, 3]) {
    expect(sample.unconstrained.data()[i]).toBeCloseTo(u(x[i]!), 12);
    expect(q[i]! - q[0]!).toBeCloseTo(logDensity(x[i]!) - logDensity(x[0]!), 10);
  }
}

describe("conjugate pairs", () => {
  test("beta and binomial", async () => {
    const pair = betaBinomial({ prior: { a: 2.5, b: 1.5 }, successes: [3, 7, 2], trials: [10, 12, 5] });
    expect(pair.posterior).toEqual({ a: 14.5, b: 16.5 });
    expect(pair.logEvidence).toBeCloseTo(-6.125218928119367, 10);
    expect(pair.logPredictive(2, 6)).toBeCloseTo(-1.3846728593691147, 10);
    expect(pair.logPredictive(7, 6)).toBe(-Infinity);
    expect(pair.predict(6).variance).toBeCloseTo(1.727155957336108, 12);
    const u = (p: number) => Math.log(p / (1 - p));
    await expectDraws(pair, (p) => 14.5 * Math.log(p) + 16.5 * Math.log(1 - p), u);
  });

  test("gamma and Poisson", async () => {
    const pair = gammaPoisson({ prior: { shape: 1.7, rate: 0.8 }, counts: [2, 0, 5, 3], exposure: [1, 0.5, 2, 1.5] });
    expect(pair.posterior).toEqual({ shape: 11.7, rate: 5.8 });
    expect(pair.logEvidence).toBeCloseTo(-6.66728680286931, 10);
    expect(pair.logPredictive(3, 2)).toBeCloseTo(-1.722412509407639, 10);
    expect(pair.predict(2).variance).toBeCloseTo(5.425683709869202, 12);
    await expectDraws(pair, (l) => 11.7 * Math.log(l) - 5.8 * l, Math.log);
  });

  test("gamma and exponential", async () => {
    const pair = gammaExponential({ prior: { shape: 2.2, rate: 1.4 }, x: [0.3, 1.2, 2.5, 0.1] });
    expect(pair.logEvidence).toBeCloseTo(-4.793847930264913, 10);
    expect(pair.logPredictive(0.7)).toBeCloseTo(-0.7427674388382478, 10);
    expect(pair.predict().mean).toBeCloseTo(1.0576923076923075, 12);
    expect(pair.predict().variance).toBeCloseTo(1.6514335023950406, 12);
    await expectDraws(pair, (l) => 6.2 * Math.log(l) - 5.5 * l, Math.log);
  });

  test("normal and normal", async () => {
    const pair = normalNormal({ prior: { mean: 0.5, sd: 2 }, x: [1.1, 2.3, 0.4], sd: 0.7 });
    expect(pair.logEvidence).toBeCloseTo(-5.260873420479362, 12);
    // The rule of products: evidence of three is that of two times the prediction of the third.
    const two = normalNormal({ prior: { mean: 0.5, sd: 2 }, x: [1.1, 2.3], sd: 0.7 });
    expect(two.logEvidence + two.logPredictive(0.4)).toBeCloseTo(pair.logEvidence, 12);
    expect(pair.predict()).toEqual({ mean: pair.mean, aleatoric: 0.7 ** 2, epistemic: pair.variance, variance: 0.7 ** 2 + pair.variance });
    await expectDraws(
      pair,
      (m) => -0.5 * ((m - 0.5) ** 2 / 4 + [1.1, 2.3, 0.4].reduce((sum, x) => sum + (x - m) ** 2, 0) / 0.49),
      (m) => m,
    );
  });

  test("normal and normal-inverse-gamma", async () => {
    const pair = normalInverseGamma({ prior: { mean: 0.5, weight: 0.8, shape: 2.1, rate: 1.3 }, x: [1.1, 2.3, 0.4] });
    expect(pair.posterior).toEqual({
      mean: expect.closeTo(1.105263157894737, 12),
      weight: 3.8,
      shape: 3.6,
      rate: expect.closeTo(2.4089473684210523, 12),
    });
    expect(pair.logEvidence).toBeCloseTo(-4.882520935020427, 12);
    expect(pair.logPredictive(2)).toBeCloseTo(-1.3761827070354802, 12);
    expect(pair.predict().variance).toBeCloseTo(1.1703388024717662, 12);
    const { posterior } = pair;
    const sample = await pair.sample(20_000, { seed: 4 });
    const [mu, sigma] = [column(sample.draws, 0), column(sample.draws, 1)];
    expect(Math.abs(mean(mu) - pair.mean)).toBeLessThan(5 * Math.sqrt(pair.variance / 20_000));
    // E sigma^2 = rate / (shape - 1), relative sd 1 / sqrt(shape - 2).
    expect(Math.abs((mean(sigma.map((s) => s * s)) * (posterior.shape - 1)) / posterior.rate - 1)).toBeLessThan(
      5 / Math.sqrt(1.6 * 20_000),
    );
    const log = (i: number) =>
      -0.5 * ((posterior.weight * (mu[i]! - posterior.mean) ** 2) / sigma[i]! ** 2) -
      (2 * posterior.shape + 1) * Math.log(sigma[i]!) -
      posterior.rate / sigma[i]! ** 2;
    expect(sample.logDensity.data()[1]! - sample.logDensity.data()[0]!).toBeCloseTo(log(1) - log(0), 10);
  });

  test("Dirichlet and multinomial", async () => {
    const pair = dirichletMultinomial({
      concentration: [0.5, 2, 1.2],
      counts: [
        [3, 1, 0],
        [2, 5, 4],
      ],
    });
    expect([...pair.posterior]).toEqual([5.5, 8, 5.2]);
    expect(pair.logEvidence).toBeCloseTo(-8.384916153028277, 10);
    expect(pair.logPredictive([1, 1, 1])).toBeCloseTo(-1.714668131142095, 10);
    const sample = await pair.sample(20_000, { seed: 4 });
    expect(sample.unconstrained.shape).toEqual([1, 20_000, 2]);
    for (const k of [0, 1, 2])
      expect(Math.abs(mean(column(sample.draws, k)) - pair.mean[k]!)).toBeLessThan(5 * Math.sqrt(pair.variance[k]! / 20_000));
    const log = (i: number) => [5.5, 8, 5.2].reduce((sum, a, k) => sum + a * Math.log(sample.draws.data()[3 * i + k]!), 0);
    expect(sample.logDensity.data()[1]! - sample.logDensity.data()[0]!).toBeCloseTo(log(1) - log(0), 10);
    // Two categories are a beta.
    const two = dirichletMultinomial({ concentration: [2.5, 1.5], counts: [[3, 7]] });
    expect(two.logEvidence).toBeCloseTo(betaBinomial({ prior: { a: 2.5, b: 1.5 }, successes: [3], trials: 10 }).logEvidence, 12);
  });

  test("multivariate normal and normal-Wishart", async () => {
    const x = [
      [0.2, 1],
      [1.4, -0.3],
      [-0.8, 0.5],
      [2.1, 2.2],
    ];
    const prior = {
      mean: [0.1, 0.3],
      beta: 1.5,
      scaleInverse: [
        [2, 0.4],
        [0.4, 1],
      ],
      degrees: 3.2,
    };
    const pair = await normalWishart({ prior, x });
    expect(pair.logEvidence).toBeCloseTo(-14.728418287330033, 11);
    expect((await pair.logPredictive([[0.5, 0.5]])).item()).toBeCloseTo(-1.8904257708601788, 11);
    expect([...pair.posterior.scaleInverse.data()]).toEqual([7.37363636, 2.31, 2.31, 4.62].map((v) => expect.closeTo(v, 7)));
    expect(pair.covariance.data()[3]).toBeCloseTo(4.62 / 4.2, 12);
  });

  test("a posterior is the prior of what comes next", () => {
    const first = gammaPoisson({ prior: { shape: 2, rate: 1 }, counts: [3] });
    const second = gammaPoisson({ prior: first.posterior, counts: [1, 4] });
    const both = gammaPoisson({ prior: { shape: 2, rate: 1 }, counts: [3, 1, 4] });
    expect(second.posterior).toEqual(both.posterior);
    expect(first.logEvidence + second.logEvidence).toBeCloseTo(both.logEvidence, 12);
  });

  test("bad input is refused by name", async () => {
    expect(() => betaBinomial({ prior: { a: 1, b: 1 }, successes: [3], trials: 2 })).toThrow(
      "successes must be at most trials, got 3 of 2",
    );
    expect(() => betaBinomial({ prior: { a: 0, b: 1 }, successes: [3], trials: 4 })).toThrow("prior.a must be > 0");
    expect(() => gammaPoisson({ prior: { shape: 1, rate: 1 }, counts: [1.5] })).toThrow("counts must be an integer >= 0, got 1.5");
    expect(() => gammaPoisson({ prior: { shape: 1, rate: 1 }, counts: [NaN] })).toThrow("counts must be finite, got NaN at place 0");
    expect(() => gammaExponential({ prior: { shape: 1, rate: 1 }, x: [-1] })).toThrow("x must be >= 0, got -1 at place 0");
    expect(() => normalNormal({ prior: { mean: 0, sd: 1 }, x: [], sd: 1 })).toThrow("x must not be empty");
    expect(() => normalNormal({ prior: { mean: 0, sd: 1 }, x: [1], sd: 0 })).toThrow("sd must be > 0 and finite, got 0");
    expect(() => dirichletMultinomial({ concentration: [1], counts: [[1]] })).toThrow("2 or more numbers");
    const prior = {
      mean: [0, 0],
      beta: 1,
      scaleInverse: [
        [1, 1],
        [1, 1],
      ],
      degrees: 2,
    };
    await expect(normalWishart({ prior, x: [[1, 2]] })).rejects.toThrow("must be positive definite");
    await expect(normalWishart({ prior: { ...prior, degrees: 1 }, x: [[1, 2]] })).rejects.toThrow("prior.degrees must be above");
  });
});
