import { random, sin, split, type Tensor } from "@credence/tensor";
import { monteCarloError } from "../../check/monte-carlo-error.ts";
import { quantitiesOf } from "../../check/summarize-chains.ts";
import { multivariateNormal } from "../../distribution/index.ts";
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
