import { eye, matmul, matrixTranspose, type NdArray, program, random, type Tensor, triangularSolve } from "@credence/tensor";
import { colour, logSize } from "./spread.ts";

/** w = mean + P z with z ~ N(0, (R R^T)^-1): P as `factorOf` gives it, R lower triangular, [n, n]. */
export type PrecisionNormal<T = NdArray> = { readonly mean: T; readonly lower: T; readonly prior: T };

/** P^T as columns, [n, n]. */
const columnsOf = (prior: Tensor): Tensor => (prior.rank === 1 ? eye(prior.size, prior.dtype).mul(prior) : matrixTranspose(prior));

/** R^-1 P^T, whose columns have the covariance for inner products. */
const root = ({ lower, prior }: PrecisionNormal<Tensor>): Tensor => triangularSolve(lower, columnsOf(prior));

/** Covariance of w, f64 [n, n]. */
export const covarianceOfNormal = program(
  (q: PrecisionNormal<Tensor>) => {
    const r = root(q);
    return matmul(matrixTranspose(r), r);
  },
  { name: "covariance of a normal" },
);

/** Standard deviations of w, f64 [n]. */
export const sdOfNormal = program((q: PrecisionNormal<Tensor>) => root(q).square().sum(0).sqrt(), { name: "sd of a normal" });

/** Mean and variance of x w for rows x [k, n]: f64 [k]. */
export const alongNormal = program(
  (x: Tensor, q: PrecisionNormal<Tensor>) => ({
    mean: matmul(x, q.mean),
    variance: matmul(root(q), matrixTranspose(x)).square().sum(0),
  }),
  { name: "projections of a normal" },
);

/** `count` draws [count, n] and their log density [count]. Traced. */
export function drawNormal(key: Tensor, q: PrecisionNormal<Tensor>, count: number): { readonly w: Tensor; readonly logDensity: Tensor } {
  const n = q.mean.size;
  const noise = random.normal(key, [n, count], { dtype: "f64" });
  const z = triangularSolve(q.lower, noise, { transpose: true });
  return {
    w: q.mean.expandDims(1).add(colour(q.prior, z)).T,
    logDensity: noise
      .square()
      .sum(0)
      .mul(-0.5)
      .add(logSize(q.lower))
      .sub(logSize(q.prior))
      .sub(0.5 * n * Math.log(2 * Math.PI)),
  };
}
