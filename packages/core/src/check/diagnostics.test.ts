import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { autocovariance } from "./autocovariance.ts";
import { averageRanks, rankNormalized, split } from "./chains.ts";
import { effectiveSampleSize } from "./effective-sample-size.ts";
import { monteCarloError } from "./monte-carlo-error.ts";
import { mean, median, quantile, variance } from "./quantile.ts";
import { rHat, rHatBasic } from "./r-hat.ts";
import { sortedOrder } from "./sorted-order.ts";

// Draws and diagnostics computed with R's posterior 1.4.0.
const reference = resolve(
  process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"),
  "../reference/inference",
);

const rows = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));

function chainsOf(name: string): Map<string, Float64Array[]> {
  const [header, ...body] = rows(gunzipSync(readFileSync(resolve(reference, `diag_${name}_draws.csv.gz`))).toString());
  const chain = header!.indexOf(".chain");
  const labels = [...new Set(body.map((row) => row[chain]!))];
  return new Map(
    header!
      .map(
        (variable, column) =>
          [
            variable,
            labels.map((label) => Float64Array.from(body.filter((row) => row[chain] === label).map((row) => Number(row[column])))),
          ] as const,
      )
      .filter(([variable]) => !variable.startsWith(".")),
  );
}

/**
 * R-hat with the two middle draws, which are equally far from the median and tied in ours, in either order. R orders them by the rounding
 * of that distance, which the 15 digits of the file have lost: it moves R-hat by up to 3e-4 with 400 draws.
 */
function orderedRHats(draws: readonly Float64Array[]): number[] {
  const scale = (chains: readonly Float64Array[]) => {
    const n = chains[0]!.length;
    return Math.sqrt((n - 1) / n + variance(chains.map(mean)) / mean(chains.map(variance)));
  };
  const bulk = scale(rankNormalized(split(draws)));
  const sorted = Float64Array.from(draws.flatMap((chain) => [...chain])).sort();
  const [low, high] = [sorted[sorted.length / 2 - 1]!, sorted[sorted.length / 2]!];
  return [-1e-9, 1e-9].map((shift) => {
    const centre = (low + high) / 2 + shift * (high - low);
    return Math.max(bulk, scale(rankNormalized(split(draws.map((chain) => chain.map((x) => Math.abs(x - centre)))))));
  });
}

describe.skipIf(!existsSync(reference))("diagnostics of R's posterior package", () => {
  for (const name of ["synthetic", "eight_schools"]) {
    test(`all seventeen columns agree to 1e-9 on the ${name} draws`, () => {
      const chains = chainsOf(name);
      const [header, ...expected] = rows(readFileSync(resolve(reference, `diag_${name}_expected.csv`), "utf8"));
      expect(expected.length).toBe(chains.size);
      for (const row of expected) {
        const draws = chains.get(row[0]!)!;
        const all = draws.flatMap((chain) => [...chain]);
        const centre = median(all);
        const ours: Record<string, number> = {
          mean: mean(all),
          median: centre,
          sd: Math.sqrt(variance(all)),
          mad: 1.4826 * median(all.map((value) => Math.abs(value - centre))),
          rhat: rHat(draws),
          rhat_basic: rHatBasic(draws),
          ess_bulk: effectiveSampleSize(draws, "bulk"),
          ess_tail: effectiveSampleSize(draws, "tail"),
          ess_basic: effectiveSampleSize(draws, "mean"),
          ess_mean: effectiveSampleSize(draws, "mean"),
          ess_sd: effectiveSampleSize(draws, "sd"),
          ess_q5: effectiveSampleSize(draws, { quantile: 0.05 }),
          ess_q95: effectiveSampleSize(draws, { quantile: 0.95 }),
          mcse_mean: monteCarloError(draws, "mean"),
          mcse_sd: monteCarloError(draws, "sd"),
          mcse_q5: monteCarloError(draws, { quantile: 0.05 }),
          mcse_q95: monteCarloError(draws, { quantile: 0.95 }),
        };
        header!.slice(1).forEach((column, i) => {
          const theirs = Number(row[i + 1]);
          const candidates = column === "rhat" ? [ours.rhat!, ...orderedRHats(draws)] : [ours[column]!];
          const off = Math.min(...candidates.map((value) => Math.abs(value / theirs - 1)));
          expect(off, `${column} of ${row[0]}: ours ${ours[column]}, posterior's ${theirs}`).toBeLessThan(1e-9);
        });
      }
    });
  }
});

describe("R-hat and effective sample size", () => {
  const wave = (phase: number, length = 200) => Float64Array.from({ length }, (_, i) => Math.sin(12.9898 * (i + phase) ** 2));

  test("chains at different places have a large R-hat", () => {
    expect(rHat([wave(0), wave(1000).map((x) => x + 10)])).toBeGreaterThan(1.5);
  });

  test("a chain that repeats every draw is worth about half of one that does not", () => {
    const once = wave(0, 500);
    const twice = Float64Array.from({ length: 1000 }, (_, i) => once[i >> 1]!);
    expect(effectiveSampleSize([twice], "mean") / effectiveSampleSize([once], "mean")).toBeCloseTo(1, 1);
  });

  test("values are put in ascending order, ties in order of their place", () => {
    const values = Float64Array.of(3, -1, Infinity, 2 ** -1074, -0.5, 3, 0, -Infinity, 1e300, -1e-300, -1, 0.1);
    expect([...sortedOrder(values)]).toEqual([...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b));
    const many = wave(3, 5000).map((x) => Math.round(x * 500) * 10 ** Math.round(3 * x) + 0);
    expect([...sortedOrder(many)]).toEqual([...many.keys()].sort((a, b) => many[a]! - many[b]! || a - b));
    expect([...averageRanks(Float64Array.of(5, -0, 0, 7, 5))]).toEqual([3.5, 1.5, 1.5, 5, 3.5]);
  });

  test("autocovariances by sums and by the Fourier transform agree", () => {
    const x = wave(0, 300);
    const covariance = autocovariance(x);
    const centre = mean(x);
    for (const lag of [0, 1, 39, 40, 41, 250, 299]) {
      let direct = 0;
      for (let i = 0; i + lag < 300; i++) direct += ((x[i]! - centre) * (x[i + lag]! - centre)) / 300;
      // Rounding of 512 terms of order 1.
      expect(Math.abs(covariance(lag) - direct)).toBeLessThan(1e-13);
    }
  });

  test("equal draws have no R-hat and no effective size", () => {
    expect(rHat([new Float64Array(10), new Float64Array(10)])).toBeNaN();
    expect(effectiveSampleSize([new Float64Array(10)])).toBeNaN();
  });

  test("a draw that is not finite is refused with its place", () => {
    const chain = wave(0);
    chain[7] = NaN;
    expect(() => rHat([wave(0), chain])).toThrow("draws must be finite, got NaN at draw 8 of chain 2");
  });

  test("chains of different lengths, too short or absent are refused", () => {
    expect(() => rHat([])).toThrow("at least one chain");
    expect(() => rHat([new Float64Array(3)])).toThrow("at least 4 draws per chain, got 3");
    expect(() => effectiveSampleSize([wave(0), wave(0, 100)])).toThrow("one length, got 200 and 100");
  });

  test("the 50 % quantile of five values is the middle one", () => {
    expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
  });
});
