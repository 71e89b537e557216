import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { posteriorPredictive } from "./posterior-predictive.ts";
import { predictiveRemarks } from "./predictive-remarks.ts";
import { kolmogorovSmirnovUniform } from "./uniformity.ts";

const size = 200;
const rows = 1000;
/** Data sets of `size` numbers N(0, sd^2). */
const replicated = (sd = 1) => {
  const random = new Random(1);
  return array(
    Float64Array.from({ length: rows * size }, () => random.normal(0, sd)),
    { shape: [rows, size] },
  );
};
const observed = (sd = 1) => {
  const random = new Random(2);
  return Float64Array.from({ length: size }, () => random.normal(0, sd));
};

describe("posterior predictive check", () => {
  test("data of the model lie in the bands as often as they should, with uniform ranks", () => {
    const result = posteriorPredictive({ replicated: replicated(), observed: observed() });
    expect(result).toMatchObject({ count: rows, failed: 0 });
    // 200 data: sd of the coverage 0.035 and 0.021; four of them.
    expect(Math.abs(result.bands[0]!.coverage - 0.5)).toBeLessThan(0.14);
    expect(Math.abs(result.bands[1]!.coverage - 0.9)).toBeLessThan(0.085);
    expect(kolmogorovSmirnovUniform(result.ranks).pValue).toBeGreaterThan(1e-3);
    for (const { pValue } of result.statistics) expect(pValue).toBeGreaterThan(1e-3);
  });

  test("data of twice the spread are found by the statistic that sees spread and not by the mean", () => {
    const { statistics } = posteriorPredictive({ replicated: replicated(), observed: observed(2) });
    const byName = Object.fromEntries(statistics.map((s) => [s.name, s.pValue]));
    expect(byName.sd).toBeLessThan(0.005);
    expect(byName.mean).toBeGreaterThan(0.005);
  });

  test("one's own statistic is compared", () => {
    const { statistics } = posteriorPredictive({
      replicated: replicated(),
      observed: observed(),
      statistics: { max: (x) => Math.max(...x) },
    });
    expect(statistics.map((s) => s.name)).toEqual(["max"]);
    expect(statistics[0]!.observed).toBe(Math.max(...observed()));
  });

  test("draws may have axes of their own, chains and draws", () => {
    const flat = replicated();
    const chained = array(flat.data(), { shape: [4, rows / 4, size] });
    expect(posteriorPredictive({ replicated: chained, observed: observed() })).toEqual(
      posteriorPredictive({ replicated: flat, observed: observed() }),
    );
  });

  test("equal counts have ranks spread between the ends", () => {
    const { ranks } = posteriorPredictive({
      replicated: array(new Float64Array(100 * 50), { shape: [100, 50] }),
      observed: new Float64Array(50),
    });
    expect(kolmogorovSmirnovUniform(ranks).pValue).toBeGreaterThan(1e-3);
  });

  test("failed simulations are left out and counted; too few are refused", () => {
    const values = replicated().data();
    values.fill(NaN, 0, size);
    expect(posteriorPredictive({ replicated: array(values, { shape: [rows, size] }), observed: observed() })).toMatchObject({
      count: rows - 1,
      failed: 1,
    });
    expect(() => posteriorPredictive({ replicated: array(values.fill(NaN), { shape: [rows, size] }), observed: observed() })).toThrow(
      "at least 20 complete replicated data sets, got 0 of 1000",
    );
    expect(() => posteriorPredictive({ replicated: replicated(), observed: [1, 2] })).toThrow("an observation of 2 numbers does not fit");
  });
});

describe("discrepancies and remarks", () => {
  const n = 50;
  const draws = 400;
  const random = new Random(21);
  /** Draws of mu from its posterior for y ~ N(mu, 1), a data set of sd `spread` simulated from each, and the chi-square of either. */
  const setting = (y: Float64Array, spread: number) => {
    const mean = y.reduce((sum, value) => sum + value, 0) / n;
    const mu = Float64Array.from({ length: draws }, () => random.normal(mean, 1 / Math.sqrt(n)));
    const replicated = array(
      Float64Array.from({ length: draws * n }, (_, i) => random.normal(mu[Math.floor(i / n)]!, spread)),
      { shape: [draws, n] },
    );
    const chiSquare = (x: Float64Array, draw: number) => x.reduce((sum, value) => sum + ((value - mu[draw]!) / spread) ** 2, 0);
    return posteriorPredictive({ replicated, observed: y, discrepancies: { "chi-square": chiSquare } });
  };
  const y = Float64Array.from({ length: n }, () => random.normal(3));

  test("chi-square at the same parameters finds noise that is too small or too large, and not noise that is right", () => {
    const [right, narrow, wide] = [setting(y, 1), setting(y, 0.6), setting(y, 1.8)].map((check) => check.discrepancies[0]!);
    // Mean 50 and sd 10 for replicated data, whatever the spread.
    for (const { replicated } of [right!, narrow!, wide!]) expect(Math.abs(replicated - n)).toBeLessThan(4 * Math.sqrt((2 * n) / draws));
    expect(right!.pValue).toBeGreaterThan(0.05);
    expect(right!.pValue).toBeLessThan(0.95);
    expect(narrow!.pValue).toBeLessThan(0.01);
    expect(wide!.pValue).toBeGreaterThan(0.99);
  });

  test("remarks name the statistic, the direction and what to do", () => {
    expect(predictiveRemarks(setting(y, 1))).toEqual([]);
    const remarks = predictiveRemarks(setting(y, 0.6)).join("\n");
    expect(remarks).toMatch(/does not reproduce the sd of the data: .* observed, 0\.\d+ with sd .*Give the likelihood/);
    expect(remarks).toMatch(/By chi-square the data lie farther from the parameters .* the noise of the likelihood is too small/);
    expect(remarks).toMatch(/Only \d+ % of the data lie in their 90 % predictive bands/);
  });

  test("data that the prior hardly allows are told, with their value", () => {
    // mu ~ N(0, 1), so that the mean of a data set has sd near 1; the observed one is 43.
    const simulated = Array.from({ length: draws }, () => random.normal()).flatMap((mu) =>
      Array.from({ length: n }, () => random.normal(mu)),
    );
    const check = posteriorPredictive({
      replicated: array(Float64Array.from(simulated), { shape: [draws, n] }),
      observed: y.map((v) => v + 40),
    });
    const [remark] = predictiveRemarks(check, { of: "prior" });
    expect(remark).toMatch(/^The prior hardly allows the mean of the data: 4[23]\.\d observed, .*\(p below 0\.005\)\. Check units/);
    expect(() => predictiveRemarks(check, { level: 2 })).toThrow("level must be in (0, 1), got 2");
  });

  test("a discrepancy that is not finite is refused by name", () => {
    const replicated = array(new Float64Array(100).fill(1), { shape: [20, 5] });
    expect(() =>
      posteriorPredictive({ replicated, observed: new Float64Array(5), statistics: {}, discrepancies: { ratio: () => NaN } }),
    ).toThrow("the discrepancy ratio is not finite");
  });
});
