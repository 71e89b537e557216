import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { compareModels } from "./compare-models.ts";
import { loo } from "./loo.ts";
import { waic } from "./waic.ts";

// A log-likelihood of 2 chains of 500 draws and 32 data, and what R's loo 2.5.1 makes of it.
const reference = resolve(
  process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"),
  "../reference/inference",
);
const numbers = (text: string) =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

describe.skipIf(!existsSync(reference))("leave-one-out and WAIC of R's loo package", () => {
  const read = () => {
    const values = numbers(gunzipSync(readFileSync(resolve(reference, "loo_loglik_500x2x32_chainmajor.csv.gz"))).toString());
    return array(Float64Array.from(values.flat()), { shape: [2, 500, 32] });
  };
  const relative = (ours: number, theirs: number) => Math.abs(ours / theirs - 1);

  test("every pointwise column agrees to 1e-9", () => {
    using logLikelihood = read();
    const { pointwise } = loo(logLikelihood);
    const simple = waic(logLikelihood).pointwise;
    const expected = numbers(readFileSync(resolve(reference, "loo_pointwise_expected.csv"), "utf8"));
    expect(expected.length).toBe(32);
    // elpd_loo, mcse_elpd_loo, p_loo, looic, influence_pareto_k, k, n_eff, r_eff, elpd_waic, p_waic
    expected.forEach(([elpd, mcse, p, , , k, size, , elpdWaic, pWaic], i) => {
      expect(relative(pointwise.elpd[i]!, elpd!)).toBeLessThan(1e-9);
      expect(relative(pointwise.mcse[i]!, mcse!)).toBeLessThan(1e-9);
      expect(relative(pointwise.p[i]!, p!)).toBeLessThan(1e-9);
      expect(relative(pointwise.kHat[i]!, k!)).toBeLessThan(1e-9);
      expect(relative(pointwise.effectiveSize[i]!, size!)).toBeLessThan(1e-9);
      expect(relative(simple.elpd[i]!, elpdWaic!)).toBeLessThan(1e-9);
      expect(relative(simple.p[i]!, pWaic!)).toBeLessThan(1e-9);
    });
  });

  test("the sums and their standard errors agree to 1e-9", () => {
    using logLikelihood = read();
    const psisLoo = loo(logLikelihood);
    const simple = waic(logLikelihood);
    const [elpdLoo, pLoo, looic, elpdWaic, pWaic, informationCriterion] = numbers(
      readFileSync(resolve(reference, "loo_estimates_expected.csv"), "utf8"),
    );
    for (const [ours, theirs, factor] of [
      [psisLoo.elpd, elpdLoo, 1],
      [psisLoo.p, pLoo, 1],
      [psisLoo.elpd, looic, -2],
      [simple.elpd, elpdWaic, 1],
      [simple.p, pWaic, 1],
      [simple.elpd, informationCriterion, -2],
    ] as const) {
      expect(relative(factor * ours.estimate, theirs![1]!)).toBeLessThan(1e-9);
      expect(relative(Math.abs(factor) * ours.se, theirs![2]!)).toBeLessThan(1e-9);
    }
    expect(psisLoo.warnings).toEqual([]);
  });
});

/** Log-likelihoods of y_i ~ N(mu, 1), mu flat, at independent draws of mu from its posterior N(mean, 1 / N). */
function normalMean(y: readonly number[], draws: number, seed: number, shift = 0) {
  const random = new Random(seed);
  const centre = y.reduce((sum, value) => sum + value, 0) / y.length;
  const values = Array.from({ length: draws }, () => {
    const mu = random.normal(centre + shift, 1 / Math.sqrt(y.length));
    return y.map((value) => -0.5 * (value - mu) ** 2 - 0.5 * Math.log(2 * Math.PI));
  });
  return array(Float64Array.from(values.flat()), { shape: [2, draws / 2, y.length] });
}

