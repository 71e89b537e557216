import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import type { CalibrationDraws } from "./calibration-draws.ts";
import { expectedCoverage } from "./expected-coverage.ts";
import { normalCdf } from "./gamma-function.ts";
import { sbc } from "./sbc.ts";
import { tarp } from "./tarp.ts";
import { chiSquareUniform, kolmogorovSmirnov, kolmogorovSmirnovUniform } from "./uniformity.ts";

/**
 * theta ~ N(0, 1), x | theta ~ N(theta, 1) in two dimensions: the posterior is N(x / 2, 1/2). The draws come from it, stretched by `stretch` about their centre and
 * moved by `shift` posterior sds.
 */
function conjugate({ replicates = 1000, drawCount = 99, stretch = 1, shift = 0, seed = 1 } = {}): CalibrationDraws {
  const random = new Random(seed, 0);
  const dimension = 2;
  const truth = new Float64Array(replicates * dimension);
  const draws = new Float64Array(replicates * drawCount * dimension);
  const logProb = { truth: new Float64Array(replicates), draws: new Float64Array(replicates * drawCount) };
  const sd = Math.SQRT1_2 * stretch;
  for (let r = 0; r < replicates; r++) {
    const theta = [random.normal(), random.normal()];
    const centre = theta.map((value) => random.normal(value) / 2 + shift * Math.SQRT1_2);
    truth.set(theta, r * dimension);
    const density = (point: number[]) => point.reduce((total, value, d) => total - ((value - centre[d]!) / sd) ** 2 / 2, 0);
    logProb.truth[r] = density(theta);
    for (let l = 0; l < drawCount; l++) {
      const point = centre.map((value) => random.normal(value, sd));
      draws.set(point, (r * drawCount + l) * dimension);
      logProb.draws[r * drawCount + l] = density(point);
    }
  }
  return { names: ["a", "b"], replicates, drawCount, truth, draws, logProb };
}

describe("simulation-based calibration", () => {
  test("the exact posterior passes for every one of 20 seeds at the level that 40 tests deserve", () => {
    const pValues = Array.from({ length: 20 }, (_, seed) =>
      sbc(conjugate({ seed: seed + 1, replicates: 300 })).parameters.map((p) => p.pValue),
    ).flat();
    // P(min of 40 < 1e-4) = 0.4 %.
    expect(Math.min(...pValues)).toBeGreaterThan(1e-4);
    // They are not all near 1 either: conservative by Bonferroni, but about half are below 0.7.
    expect(pValues.filter((p) => p < 0.7).length).toBeGreaterThan(10);
  });

  test("a posterior 20 % too narrow, 25 % too wide or shifted by 0.3 sd is found with 1000 replicates", () => {
    for (const wrong of [{ stretch: 0.8 }, { stretch: 1.25 }, { shift: 0.3 }])
      for (const { pValue } of sbc(conjugate(wrong)).parameters) expect(pValue).toBeLessThan(1e-4);
  });

  test("the histogram holds every replicate and its cells divide the ranks", () => {
    const { parameters, ranks } = sbc(conjugate({ replicates: 200 }));
    expect(parameters[0]!.histogram.length).toBe(20);
    expect(parameters[0]!.histogram.reduce((a, b) => a + b)).toBe(200);
    expect(Math.max(...ranks)).toBeLessThanOrEqual(99);
    expect(() => sbc(conjugate({ replicates: 200 }), { bins: 7 })).toThrow("a divisor, at least 2, of draws + 1 = 100, got 7");
  });

  test("draws equal to the truth spread its rank over all places", () => {
    const draws = conjugate({ replicates: 400 });
    const flat = { ...draws, truth: new Float64Array(draws.truth.length), draws: new Float64Array(draws.draws.length) };
    for (const { pValue } of sbc(flat).parameters) expect(pValue).toBeGreaterThan(1e-3);
  });
});

describe("expected coverage", () => {
  test("the exact posterior covers each level within four standard errors", () => {
    const result = expectedCoverage(conjugate({ replicates: 2000 }));
    for (const curve of [result.highestDensity!, ...result.parameters])
      result.levels.forEach((level, i) => {
        expect(Math.abs(curve.coverage[i]! - level)).toBeLessThan(4 * curve.standardError[i]!);
      });
  });

  test("a posterior with half the sd covers as the normal distribution says", () => {
    const { parameters } = expectedCoverage(conjugate({ replicates: 4000, drawCount: 399, stretch: 0.5 }), { levels: [0.9] });
    // The central 90 % of N(0, 1/4) reaches 1.645 / 2 sd: 2 Phi(0.8224) - 1 = 0.5891. Three standard errors are 0.023.
    expect(Math.abs(parameters[0]!.coverage[0]! - 0.5891)).toBeLessThan(0.023);
  });

  test("levels outside (0, 1) are refused", () => {
    expect(() => expectedCoverage(conjugate({ replicates: 10 }), { levels: [1] })).toThrow("levels must be in (0, 1), got 1");
  });
});

describe("TARP", () => {
  test("the exact posterior passes", () => {
    const result = tarp(conjugate(), { seed: 3 });
    expect(result.pValue).toBeGreaterThan(1e-3);
    result.levels.forEach((level, i) => {
      expect(Math.abs(result.coverage[i]! - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / 1000));
    });
  });

  test("a narrow posterior is below the diagonal and a wide one above, and both are found", () => {
    const narrow = tarp(conjugate({ stretch: 0.6 }));
    const wide = tarp(conjugate({ stretch: 1.6 }));
    expect(narrow.pValue).toBeLessThan(1e-4);
    expect(wide.pValue).toBeLessThan(1e-4);
    expect(narrow.areaToCurve).toBeLessThan(-0.01);
    expect(wide.areaToCurve).toBeGreaterThan(0.01);
  });

  test("references of another size are refused", () => {
    expect(() => tarp(conjugate({ replicates: 10 }), { references: new Float64Array(3) })).toThrow("10 x 2 numbers, got 3");
  });
});

describe("uniformity tests", () => {
  test("chi-square and Kolmogorov-Smirnov agree with SciPy", () => {
    // scipy.stats.chisquare([8, 12, 15, 5]) = (5.8, 0.12175662)
    const chi = chiSquareUniform([8, 12, 15, 5]);
    expect(chi.statistic).toBeCloseTo(5.8, 12);
    expect(chi.pValue).toBeCloseTo(0.12175662, 8);
    // scipy.stats.kstest((arange(1, 51) / 51) ** 1.3, "uniform"): D = 0.10485561, exact p = 0.60428195.
    const ks = kolmogorovSmirnovUniform(Array.from({ length: 50 }, (_, i) => ((i + 1) / 51) ** 1.3));
    expect(ks.statistic).toBeCloseTo(0.10485561, 8);
    expect(Math.abs(ks.pValue - 0.60428195)).toBeLessThan(0.001);
  });

  test("normal numbers follow the normal distribution function and not a shifted one", () => {
    const random = new Random(5, 0);
    const values = Array.from({ length: 2000 }, () => random.normal());
    expect(kolmogorovSmirnov(values, normalCdf).pValue).toBeGreaterThan(1e-3);
    expect(kolmogorovSmirnov(values, (x) => normalCdf(x - 0.2)).pValue).toBeLessThan(1e-6);
  });

  test("no values, and a function that is no distribution function, are refused", () => {
    expect(() => kolmogorovSmirnovUniform([])).toThrow("at least one value");
    expect(() => kolmogorovSmirnovUniform([2])).toThrow("cdf(2) must be in [0, 1], got 2");
    expect(() => chiSquareUniform([3])).toThrow("at least two cells");
  });
});
