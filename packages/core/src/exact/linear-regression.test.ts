import { describe, expect, test } from "vitest";
import { linearRegression } from "./linear-regression.ts";

const x = [
  [1, 0.3, 2],
  [1, -0.7, 1.5],
  [1, 1.1, -0.4],
  [1, 2.2, 0.9],
  [1, -1.6, -1.2],
];
const y = [1.2, 0.4, -0.3, 2.5, -1.9];
const names = ["intercept", "height", "weight"];
const prior = {
  mean: [0.5, 0, -0.2],
  covariance: [
    [4, 0.5, 0],
    [0.5, 2, 0.3],
    [0, 0.3, 1],
  ],
};
const near = (values: ArrayLike<number>, expected: readonly number[]) =>
  expect([...Array.from(values)]).toEqual(expected.map((v) => expect.closeTo(v, 8))); // the references are printed to 8 decimals

describe("Bayesian linear regression", () => {
  test("known noise agrees with scipy's multivariate normal", async () => {
    const fit = await linearRegression({ x, y, names, prior, noise: { sd: 0.6 } });
    expect(fit.logEvidence).toBeCloseTo(-9.006016126532074, 12);
    near(fit.mean.data(), [-0.15613867, 0.69714608, 0.65934102]);
    near(fit.sd.data(), [0.29257055, 0.20713781, 0.22788029]);
    const at = await fit.predict([[1, 0.5, -2]]);
    expect(at.epistemic.item()).toBeCloseTo(0.427744863090593, 12);
    expect(at.aleatoric.item()).toBeCloseTo(0.36, 14);
    expect(at.variance.item()).toBeCloseTo(0.787744863090593, 12);
    expect((await fit.logPredictive([[1, 0.5, -2]], [1.7])).item()).toBeCloseTo(-5.869611822448539, 12);
    expect(fit.warnings).toEqual([]);
  });

  test("unknown noise agrees with scipy's multivariate t", async () => {
    const fit = await linearRegression({ x, y, names, prior, noise: { shape: 2.5, rate: 1.3 } });
    expect(fit.logEvidence).toBeCloseTo(-8.854970689438009, 12);
    expect(fit.noise).toEqual({ shape: 5, rate: expect.closeTo(2.154169846918215, 12) });
    near(fit.mean.data(), [-0.09434239, 0.69037647, 0.59230816]);
    near(fit.sd.data(), [0.34902997, 0.2465561, 0.26463981]);
    const at = await fit.predict([[1, 0.5, -2]]);
    expect(at.mean.item()).toBeCloseTo(-0.93377048119838, 12);
    expect(at.aleatoric.item()).toBeCloseTo(0.5385424617295538, 12);
    expect(at.epistemic.item()).toBeCloseTo(0.5790892751727492, 12);
    expect((await fit.logPredictive([[1, 0.5, -2]], [1.7])).item()).toBeCloseTo(-4.046408249053313, 12);
  });

  test("the evidence is the product of one-step-ahead predictions, for both kinds of noise", async () => {
    for (const noise of [{ sd: 0.6 }, { shape: 2.5, rate: 1.3 }]) {
      const first = await linearRegression({ x: x.slice(0, 1), y: y.slice(0, 1), names, prior, noise });
      let total = first.logEvidence;
      for (let i = 1; i < y.length; i++) {
        const before = await linearRegression({ x: x.slice(0, i), y: y.slice(0, i), names, prior, noise });
        total += (await before.logPredictive([x[i]!], [y[i]!])).item();
      }
      const all = await linearRegression({ x, y, names, prior, noise });
      expect(all.logEvidence).toBeCloseTo(total, 11);
    }
  });

  test("draws with unknown noise have the moments stated, and the density of a normal-inverse-gamma", async () => {
    const fit = await linearRegression({ x, y, names, prior, noise: { shape: 2.5, rate: 1.3 } });
    const count = 40_000;
    const sample = await fit.sample(count, { seed: 5 });
    expect(sample.names).toEqual([...names, "sigma"]);
    const [draws, u] = [sample.draws.data(), sample.unconstrained.data()];
    const c = (await fit.covariance()).data();
    const { shape, rate } = fit.noise as { shape: number; rate: number };
    for (let i = 0; i < 3; i++) {
      let mean = 0;
      for (let s = 0; s < count; s++) mean += (draws[4 * s + i]! - fit.mean.data()[i]!) / count;
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(c[4 * i]! / count));
      expect(c[4 * i]).toBeCloseTo(fit.sd.data()[i]! ** 2, 12);
    }
    let variance = 0;
    for (let s = 0; s < count; s++) variance += draws[4 * s + 3]! ** 2 / count;
    // sd of sigma^2 is its mean over sqrt(shape - 2).
    expect(Math.abs(variance / (rate / (shape - 1)) - 1)).toBeLessThan(5 / Math.sqrt((shape - 2) * count));
    // log p(w, log sigma | y) = log prior + log likelihood - log evidence, worked out for one draw.
    const [w, sigma] = [draws.slice(0, 3), draws[3]!];
    const s2 = sigma ** 2;
    const inverse = [
      // of the prior's covariance, by cofactors; its determinant is 4 (2 - 0.09) - 0.25 = 7.39
      [1.91, -0.5, 0.15],
      [-0.5, 4, -1.2],
      [0.15, -1.2, 7.75],
    ].map((row) => row.map((v) => v / 7.39));
    const d = [...w].map((v, i) => v - prior.mean[i]!);
    const quadratic = d.reduce((sum, v, i) => sum + v * inverse[i]!.reduce((t, a, j) => t + a * d[j]!, 0), 0);
    const logGamma25 = Math.log(1.329340388179137); // Gamma(2.5) = 3 sqrt(pi) / 4
    const logPrior =
      -0.5 * (quadratic / s2 + 3 * Math.log(2 * Math.PI * s2) + Math.log(7.39)) +
      2.5 * Math.log(1.3) -
      logGamma25 -
      3.5 * Math.log(s2) -
      1.3 / s2 +
      Math.log(2 * s2);
    const logLikelihood = y.reduce((sum, v, i) => {
      const e = v - x[i]!.reduce((t, a, j) => t + a * w[j]!, 0);
      return sum - 0.5 * ((e * e) / s2 + Math.log(2 * Math.PI * s2));
    }, 0);
    expect(sample.logDensity.data()[0]).toBeCloseTo(logPrior + logLikelihood - fit.logEvidence, 10);
    expect(u[3]).toBeCloseTo(Math.log(sigma), 14);
  });

  test("one row is enough", async () => {
    const fit = await linearRegression({ x: [[2]], y: [3], prior: { sd: 1 }, noise: { sd: 1 } });
    expect(fit.mean.item()).toBeCloseTo(6 / 5, 14);
    expect(fit.logEvidence).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * 5) - 0.9, 14);
  });

  test("collinear columns and columns of zeros are named, and the posterior is still the exact one", async () => {
    const rows = x.map(([one, a, b]) => [one!, a!, b!, 2 * a! - one!, 0]);
    const fit = await linearRegression({
      x: rows,
      y,
      names: ["intercept", "height", "weight", "copy", "empty"],
      prior: { sd: 1 },
      noise: { sd: 0.5 },
    });
    expect(fit.warnings).toEqual([
      "column empty is zero in every row: its coefficient is what the prior says; leave it out",
      "columns intercept, height, copy are collinear (3 of 5 directions are seen by the data): only the prior tells their coefficients apart; leave out one of them",
    ]);
    expect([fit.mean.data()[4], fit.sd.data()[4]]).toEqual([0, 1]);
    // Along (1, -2, 0, 1), the combination that the data do not see, the prior variance 1 is untouched.
    const hidden = await fit.predict([[1, -2, 0, 1, 0]]);
    expect(hidden.mean.item()).toBeCloseTo(0, 12);
    expect(hidden.epistemic.item()).toBeCloseTo(6, 12);
  });

  test("y without variation is said where the noise is learnt", async () => {
    const fit = await linearRegression({ x, y: [2, 2, 2, 2, 2], names, prior, noise: { shape: 1, rate: 1 } });
    expect(fit.warnings[0]).toContain("y is the same number in every row");
  });

  test("a signal ends the run", async () => {
    const ended = AbortSignal.abort(new Error("enough"));
    for (const noise of [{ sd: 1 }, { shape: 1, rate: 1 }])
      await expect(linearRegression({ x, y, names, prior, noise, signal: ended })).rejects.toThrow("enough");
  });

  test("bad input is refused by name", async () => {
    const good = { x, y, names, prior, noise: { sd: 1 } };
    const missing = x.map((row, i) => (i === 3 ? [1, NaN, 2] : row));
    await expect(linearRegression({ ...good, x: missing })).rejects.toThrow(
      "x must be finite, got NaN in row 3, column height; leave out rows",
    );
    await expect(linearRegression({ ...good, y: [1, 2, 3] })).rejects.toThrow("y must have 5 numbers, one for each row, got 3");
    await expect(linearRegression({ ...good, noise: { shape: 0, rate: 1 } })).rejects.toThrow("noise.shape must be > 0");
    await expect(linearRegression({ ...good, x: [], y: [] })).rejects.toThrow("x needs at least 1 row, got 0");
    await expect(linearRegression({ ...good, names: ["sigma", "b", "c"], noise: { shape: 1, rate: 1 } })).rejects.toThrow("named sigma");
    await expect(linearRegression({ ...good, prior: { sd: 1, covariance: prior.covariance } as never })).rejects.toThrow(
      "either sd or covariance",
    );
  });
});