describe("leave-one-out of a normal mean", () => {
  const y = [-1.2, 0.3, 0.5, 0.9, 1.4, 2.6, -0.4, 0.1, 0.8, 1.9];

  test("agrees with the closed form for every datum", () => {
    using logLikelihood = normalMean(y, 20_000, 1);
    const { pointwise, elpd, warnings } = loo(logLikelihood, { names: y.map((_, i) => `reading ${i}`) });
    const total = y.reduce((sum, value) => sum + value, 0);
    const exact = y.map((value) => {
      // Without it, mu ~ N(mean of the other 9, 1 / 9), and the datum has variance 1 + 1 / 9.
      const spread = 1 + 1 / 9;
      return (-0.5 * (value - (total - value) / 9) ** 2) / spread - 0.5 * Math.log(2 * Math.PI * spread);
    });
    // Five Monte Carlo standard errors as the estimate reports them: ten data, one in a million would fail.
    exact.forEach((value, i) => {
      expect(Math.abs(pointwise.elpd[i]! - value)).toBeLessThan(5 * pointwise.mcse[i]!);
      expect(pointwise.mcse[i]!).toBeLessThan(0.02);
    });
    expect(elpd.estimate).toBeCloseTo(
      pointwise.elpd.reduce((sum, value) => sum + value, 0),
      10,
    );
    expect(warnings).toEqual([]);
  });

  test("a datum far from the others is named, with what to do", () => {
    using logLikelihood = normalMean([...y, 14], 2000, 2);
    const result = loo(logLikelihood);
    expect(result.pointwise.kHat[10]!).toBeGreaterThan(result.kThreshold);
    expect(result.warnings).toHaveLength(1);
    expect(result.warnings[0]).toMatch(/1 of 11 data \(y\[11\]\): k-hat is up to .* above 0\.70.*fit again without/);
    expect(waic(logLikelihood).warnings[0]).toMatch(/y\[11\].*use leave-one-out/);
  });

  test("a log-likelihood that does not depend on the parameters is its own expected log density", () => {
    using constant = array(new Float64Array(400).fill(-1.5), { shape: [1, 100, 4] });
    const result = loo(constant);
    expect(result.elpd.estimate).toBeCloseTo(-6, 12);
    expect(result.p.estimate).toBeCloseTo(0, 12);
    expect(result.warnings).toEqual([]);
  });

  test("log-likelihoods of another shape or without a value are refused with their place", () => {
    using flat = array(new Float64Array(8), { shape: [8, 1] });
    expect(() => loo(flat)).toThrow("loo: expected a log-likelihood of shape [chains, draws, N], got [8, 1]");
    using short = array(new Float64Array(6), { shape: [1, 3, 2] });
    expect(() => waic(short)).toThrow("waic: expected at least 4 draws per chain, got 3");
    const values = new Float64Array(2 * 5 * 3);
    values[(1 * 5 + 2) * 3 + 1] = -Infinity;
    using bad = array(values, { shape: [2, 5, 3] });
    expect(() => loo(bad)).toThrow("got -Infinity for y[2] at draw 3 of chain 2");
    expect(() => loo(bad, { names: ["a"] })).toThrow("1 names for 3 data");
  });
});

describe("comparison of models", () => {
  test("differences are paired over data, and the worse model comes last", () => {
    const random = new Random(5);
    const y = Array.from({ length: 60 }, () => random.normal());
    using right = normalMean(y, 2000, 3);
    using wrong = normalMean(y, 2000, 4, 1);
    const [a, b] = [loo(right), loo(wrong)];
    const { models, remarks } = compareModels({ shifted: b, right: a });
    expect(models.map(({ name }) => name)).toEqual(["right", "shifted"]);
    expect(models[0]!.difference).toEqual({ estimate: 0, se: 0 });
    expect(models[1]!.difference.estimate).toBeCloseTo(b.elpd.estimate - a.elpd.estimate, 10);
    // Shifted by 1: log densities fall by (1 - 2 (y - mean)) / 2 each, 30 in all, with sd 1 each.
    expect(Math.abs(models[1]!.difference.estimate + 30)).toBeLessThan(2);
    const spread = Math.sqrt(60) * Math.sqrt(y.reduce((sum, value) => sum + (value - y.reduce((s, v) => s + v) / 60) ** 2, 0) / 59);
    expect(Math.abs(models[1]!.difference.se / spread - 1)).toBeLessThan(0.15);
    expect(remarks[0]).toMatch(/right predicts better than shifted by \d+\.\d nats \(standard error .*\): a clear difference/);
  });

  test("models of other data cannot be compared", () => {
    using one = normalMean([0, 1, 2, 3], 200, 1);
    using two = normalMean([0, 1, 2], 200, 1);
    expect(() => compareModels({ one: loo(one), two: loo(two) })).toThrow("expected the same data in the same order");
    expect(() => compareModels({ one: loo(one) })).toThrow("at least two models, got 1");
  });
});
