import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { array, concat, random, sin, split, type Tensor } from "@credence/tensor";
import { expect } from "vitest";
import { monteCarloError } from "../../check/monte-carlo-error.ts";
import { quantitiesOf, summarizeChains } from "../../check/summarize-chains.ts";
import { multivariateNormal, normal } from "../../distribution/index.ts";
import type { Draws, Target } from "../../model/index.ts";

/** A target over plain real numbers that is handed back as it is. */
export const plainTarget = (dimension: number, logDensity: (u: Tensor) => Tensor, spread = 2): Target => {
  const names = Array.from({ length: dimension }, (_, d) => `u[${d}]`);
  return {
    dimension,
    coordinates: names,
    names,
    logDensity,
    constrain: (u) => u,
    initial: (key, n) => random.uniform(key, [n, dimension], { dtype: "f64", low: -spread, high: spread }),
  };
};

/** Distances of means from what they should be, in Monte Carlo errors; `f` gives one quantity of a draw. */
export function errorsOf(draws: Draws, expected: readonly (readonly [(u: number[]) => number, number])[]): number[] {
  const quantities = quantitiesOf(draws.draws);
  const [chains, count] = draws.draws.shape as [number, number];
  return expected.map(([f, value]) => {
    const series = Array.from({ length: chains }, (_, c) =>
      Float64Array.from({ length: count }, (_, i) => f(quantities.map((q) => q[c]![i]!))),
    );
    const mean = series.reduce((sum, chain) => sum + chain.reduce((a, b) => a + b, 0), 0) / (chains * count);
    return Math.abs(mean - value) / monteCarloError(series, "mean");
  });
}

/** Scales from 0.1 to 30 and a correlation of 0.9. */
export const mean = [3, -10, 1];
export const covariance = [
  [0.01, 0, 0],
  [0, 900, 27],
  [0, 27, 1],
];
export const tilted = plainTarget(3, (u) => multivariateNormal(mean, { covariance }).logProb(u));

/** log p = -x^4 / 8 + x^2 / 2 - (y - sin 2x)^2 / 0.3: two modes, no symmetry in y given x, a curvature that changes its sign. */
export const twisted = plainTarget(2, (u) => {
  const [x, y] = split(u, 2, -1) as [Tensor, Tensor];
  const bend = y.sub(sin(x.mul(2)));
  return x
    .square()
    .square()
    .mul(-1 / 8)
    .add(x.square().mul(0.5))
    .sub(bend.square().div(0.3))
    .squeeze(-1);
});

/** Functions of a draw of `twisted` with their expected values, by the trapezoidal rule: exact to rounding for a density that vanishes at its ends with all derivatives. */
export function twistedMoments(): (readonly [(u: number[]) => number, number])[] {
  const density = (x: number, y: number) => Math.exp(-(x ** 4) / 8 + x ** 2 / 2 - (y - Math.sin(2 * x)) ** 2 / 0.3);
  const functions = [
    ([x]: number[]) => x! ** 2,
    ([x]: number[]) => x! ** 4,
    ([x, y]: number[]) => x! * y!,
    ([, y]: number[]) => y! ** 2,
    ([x, y]: number[]) => Math.cos(x! - 2 * y!),
    ([x]: number[]) => Number(Math.abs(x!) < 0.5),
  ];
  const sums = new Float64Array(functions.length);
  let total = 0;
  for (let x = -6; x <= 6; x += 0.005)
    for (let y = -5; y <= 5; y += 0.02) {
      const weight = density(x, y);
      total += weight;
      functions.forEach((f, k) => void (sums[k]! += weight * f([x, y])));
    }
  return functions.map((f, k) => [f, sums[k]! / total] as const);
}

const parts = (u: Tensor) => {
  const [z, mu, logTau] = split(u, [8, 1, 1], -1) as [Tensor, Tensor, Tensor];
  return { z, mu, tau: logTau.exp(), logTau };
};

/** Eight schools (Rubin 1981), non-centred: theta = mu + tau z, z ~ N(0, 1), mu ~ N(0, 5), tau ~ half-Cauchy(5); u = (z, mu, log tau). */
export const eightSchools: Target = {
  ...plainTarget(
    10,
    (u) => {
      const y = array([28, 8, -3, 7, -1, 1, 18, 12], { dtype: "f64" });
      const sigma = array([15, 10, 16, 11, 9, 11, 10, 18], { dtype: "f64" });
      const { z, mu, tau, logTau } = parts(u);
      const prior = normal(0, 5).logProb(mu).sub(tau.div(5).square().log1p()).add(logTau).squeeze(-1);
      const likelihood = normal(mu.add(tau.mul(z)), sigma).logProb(y);
      return normal(0, 1).logProb(z).sum(-1).add(prior).add(likelihood.sum(-1));
    },
    2,
  ),
  names: [...Array.from({ length: 8 }, (_, i) => `theta[${i + 1}]`), "mu", "tau"],
  constrain: (u) => {
    const { z, mu, tau } = parts(u);
    return concat([mu.add(tau.mul(z)), mu, tau], -1);
  },
};

const posteriordb = resolve(process.env["CREDENCE_DATA"] ?? resolve(import.meta.dirname, "../../../../../../shared/data"), "posteriordb");

/** Whether the reference draws are at hand. */
export const hasReference = existsSync(posteriordb);

/** Every mean and sd of eight schools against those of 10,000 independent draws: a mean is known to sd / 100 and an sd (heavy tails) to about sd / 70. */
export function expectEightSchools(draws: Draws): void {
  const path = resolve(posteriordb, "eight_schools-eight_schools_noncentered/reference_summary.json");
  const reference = JSON.parse(readFileSync(path, "utf8"));
  for (const s of summarizeChains(draws)) {
    const { mean: m, sd } = reference[s.name];
    expect(s.rHat).toBeLessThan(1.02);
    expect(Math.abs(s.mean - m)).toBeLessThan(4 * Math.hypot(s.mcseMean, sd / 100));
    expect(Math.abs(s.sd - sd)).toBeLessThan(4 * Math.hypot(s.mcseSd, sd / 70));
  }
}
