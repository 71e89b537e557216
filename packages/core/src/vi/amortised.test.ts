import { array, constant, eigenSymmetric, exp, matmul, matrixTranspose, program, random, type Tensor, zeros } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { Random } from "../simulate/random.ts";
import { type LatentModel, trainAmortised } from "./amortised.ts";

const loadings = [
  [1.5, 0.2],
  [-0.7, 1.1],
  [0.3, -0.9],
  [0.8, 0.5],
];
const noise = 0.6;

/** x = W z + noise, z standard normal: 300 rows. */
const rows = (() => {
  const random = new Random(5);
  return Array.from({ length: 300 }, () => {
    const z = [random.normal(), random.normal()];
    return loadings.map((w) => w[0]! * z[0]! + w[1]! * z[1]! + noise * random.normal());
  });
})();

const normalLogProb = (x: Tensor, mean: Tensor, sd: number): Tensor =>
  x
    .sub(mean)
    .div(sd)
    .square()
    .sum(1)
    .mul(-0.5)
    .sub(x.shape[1]! * Math.log(sd * Math.sqrt(2 * Math.PI)));

describe("amortised inference for a linear-Gaussian model", () => {
  const known: LatentModel = {
    latent: 2,
    logLikelihood: (_, z, x) => normalLogProb(x, matmul(z, constant(loadings, "f64").T), noise),
  };
  // Precision of z given x: I + W^T W / noise^2.
  const p = (i: number, j: number) => Number(i === j) + loadings.reduce((sum, w) => sum + w[i]! * w[j]!, 0) / noise ** 2;
  const determinant = p(0, 0) * p(1, 1) - p(0, 1) ** 2;
  const covariance = [p(1, 1), -p(0, 1), -p(0, 1), p(0, 0)].map((value) => value / determinant);
  const posteriorMean = (x: readonly number[]) => {
    const b = [0, 1].map((i) => loadings.reduce((sum, w, f) => sum + w[i]! * x[f]!, 0) / noise ** 2);
    return [covariance[0]! * b[0]! + covariance[1]! * b[1]!, covariance[2]! * b[0]! + covariance[3]! * b[1]!];
  };
  /** log N(x; 0, W W^T + noise^2 I), by the posterior at z = 0. */
  const logEvidence = (x: readonly number[]) => {
    const m = posteriorMean(x);
    const quadratic = m[0]! * (p(0, 0) * m[0]! + p(0, 1) * m[1]!) + m[1]! * (p(0, 1) * m[0]! + p(1, 1) * m[1]!);
    const likelihood = x.reduce((sum, v) => sum - 0.5 * (v / noise) ** 2 - Math.log(noise * Math.sqrt(2 * Math.PI)), 0);
    return likelihood + 0.5 * quadratic - 0.5 * Math.log(determinant);
  };

  it("finds with a linear encoder the exact posterior of every datum, of new ones too, and the log evidence", async () => {
    const fit = await trainAmortised(known, { data: rows, seed: 1, encoder: { hidden: [] }, learningRate: 0.02 });
    const exact = rows.reduce((sum, x) => sum + logEvidence(x), 0) / rows.length;
    // Every draw's gradient vanishes at the exact posterior, so that Adam ends there to rounding of its schedule.
    expect(Math.abs(fit.elbo.value - exact)).toBeLessThan(1e-6);
    expect(fit.elbo.standardError).toBeLessThan(1e-6);
    expect(fit.elbo.value).toBeCloseTo(fit.elbo.reconstruction - fit.elbo.regularisation, 12);
    expect(fit.warnings).toEqual([]);
    const news = [
      [3, -2, 0.5, 1],
      [0, 0, 0, 0],
    ];
    const { mean, covariance: found } = await fit.encode(news);
    news.forEach((x, i) => {
      posteriorMean(x).forEach((m, d) => {
        expect(Math.abs(mean.data()[2 * i + d]! - m)).toBeLessThan(1e-4);
      });
      covariance.forEach((c, k) => {
        expect(Math.abs(found.data()[4 * i + k]! - c)).toBeLessThan(1e-4);
      });
    });
    const draws = await fit.sample(news, 20_000, { seed: 3 });
    expect(draws.shape).toEqual([2, 20_000, 2]);
    const first = [...draws.data()].filter((_, i) => i % 2 === 0 && i < 40_000);
    const average = first.reduce((a, b) => a + b) / first.length;
    expect(Math.abs(average - posteriorMean(news[0]!)[0]!)).toBeLessThan(5 * Math.sqrt(covariance[0]! / 20_000));
  });

  it("with factorised normals and minibatches, comes short of the log evidence by the correlation that they cannot hold", async () => {
    const fit = await trainAmortised(known, {
      data: rows,
      seed: 1,
      encoder: { hidden: [], form: "mean-field" },
      batchSize: 50,
      learningRate: 0.02,
    });
    const exact = rows.reduce((sum, x) => sum + logEvidence(x), 0) / rows.length;
    const gap = 0.5 * Math.log((p(0, 0) * p(1, 1)) / determinant);
    expect(gap).toBeGreaterThan(0.001);
    expect(Math.abs(exact - fit.elbo.value - gap)).toBeLessThan(0.1 * gap + 4 * fit.elbo.standardError);
  });

  it("learns the model too: a linear autoencoder ends at the likelihood of probabilistic PCA", async () => {
    type Params = { readonly w: Tensor; readonly mean: Tensor; readonly logNoise: Tensor };
    const [latent, features] = [2, 4];
    const linear: LatentModel<Params> = {
      latent,
      init: (key) => ({
        w: random.normal(key, [latent, features], { dtype: "f64" }).mul(0.3),
        mean: zeros([features], "f64"),
        logNoise: zeros([], "f64"),
      }),
      logLikelihood({ w, mean, logNoise }, z, x) {
        const residual = x.sub(matmul(z, w)).sub(mean).mul(exp(logNoise.neg()));
        return residual
          .square()
          .sum(1)
          .mul(-0.5)
          .sub(logNoise.add(0.5 * Math.log(2 * Math.PI)).mul(features));
      },
    };
    const fit = await trainAmortised(linear, {
      data: rows,
      seed: 2,
      encoder: { hidden: [] },
      steps: 6000,
      learningRate: 0.02,
      batchSize: 300,
    });
    // Tipping and Bishop 1999: -(F log 2 pi + sum of the first log eigenvalues + (F - D) log of the mean of the rest + F) / 2 a datum.
    const spectrum = program((x: Tensor) => {
      const centred = x.sub(x.mean(0));
      return eigenSymmetric(matmul(matrixTranspose(centred), centred).mul(1 / x.shape[0]!))[0];
    });
    const eigenvalues = [...spectrum(array(rows, { dtype: "f64" })).data()].reverse();
    const rest = eigenvalues.slice(latent).reduce((a, b) => a + b) / (features - latent);
    const best =
      -0.5 *
      (features * Math.log(2 * Math.PI) +
        eigenvalues.slice(0, latent).reduce((sum, v) => sum + Math.log(v), 0) +
        (features - latent) * Math.log(rest) +
        features);
    expect(fit.elbo.value).toBeLessThan(best + 4 * fit.elbo.standardError);
    // What the noise of draws leaves in the model's parameters at the end of the cosine.
    expect(fit.elbo.value).toBeGreaterThan(best - 1e-3);
  });

  it("refuses data and options that make no sense", async () => {
    const options = { data: rows, seed: 1, steps: 10 };
    await expect(trainAmortised(known, { ...options, data: [[1, Number.NaN]] })).rejects.toThrow(
      "data must be finite, got NaN in row 0, column 1",
    );
    await expect(trainAmortised(known, { ...options, data: [] })).rejects.toThrow("data must have shape [rows, features], got [0, 0]");
    await expect(trainAmortised(known, { ...options, batchSize: 301 })).rejects.toThrow("batchSize must be at most the 300 rows");
    await expect(trainAmortised(known, { ...options, steps: 0 })).rejects.toThrow("steps must be an integer >= 1, got 0");
    await expect(trainAmortised(known, { ...options, encoder: { form: "flow" as never } })).rejects.toThrow("form must be");
    const lost: LatentModel = { latent: 1, logLikelihood: (_, z) => z.sum(1).mul(Number.NaN) };
    await expect(trainAmortised(lost, options)).rejects.toThrow("the gradient was finite in 0 of 10 steps");
    const fit = await trainAmortised(known, options);
    await expect(fit.encode([[1, 2]])).rejects.toThrow("x must have shape [rows, 4], got [1, 2]");
    await expect(fit.sample(rows, 0, { seed: 1 })).rejects.toThrow("n must be an integer >= 1, got 0");
  });
});
