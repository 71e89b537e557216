import { constant, matmul, random, type Tensor } from "@credence/tensor";
import type { Target } from "../../model/index.ts";

/** A target over u itself, with starts from N(0, spread^2). */
export const targetOf = (dimension: number, logDensity: (u: Tensor) => Tensor, spread = 2): Target => ({
  dimension,
  coordinates: Array.from({ length: dimension }, (_, d) => `u[${d + 1}]`),
  names: Array.from({ length: dimension }, (_, d) => `x[${d + 1}]`),
  logDensity,
  constrain: (u) => u,
  initial: (key, n) => random.normal(key, [n, dimension], { dtype: "f64" }).mul(spread),
});

/** Column d of u, [n]. */
export const column = (u: Tensor, d: number): Tensor => u.slice([0, d], [u.shape[0]!, d + 1]).squeeze(1);

/** exp(-x^T P x / 2), x = u - mean, of covariance scale_i scale_j rho^|i - j|, without its constant: what its evidence is, is known. */
export function gaussianTarget(scales: readonly number[], rho: number) {
  const d = scales.length;
  const covariance = scales.map((a, i) => scales.map((b, j) => a * b * rho ** Math.abs(i - j)));
  const mean = scales.map((_, i) => i - 1);
  // The inverse of rho^|i - j| is tridiagonal.
  const precision = scales.map((a, i) =>
    scales.map((b, j) => {
      const inner = i > 0 && i < d - 1;
      const entry = i === j ? (d === 1 ? 1 - rho * rho : inner ? 1 + rho * rho : 1) : Math.abs(i - j) === 1 ? -rho : 0;
      return entry / (1 - rho * rho) / a / b;
    }),
  );
  const logDensity = (u: Tensor): Tensor => {
    const x = u.sub(constant(mean, "f64"));
    return matmul(x, constant(precision, "f64")).mul(x).sum(1).mul(-0.5);
  };
  const logDeterminant = 2 * scales.reduce((sum, s) => sum + Math.log(s), 0) + (d - 1) * Math.log(1 - rho * rho);
  const logEvidence = (d / 2) * Math.log(2 * Math.PI) + logDeterminant / 2;
  return { target: targetOf(d, logDensity), mean, covariance, precision, logDeterminant, logEvidence };
}
