import { constant, matmul } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { bernoulliLogit, halfNormal, normal, plate } from "../distribution/index.ts";
import { model, observed } from "../model/index.ts";
import { Random } from "../simulate/random.ts";
import { fitVariational } from "./fit-variational.ts";
import { gaussianTarget, targetOf } from "./test/targets.ts";

const scales = [0.1, 1, 10, 2];

describe("a normal target", () => {
  const gaussian = gaussianTarget(scales, 0.9);

  it.each(["lbfgs", "natural-gradient"] as const)("is met to rounding by the full-rank normal, by %s", async (method) => {
    const fit = await fitVariational(gaussian.target, { family: "full-rank", method, seed: 1 });
    expect(fit.converged).toBe(true);
    expect(fit.warnings).toEqual([]);
    expect(Math.abs(fit.elbo.value - gaussian.logEvidence)).toBeLessThan(1e-9);
    expect(fit.elbo.standardError).toBeLessThan(1e-9);
    // All weights are the same, up to what is left of the last gradient.
    expect(fit.kHat).toBeLessThan(0.7);
    expect(Math.max(...fit.trace)).toBeLessThan(gaussian.logEvidence + 1e-9);
    gaussian.mean.forEach((m, i) => {
      expect(Math.abs(fit.mean[i]! - m)).toBeLessThan(1e-8 * scales[i]!);
    });
    fit.covariance.data().forEach((c, k) => {
      const [i, j] = [Math.floor(k / 4), k % 4];
      expect(Math.abs(c - gaussian.covariance[i]![j]!)).toBeLessThan(1e-8 * scales[i]! * scales[j]!);
    });
  });

  it.each(["lbfgs", "natural-gradient"] as const)("gives the mean-field normal the variances 1 / precision, by %s", async (method) => {
    const fit = await fitVariational(gaussian.target, { family: "mean-field", method, seed: 1, steps: 20_000 });
    expect(fit.converged).toBe(true);
    const variances = fit.covariance.data();
    gaussian.mean.forEach((m, i) => {
      expect(Math.abs(variances[i * 5]! * gaussian.precision[i]![i]! - 1)).toBeLessThan(1e-8);
      expect(Math.abs(fit.mean[i]! - m)).toBeLessThan(1e-7 * scales[i]!);
    });
    // KL(q || p) = (sum log P_ii - log det P) / 2 for the best factorised q.
    const gap = gaussian.precision.reduce((sum, row, i) => sum + Math.log(row[i]!), 0) / 2 + gaussian.logDeterminant / 2;
    expect(Math.abs(fit.elbo.value - (gaussian.logEvidence - gap))).toBeLessThan(1e-9);
    expect(fit.elbo.value).toBeCloseTo(fit.elbo.reconstruction - fit.elbo.regularisation, 12);
  });

  it("is met by the low-rank normal where its covariance is diagonal plus that rank", async () => {
    // Covariance I + w w^T, whose inverse is I - w w^T / (1 + |w|^2).
    const w = [2, -1, 0.5, 3, 0];
    const norm = 1 + w.reduce((sum, x) => sum + x * x, 0);
    const target = targetOf(5, (u) => matmul(u, constant(w, "f64")).square().div(norm).sub(u.square().sum(1)).mul(0.5));
    const fit = await fitVariational(target, { family: { kind: "low-rank", rank: 1 }, seed: 3 });
    const logEvidence = 2.5 * Math.log(2 * Math.PI) + Math.log(norm) / 2;
    expect(fit.warnings).toEqual([]);
    // It stops when steps gain less than 1e-7 nat: loadings and scales share what is left between them.
    expect(Math.abs(fit.elbo.value - logEvidence)).toBeLessThan(1e-5);
    const narrow = await fitVariational(target, { family: "mean-field", seed: 3 });
    // (sum log P_ii + log |Sigma|) / 2 = 0.72 is lost without the correlations.
    expect(narrow.elbo.value).toBeLessThan(logEvidence - 0.7);
  });

  it("gives draws with the log density at each, and log weights that are all the log evidence", async () => {
    const fit = await fitVariational(gaussian.target, { family: "full-rank", seed: 1 });
    const draws = await fit.sample(500, { seed: 4 });
    expect(draws.names).toEqual(gaussian.target.names);
    expect(draws.draws.shape).toEqual([1, 500, 4]);
    expect(draws.logDensity.shape).toEqual([1, 500]);
    for (const ratio of draws.stats["log_ratio"]!.data()) expect(Math.abs(ratio - gaussian.logEvidence)).toBeLessThan(1e-6);
    expect([...(await fit.sample(500, { seed: 4 })).draws.data()]).toEqual([...draws.draws.data()]);
    expect([...(await fit.sample(500, { seed: 5 })).draws.data()]).not.toEqual([...draws.draws.data()]);
    expect((await fit.sample(1, { seed: 4 })).draws.shape).toEqual([1, 1, 4]);
    await expect(fit.sample(0, { seed: 4 })).rejects.toThrow("sample: n must be an integer >= 1, got 0");
  });

  it("in one dimension, is met by every normal family", async () => {
    const { target, logEvidence } = gaussianTarget([3], 0);
    for (const family of ["mean-field", "full-rank", { kind: "low-rank", rank: 1 }] as const) {
      const fit = await fitVariational(target, { family, seed: 2 });
      expect(Math.abs(fit.elbo.value - logEvidence)).toBeLessThan(typeof family === "object" ? 1e-5 : 1e-9);
      expect(fit.covariance.item()).toBeCloseTo(9, typeof family === "object" ? 1 : 6);
    }
  });
});

