import {
  abs,
  array,
  cholesky,
  log,
  logDeterminantTriangular,
  matmul,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import { type Column, columnOf, requirePositive, type Table, tableOf } from "./table.ts";

/** How a normal over vectors is spread: one sd for all, an sd each, or a covariance matrix. */
export type NormalSpread = { readonly sd: number | Column } | { readonly covariance: Table };

/** A normal over vectors; mean 0 if absent, one number for all. */
export type NormalPrior = NormalSpread & { readonly mean?: number | Column };

/**
 * A factor of the covariance as f64: [n] holds standard deviations, [n, n] a lower L with L L^T the covariance.
 * @throws RangeError where an sd is not > 0, or the covariance is not symmetric positive definite
 */
export function factorOf(owner: string, name: string, spread: NormalSpread, n: number): NdArray {
  if (typeof spread !== "object" || spread === null || "sd" in spread === "covariance" in spread)
    throw new TypeError(`${owner}: ${name} must have either sd or covariance, such as { sd: 10 }`);
  if ("sd" in spread) {
    if (typeof spread.sd === "number") {
      requirePositive(owner, `${name}.sd`, spread.sd);
      return array(new Float64Array(n).fill(spread.sd));
    }
    const sd = columnOf(owner, `${name}.sd`, spread.sd, n);
    for (const value of sd.data()) requirePositive(owner, `${name}.sd`, value);
    return sd;
  }
  const covariance = tableOf(owner, `${name}.covariance`, spread.covariance);
  if (covariance.shape[0] !== n || covariance.shape[1] !== n)
    throw new RangeError(`${owner}: ${name}.covariance must have shape [${n}, ${n}], got [${covariance.shape.join(", ")}]`);
  const c = covariance.data();
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (Math.abs(c[i * n + j]! - c[j * n + i]!) > 1e-8 * Math.sqrt(Math.abs(c[i * n + i]! * c[j * n + j]!)))
        throw new RangeError(
          `${owner}: ${name}.covariance must be symmetric, got ${c[i * n + j]} in row ${i}, column ${j} and ${c[j * n + i]} across the diagonal`,
        );
  const lower = factorize(covariance);
  if (!lower.data().every(Number.isFinite))
    throw new RangeError(`${owner}: ${name}.covariance must be positive definite; it is singular or has a negative eigenvalue`);
  return lower;
}

const factorize = program((a: Tensor) => cholesky(a), { name: "factor of a covariance" });

/** The mean of a prior as f64 [n]. */
export function meanOf(owner: string, name: string, mean: number | Column | undefined, n: number): NdArray {
  if (typeof mean === "number" && !Number.isFinite(mean)) throw new RangeError(`${owner}: ${name}.mean must be finite, got ${mean}`);
  return mean === undefined || typeof mean === "number"
    ? array(new Float64Array(n).fill(mean ?? 0))
    : columnOf(owner, `${name}.mean`, mean, n);
}

/** L c for columns c [n, m], L of the kinds that `factorOf` gives. Traced. */
export const colour = (factor: Tensor, columns: Tensor): Tensor =>
  factor.rank === 1 ? factor.expandDims(1).mul(columns) : matmul(factor, columns);

/** L^-1 c for columns c [n, m]. Traced. */
export const whiten = (factor: Tensor, columns: Tensor): Tensor =>
  factor.rank === 1 ? columns.div(factor.expandDims(1)) : triangularSolve(factor, columns);

/** log det L of a factor. Traced. */
export const logSize = (factor: Tensor): Tensor => (factor.rank === 1 ? log(abs(factor)).sum() : logDeterminantTriangular(factor));
