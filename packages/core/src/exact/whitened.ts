import { eye, matmul, matrixTranspose, program, random, type Tensor } from "@credence/tensor";
import { type Conditioned, condition, deviations, inDataSpace, varianceAlong } from "./condition-normal.ts";
import { colour, whiten } from "./spread.ts";

/** y = A w + e, w ~ N(mean, P P^T), e ~ N(0, N N^T), with P and N as `factorOf` gives them. */
export type LinearModel = {
  /** A, [m, n]. */
  readonly operator: Tensor;
  /** y, [m]. */
  readonly data: Tensor;
  /** [n] */
  readonly mean: Tensor;
  readonly prior: Tensor;
  readonly noise: Tensor;
};

/** The same with z = P^-1 (w - mean) for unknowns: r = B z + e, all standard normal. */
export type Whitened = {
  /** N^-1 A P, [m, n]. */
  readonly b: Tensor;
  /** N^-1 (y - A mean), [m, 1]. */
  readonly r: Tensor;
  readonly conditioned: Conditioned;
};

export const whitened = (model: LinearModel): Whitened => {
  const { operator, data, mean, prior, noise } = model;
  const b = whiten(noise, onRight(operator, prior));
  const r = whiten(noise, data.expandDims(1).sub(matmul(operator, mean.expandDims(1))));
  return { b, r, conditioned: condition(b, r) };
};

/** A P. */
const onRight = (a: Tensor, factor: Tensor): Tensor => (factor.rank === 1 ? a.mul(factor) : matmul(a, factor));

/** Mean of the unknowns, [n], and the part of their variance that does not scale with the noise, [n]. */
export function moments(model: LinearModel, { b, conditioned }: Whitened): { mean: Tensor; variance: Tensor } {
  const { prior } = model;
  const n = model.mean.size;
  // Of z itself, so that a prior of n standard deviations needs no [n, n] in data space; of the rows of P otherwise.
  const unit = (): Tensor => (inDataSpace(b) ? unitVarianceInDataSpace(b, conditioned.lower) : along(eye(n, b.dtype)));
  const along = (columns: Tensor): Tensor => varianceAlong(b, conditioned.lower, columns);
  return {
    mean: model.mean.add(colour(prior, conditioned.mean).squeeze(1)),
    variance: prior.rank === 1 ? unit().mul(prior.square()) : along(matrixTranspose(prior)),
  };
}

/** diag(I - B^T (I + B B^T)^-1 B) */
const unitVarianceInDataSpace = (b: Tensor, lower: Tensor): Tensor => whiten(lower, b).square().sum(0).neg().add(1);

/** P^T as columns, [n, n]. */
const transposed = (prior: Tensor): Tensor => (prior.rank === 1 ? eye(prior.size, prior.dtype).mul(prior) : matrixTranspose(prior));

/** Covariance of the unknowns, [n, n]. */
export const covarianceOf = program(
  (b: Tensor, lower: Tensor, prior: Tensor) => {
    const columns = transposed(prior);
    const x = whiten(lower, inDataSpace(b) ? matmul(b, columns) : columns);
    const square = matmul(matrixTranspose(x), x);
    return inDataSpace(b) ? matmul(matrixTranspose(columns), columns).sub(square) : square;
  },
  { name: "covariance of a linear-Gaussian posterior" },
);

/** Mean [k] and variance [k] of the rows of `operator` [k, n] applied to the unknowns. */
export const predicted = program(
  (operator: Tensor, mean: Tensor, b: Tensor, lower: Tensor, prior: Tensor) => ({
    mean: matmul(operator, mean),
    variance: varianceAlong(b, lower, matrixTranspose(onRight(operator, prior))),
  }),
  { name: "prediction of a linear-Gaussian posterior" },
);

/** `count` draws of z - E z, [n, count]. */
export function deviationDraws(key: Tensor, b: Tensor, lower: Tensor, count: number): Tensor {
  const [m, n] = b.shape as [number, number];
  const normal = (stage: number, rows: number) => random.normal(random.fold(key, stage), [rows, count], { dtype: "f64" });
  return deviations(b, lower, normal(0, n), inDataSpace(b) ? normal(1, m) : normal(1, 0));
}

/**
 * log of the posterior density of z at deviations d [n, count] from its mean: [count]. With factors of w = mean + P z, take off log det P.
 * -(|d|^2 + |B d|^2) / 2 + log det(I + B^T B) / 2 - n log(2 pi) / 2.
 */
export const logDensityOfDeviation = (d: Tensor, b: Tensor, logDeterminant: Tensor): Tensor =>
  d
    .square()
    .sum(0)
    .add(matmul(b, d).square().sum(0))
    .mul(-0.5)
    .add(logDeterminant)
    .sub(0.5 * d.shape[0]! * Math.log(2 * Math.PI));