describe("a logistic regression of twenty answers", () => {
  const x = Array.from({ length: 20 }, (_, i) => (i - 4) / 5);
  const y = x.map((value, i) => Number(value + 1.8 * Math.sin(5 * i) > 1.4));
  const posterior = model({ a: normal(0, 2), b: normal(0, 2) }, ({ a, b }, { x, y }) => observed(bernoulliLogit(a.add(b.mul(x))), y), {
    data: { x, y },
  });
  const reference = quadrature(x, y);

  it("has an ELBO below its log evidence, near it, and nearer for a richer family; the split is E log likelihood minus KL", async () => {
    const full = await fitVariational(posterior, { family: "full-rank", seed: 1 });
    const narrow = await fitVariational(posterior, { family: "mean-field", seed: 1 });
    for (const { elbo, kHat, warnings } of [full, narrow]) {
      // The prior's tails are wider than the posterior's: how much a normal misses of them is what k-hat tells.
      expect(warnings.length).toBe(Number(kHat > 0.7));
      expect(elbo.standardError).toBeLessThan(0.01);
      expect(elbo.value).toBeLessThan(reference.logEvidence + 4 * elbo.standardError);
      expect(elbo.value).toBeCloseTo(elbo.reconstruction - elbo.regularisation, 10);
    }
    expect(full.elbo.value).toBeGreaterThan(reference.logEvidence - 0.1);
    expect(narrow.elbo.value).toBeLessThan(full.elbo.value - 0.01);
    // KL(q || prior) of two normals.
    const [m, c] = [full.mean, full.covariance.data()];
    const determinant = c[0]! * c[3]! - c[1]! * c[2]!;
    const kl = 0.5 * ((c[0]! + c[3]! + m[0]! ** 2 + m[1]! ** 2) / 4 - 2 + 2 * Math.log(4) - Math.log(determinant));
    expect(Math.abs(full.elbo.regularisation - kl)).toBeLessThan(5 * full.elbo.standardError + 1e-3);
    [0, 1].forEach((d) => {
      // The best normal's mean is not the posterior's; the skew of this one leaves less than a tenth of an sd.
      expect(Math.abs(m[d]! - reference.mean[d]!)).toBeLessThan(0.1 * reference.sd[d]!);
    });
  });

  it("has its log evidence found by a flow", async () => {
    const flow = await fitVariational(posterior, { family: { kind: "flow", transforms: 2, hidden: 16 }, seed: 1 });
    expect(flow.elbo.value).toBeLessThan(reference.logEvidence + 4 * flow.elbo.standardError);
    expect(flow.elbo.value).toBeGreaterThan(reference.logEvidence - 5e-3);
    [0, 1].forEach((d) => {
      // 10,000 draws, and what is left of KL.
      expect(Math.abs(flow.mean[d]! - reference.mean[d]!)).toBeLessThan(0.06 * reference.sd[d]!);
      expect(Math.abs(Math.sqrt(flow.covariance.data()[3 * d]!) / reference.sd[d]! - 1)).toBeLessThan(0.06);
    });
  });

  it("has the same optimum by L-BFGS and by natural gradient", async () => {
    for (const family of ["full-rank", "mean-field"] as const) {
      const one = await fitVariational(posterior, { family, seed: 1, draws: 256 });
      const two = await fitVariational(posterior, { family, seed: 1, draws: 256, method: "natural-gradient" });
      expect(two.converged).toBe(true);
      // Both climb the same kind of objective; the natural one whitens its fixed draws by another root, so that they agree to the error of 256 draws.
      expect(Math.abs(one.elbo.value - two.elbo.value)).toBeLessThan(0.005);
      one.mean.forEach((m, d) => {
        expect(Math.abs(m - two.mean[d]!)).toBeLessThan(0.03 * reference.sd[d]!);
      });
    }
  });

  it("is found from five rows of the data at a time", async () => {
    const full = await fitVariational(posterior, { family: "full-rank", seed: 1 });
    const batched = await fitVariational(posterior, { family: "full-rank", seed: 1, method: "adam", batchSize: 5, steps: 4000 });
    expect(batched.elbo.value).toBeGreaterThan(full.elbo.value - 0.02);
    batched.mean.forEach((m, d) => {
      // Noise of rows at the end of the cosine.
      expect(Math.abs(m - full.mean[d]!)).toBeLessThan(0.15 * reference.sd[d]!);
    });
  });
});

