import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { fitGeneralizedPareto, generalizedParetoQuantile } from "./generalized-pareto.ts";
import { kHatThreshold, psis } from "./psis.ts";

// A log-likelihood of 1,000 draws and 32 data, and what R's loo 2.5.1 makes of it.
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

describe.skipIf(!existsSync(reference))("Pareto smoothing of R's loo package", () => {
  test("k-hat and the effective size of the smoothed weights agree to 1e-9 for every datum", () => {
    const logLikelihood = numbers(gunzipSync(readFileSync(resolve(reference, "loo_loglik_500x2x32_chainmajor.csv.gz"))).toString());
    const expected = numbers(readFileSync(resolve(reference, "loo_pointwise_expected.csv"), "utf8"));
    expect(expected.length).toBe(32);
    expected.forEach(([, , , , , kHat, effective, relativeEfficiency], i) => {
      const { logWeights, ...ours } = psis(
        logLikelihood.map((row) => -row[i]!),
        { relativeEfficiency: relativeEfficiency! },
      );
      // Shapes are of order 0.01 to 0.5; what is lost of 15 decimal digits in the file is lost in them.
      expect(Math.abs(ours.kHat - kHat!)).toBeLessThan(1e-9);
      const squares = logWeights.reduce((sum, value) => sum + Math.exp(2 * value), 0);
      expect(relativeEfficiency! / squares / effective! - 1).toBeCloseTo(0, 9);
    });
  });
});

describe("generalised Pareto distribution", () => {
  for (const shape of [-0.3, 0.2, 0.7, 1.2])
    test(`the fit to its quantiles finds shape ${shape} and scale 2`, () => {
      const n = 20_000;
      const fit = fitGeneralizedPareto(
        Float64Array.from({ length: n }, (_, i) => generalizedParetoQuantile((i + 0.5) / n, { shape, scale: 2 })),
      );
      // The sd of the shape from n random excesses is (1 + k) / sqrt(n), at most 0.016; quantiles do better.
      expect(Math.abs(fit.shape - shape)).toBeLessThan(0.01);
      expect(Math.abs(fit.scale / 2 - 1)).toBeLessThan(0.01);
    });

  test("the quantiles invert the distribution function", () => {
    for (const shape of [-0.4, 0, 0.9]) {
      const x = generalizedParetoQuantile(0.8, { shape, scale: 3 });
      const survival = shape === 0 ? Math.exp(-x / 3) : (1 + (shape * x) / 3) ** (-1 / shape);
      expect(survival).toBeCloseTo(0.2, 14);
    }
  });
});

describe("Pareto-smoothed importance sampling", () => {
  const random = new Random(3);
  const z = Float64Array.from({ length: 4000 }, () => random.normal());
  /** log N(x; 0, 1) - log N(x; 0, sd), at draws from N(0, sd). */
  const ratios = (sd: number) => z.map((e) => -0.5 * (sd * e) ** 2 + 0.5 * e ** 2 + Math.log(sd));

  test("k-hat of a normal target seen from a narrower normal is 1 - sd^2, and small from a wider one", () => {
    // The ratio grows as exp(e^2 (1 - sd^2) / 2): its tail index is 1 - sd^2. Convergence to it is slow (log log), hence 0.15.
    for (const sd of [0.5, 0.7]) expect(Math.abs(psis(ratios(sd)).kHat - (1 - sd ** 2))).toBeLessThan(0.15);
    expect(psis(ratios(1.5)).kHat).toBeLessThan(0);
  });

  test("weighted draws have the moments of the target", () => {
    const { logWeights } = psis(ratios(1.5));
    const moment = (power: number) => logWeights.reduce((sum, value, s) => sum + Math.exp(value) * (1.5 * z[s]!) ** power, 0);
    // 4,000 draws of which about 3,300 count: standard errors 0.017 and 0.025.
    expect(Math.abs(moment(1))).toBeLessThan(0.06);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.09);
  });

  test("weights sum to 1, keep the order of the ratios and forget a constant", () => {
    const log = ratios(0.7);
    const { logWeights, kHat } = psis(log);
    expect(logWeights.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    const order = [...z.keys()].sort((a, b) => log[a]! - log[b]!);
    expect(order.every((s, i) => i === 0 || logWeights[s]! >= logWeights[order[i - 1]!]!)).toBe(true);
    const shifted = psis(log.map((value) => value - 5000));
    expect(shifted.kHat).toBeCloseTo(kHat, 8);
    expect(shifted.logWeights[7]).toBeCloseTo(logWeights[7]!, 8);
  });

  test("equal ratios, also up to rounding, have equal weights and no tail", () => {
    const { logWeights, kHat } = psis(z.map((e) => -2000 + 1e-13 * e));
    expect(kHat).toBe(-Infinity);
    for (const value of logWeights) expect(value).toBeCloseTo(-Math.log(4000), 10);
  });

  test("a draw without mass has no weight, and too few draws no k-hat", () => {
    expect(psis([...ratios(1.5), -Infinity]).logWeights[4000]).toBe(-Infinity);
    expect(psis(ratios(1.5).subarray(0, 20)).kHat).toBe(Infinity);
  });

  test("the threshold grows to 0.7 with the number of draws", () => {
    expect(kHatThreshold(100)).toBe(0.5);
    expect(kHatThreshold(1000)).toBeCloseTo(2 / 3, 12);
    expect(kHatThreshold(2155)).toBe(0.7);
    expect(kHatThreshold(1e6)).toBe(0.7);
  });

  test("ratios that are no numbers are refused with their place", () => {
    expect(() => psis([])).toThrow("at least one log ratio, got none");
    expect(() => psis([0, NaN])).toThrow("got NaN at draw 1");
    expect(() => psis([Infinity, 0])).toThrow("got Infinity at draw 0");
    expect(() => psis([-Infinity, -Infinity])).toThrow("all 2 log ratios are -Infinity");
    expect(() => psis([0, 1], { relativeEfficiency: 0 })).toThrow("relativeEfficiency must be > 0, got 0");
  });
});
