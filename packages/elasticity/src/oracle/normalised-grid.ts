import type { DensityGrid } from "./density-grid.ts";

/** A density from its logarithm at (lambda_i, mu_j), place i m + j, by the trapezoidal rule. */
export function normalisedGrid(
  lambda: Float64Array,
  mu: Float64Array,
  logDensity: Float64Array,
  warnings: readonly string[] = [],
): DensityGrid {
  const [n, m] = [lambda.length, mu.length];
  const top = logDensity.reduce((a, b) => Math.max(a, b));
  const cell = (lambda[1]! - lambda[0]!) * (mu[1]! - mu[0]!);
  const weight = (i: number, last: number): number => (i === 0 || i === last ? 0.5 : 1);
  const raw = logDensity.map((v) => Math.exp(v - top));
  const weighted = raw.map((v, k) => v * weight(Math.floor(k / m), n - 1) * weight(k % m, m - 1));
  const sum = weighted.reduce((a, b) => a + b);
  const isEdge = (k: number): boolean => [0, n - 1].includes(Math.floor(k / m)) || [0, m - 1].includes(k % m);
  return {
    lambda,
    mu,
    density: raw.map((v) => v / (sum * cell)),
    mass: weighted.map((v) => v / sum),
    logEvidence: top + Math.log(sum * cell),
    edge: raw.reduce((most, v, k) => (isEdge(k) ? Math.max(most, v) : most), 0),
    warnings,
  };
}