describe("a hierarchical regression far from where fits start", () => {
  // Twelve curves of five weights each, around 240 + 6 t, with spreads of 15 and 0.5 between curves and 6 around each; starts are uniform(-2, 2).
  const random = new Random(3);
  const times = [-14, -7, 0, 7, 14];
  const curves = Array.from({ length: 12 }, () => {
    const [alpha, beta] = [random.normal(240, 15), random.normal(6, 0.5)];
    return times.map((t) => alpha + beta * t + random.normal(0, 6));
  });
  const posterior = model(
    {
      muAlpha: normal(0, 300),
      muBeta: normal(0, 100),
      sigma: halfNormal(50),
      sigmaAlpha: halfNormal(50),
      sigmaBeta: halfNormal(10),
      alpha: ({ muAlpha, sigmaAlpha }) => plate(normal(muAlpha, sigmaAlpha), 12),
      beta: ({ muBeta, sigmaBeta }) => plate(normal(muBeta, sigmaBeta), 12),
    },
    ({ alpha, beta, sigma }) => observed(normal(alpha.expandDims(1).add(beta.expandDims(1).mul(constant(times, "f64"))), sigma), curves),
  );

  it.each([1, 2, 3])("is found from seed %i, and the full-rank normal is above the factorised one", async (seed) => {
    const narrow = await fitVariational(posterior, { family: "mean-field", seed });
    const full = await fitVariational(posterior, { family: "full-rank", seed });
    expect([narrow.converged, full.converged]).toEqual([true, true]);
    expect(full.elbo.value).toBeGreaterThan(narrow.elbo.value - 4 * Math.hypot(full.elbo.standardError, narrow.elbo.standardError));
    const [muAlpha, muBeta] = full.mean;
    // Within some standard errors of the mean of 12 curves, 15 / sqrt(12) and 0.5 / sqrt(12).
    expect(Math.abs(muAlpha! - 240)).toBeLessThan(15);
    expect(Math.abs(muBeta! - 6)).toBeLessThan(0.6);
  });
});

/** Evidence and moments of the posterior on a grid that holds it: the trapezoidal rule, exponentially accurate for a smooth density that has died out at its ends. */
function quadrature(x: readonly number[], y: readonly number[]) {
  const n = 600;
  const reach = 10;
  const h = (2 * reach) / n;
  let [total, ma, mb, va, vb] = [0, 0, 0, 0, 0];
  for (let i = 0; i <= n; i++)
    for (let j = 0; j <= n; j++) {
      const [a, b] = [-reach + i * h, -reach + j * h];
      let log = -(a * a + b * b) / 8 - Math.log(8 * Math.PI);
      x.forEach((value, k) => {
        const logit = a + b * value;
        log += y[k] === 1 ? -Math.log1p(Math.exp(-logit)) : -Math.log1p(Math.exp(logit));
      });
      const w = Math.exp(log);
      total += w;
      ma += w * a;
      mb += w * b;
      va += w * a * a;
      vb += w * b * b;
    }
  const mean = [ma / total, mb / total];
  return {
    logEvidence: Math.log(total * h * h),
    mean,
    sd: [Math.sqrt(va / total - mean[0]! ** 2), Math.sqrt(vb / total - mean[1]! ** 2)],
  };
}
