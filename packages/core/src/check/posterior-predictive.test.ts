import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { posteriorPredictive } from "./posterior-predictive.ts";
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
