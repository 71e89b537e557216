import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { effectiveSampleSize, quantitiesOf, rHat } from "@credence/core";
import { readCensus } from "@credence/data";
import { array, program, type Tensor } from "@credence/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { maximumLikelihood } from "./maximum-likelihood.ts";
import { type CountSeries, logLikelihood, samplePosterior } from "./oracle.ts";

/** Third-party data is not part of the project: a checkout without the folder shows these tests as skipped. */
const folder = process.env.CREDENCE_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

function likelihoodOf(series: CountSeries, rates: readonly number[]): number {
  const traced = program((theta: Tensor) => logLikelihood(theta, series));
  using value = traced(array(Float64Array.from(rates), { shape: [1, 3] }));
  return value.data()[0]!;
}

describe("the likelihood", () => {
  test("of pure immigration is Poisson, and of pure death binomial", () => {
    // ν t = 1.5 arrivals expected: log(e^{-1.5} 1.5³ / 3!).
    expect(likelihoodOf({ times: [0, 0.5], counts: [4, 7] }, [0, 0, 3])).toBeCloseTo(-1.5 + 3 * Math.log(1.5) - Math.log(6), 12);
    const q = Math.exp(-0.3 * 2);
    expect(likelihoodOf({ times: [0, 2], counts: [5, 3] }, [0, 0.3, 0])).toBeCloseTo(Math.log(10 * q ** 3 * (1 - q) ** 2), 12);
  });

  test("of pure birth from one individual is geometric", () => {
    const p = Math.exp(-0.4 * 1.5);
    expect(likelihoodOf({ times: [0, 1.5], counts: [1, 6] }, [0.4, 0, 0])).toBeCloseTo(Math.log(p * (1 - p) ** 5), 12);
  });

  test("multiplies over intervals", () => {
    const rates = [0.3, 0.2, 0.5];
    const whole = likelihoodOf({ times: [0, 1, 3], counts: [5, 7, 4] }, rates);
    const parts = likelihoodOf({ times: [0, 1], counts: [5, 7] }, rates) + likelihoodOf({ times: [1, 3], counts: [7, 4] }, rates);
    expect(whole).toBeCloseTo(parts, 12);
  });

  test("is impossible for a population that comes back from zero without immigration", () => {
    expect(likelihoodOf({ times: [0, 1], counts: [0, 2] }, [0.3, 0.2, 0])).toBe(-Infinity);
  });

  test.each<[string, CountSeries, string]>([
    ["unequal lengths", { times: [0, 1, 2], counts: [1, 2] }, "as many times as counts, at least 2, got 3 times and 2 counts"],
    ["a fraction", { times: [0, 1], counts: [1, 2.5] }, "counts must be integers >= 0, got 2.5 at position 1"],
    ["times out of order", { times: [1, 0], counts: [1, 2] }, "times must increase, got 1 followed by 0"],
  ])("refuses %s", (_, series, message) => {
    expect(() => likelihoodOf(series, [0.1, 0.1, 1])).toThrow(message);
  });
});

describe("maximum likelihood", () => {
  test("of pure death has its closed form", async () => {
    // Every individual survives a year with probability e^{-μ}: 40 of 100 gone, no births to be seen.
    const { rates } = await maximumLikelihood({ times: [0, 1, 2, 3], counts: [100, 80, 64, 51] }, { immigration: false });
    expect(rates.birthRate).toBeLessThan(1e-6);
    expect(rates.deathRate).toBeCloseTo(-Math.log((80 + 64 + 51) / (100 + 80 + 64)), 5);
  });

  test("says so where no rates make the counts possible", async () => {
    await expect(maximumLikelihood({ times: [0, 1, 2], counts: [2, 0, 3] }, { immigration: false })).rejects.toThrow(
      "impossible at every rate",
    );
  });
});

describe.skipIf(!existsSync(`${folder}/birth-death`))("on the whooping crane", () => {
  let crane: CountSeries;
  beforeAll(async () => {
    process.env.CREDENCE_DATA = folder;
    crane = await readCensus("whooping-crane");
  });

  // Printed values of BirDePy's case study: Hautphenne and Patch, Journal of Statistical Software, 2024. Half a unit of the last digit.
  test("the maximum without immigration is the published one", async () => {
    const { rates, standardErrors, logLikelihood: value } = await maximumLikelihood(crane, { immigration: false });
    expect(rates.birthRate).toBeCloseTo(0.1902, 4);
    expect(rates.deathRate).toBeCloseTo(0.1506, 4);
    expect(standardErrors.birthRate).toBeCloseTo(0.0295, 4);
    expect(standardErrors.deathRate).toBeCloseTo(0.0293, 4);
    expect(value).toBeCloseTo(-186.2494, 4);
  });

  test("the maximum with immigration is the published one", async () => {
    const { rates, standardErrors, logLikelihood: value } = await maximumLikelihood(crane);
    expect(rates.birthRate).toBeCloseTo(0.1812, 4);
    expect(rates.deathRate).toBeCloseTo(0.1489, 4);
    expect(rates.immigrationRate).toBeCloseTo(0.3157, 4);
    expect(standardErrors.birthRate).toBeCloseTo(0.0317, 4);
    expect(standardErrors.deathRate).toBeCloseTo(0.0294, 4);
    // Printed .4768; the exact curvature gives .47688, less than a unit of that digit away.
    expect(Math.abs(standardErrors.immigrationRate! - 0.4768)).toBeLessThan(1e-4);
    expect(value).toBeCloseTo(-186.0217728546, 10);
  });

  test("chains under the exact likelihood agree with one another and with an independent program", async () => {
    const { draws } = await samplePosterior(crane, { seed: 1 });
    const quantities = quantitiesOf(draws);
    // Posterior mean and sd by another program's chains (1.5e-4 of Monte Carlo error in the first two means).
    const mean = [0.1911, 0.16405, 0.5644];
    const sd = [0.03434, 0.03394, 0.3843];
    quantities.forEach((chains, d) => {
      expect(rHat(chains)).toBeLessThan(1.01);
      const size = effectiveSampleSize(chains, "bulk");
      expect(size).toBeGreaterThan(2000);
      const all = chains.flatMap((chain) => [...chain]);
      const m = all.reduce((a, b) => a + b) / all.length;
      const s = Math.sqrt(all.reduce((sum, value) => sum + (value - m) ** 2, 0) / all.length);
      expect(all.length).toBeGreaterThanOrEqual(10_000);
      // Four standard errors of ours, and as much again for theirs.
      expect(Math.abs(m - mean[d]!)).toBeLessThan((6 * sd[d]!) / Math.sqrt(size));
      expect(Math.abs(s / sd[d]! - 1)).toBeLessThan(0.08);
    });
  }, 60_000);
});
