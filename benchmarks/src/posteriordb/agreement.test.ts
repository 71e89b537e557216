import { type ChainSummary, monteCarloError } from "@credence/core";
import { describe, expect, test } from "vitest";
import { compare } from "./agreement.ts";

/** Two chains of 500 nearly independent numbers with mean 3 and sd 2 (that of a uniform of width 2 sqrt 12). */
const reference = [1, 2].map((chain) =>
  Float64Array.from({ length: 500 }, (_, i) => 3 + 2 * Math.sqrt(12) * ((((i + 500 * chain) * 0.618033988749895) % 1) - 0.5)),
);
const error = monteCarloError(reference, "mean");
const all = reference.flatMap((chain) => [...chain]);
const mean = all.reduce((sum, value) => sum + value) / all.length;
const sd = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
const summary = (changes: Partial<ChainSummary>): ChainSummary => ({
  name: "x",
  mean,
  median: mean,
  sd,
  q05: 0,
  q95: 0,
  rHat: 1,
  essBulk: 1000,
  essTail: 1000,
  mcseMean: error,
  mcseSd: error,
  ...changes,
});

describe("agreement with a reference", () => {
  test("differences are counted in combined errors, and in the reference's standard deviations", () => {
    const { meanInErrors, meanInSds, sdDifference } = compare(summary({ mean: mean + 0.3, sd: 1.05 * sd }), reference);
    expect(meanInErrors).toBeCloseTo(0.3 / (Math.SQRT2 * error), 10);
    expect(meanInSds).toBeCloseTo(0.3 / sd, 10);
    expect(sdDifference).toBeCloseTo(0.05, 10);
  });

  test("a mean agrees within 4 combined errors or within 0.05 sd", () => {
    expect(compare(summary({ mean: mean + 0.049 * sd, mcseMean: 0 }), reference).agrees).toBe(true);
    expect(compare(summary({ mean: mean + 0.2 * sd, mcseMean: 0.05 * sd }), reference).agrees).toBe(true);
    expect(compare(summary({ mean: mean + 0.2 * sd, mcseMean: 0.03 * sd }), reference).agrees).toBe(false);
  });

  test("a standard deviation agrees within 7 %", () => {
    expect(compare(summary({ sd: 1.069 * sd }), reference).agrees).toBe(true);
    expect(compare(summary({ sd: 0.92 * sd }), reference).agrees).toBe(false);
  });
});
