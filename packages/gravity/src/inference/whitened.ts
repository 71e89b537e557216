import {
  asTensor,
  cholesky,
  eye,
  log,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";

/**
 * A model in units of its own noise and prior: r = A z + W c + e with r = N^-1 (d - G mean), A = N^-1 G P, W = N^-1 B, and e and z standard normal. Traced; vectors are
 * columns.
 */
export interface Whitened {
  /** [stations, 1] */
  readonly residual: Tensor;
  /** W, [stations, p]; p may be 0. */
  readonly regional: Tensor | undefined;
  /** 1 / variance of a coefficient: 0 where it is flat. */
  readonly regionalPrecision: number;
  /** log |det N|. */
  readonly logNoise: Tensor;
}

export function whitened(model: GravityModel): Whitened {
  const noise = asTensor(model.noise);
  const { regional } = model;
  const expected = model.operator.apply(model.prior.mean().expandDims(1));
  return {
    residual: whitenNoise(noise, asTensor(model.data).expandDims(1).sub(expected)),
    regional: regional && whitenNoise(noise, asTensor(regional.basis)),
    regionalPrecision: regional ? regional.sd ** -2 : 0,
    logNoise: noise.rank === 1 ? log(noise).sum() : logDeterminantTriangular(noise),
  };
}

/** N^-1 y. */
export const whitenNoise = (noise: Tensor, y: Tensor): Tensor =>
  noise.rank === 1 ? y.div(noise.expandDims(1)) : triangularSolve(noise, y);
/** N^-T y. */
const whitenNoiseTransposed = (noise: Tensor, y: Tensor): Tensor =>
  noise.rank === 1 ? y.div(noise.expandDims(1)) : triangularSolve(noise, y, { transpose: true });
/** N y. */
export const colourNoise = (noise: Tensor, y: Tensor): Tensor => (noise.rank === 1 ? y.mul(noise.expandDims(1)) : matmul(noise, y));

/** A z for columns z [cells, k]: [stations, k]. */
export const forward = ({ operator, prior, noise }: GravityModel, z: Tensor): Tensor =>
  whitenNoise(asTensor(noise), operator.apply(prior.colour(z)));

/** G^T N^-T y, [cells, k]: A^T y before the prior. */
export const sensed = ({ operator, noise }: GravityModel, y: Tensor): Tensor =>
  operator.applyTransposed(whitenNoiseTransposed(asTensor(noise), y));

/** A^T y for columns y [stations, k]: [cells, k]. */
export const backward = (model: GravityModel, y: Tensor): Tensor => model.prior.colourTransposed(sensed(model, y));

/**
 * How (I + A A^T)^-1 =: K^-1 is applied; with the regional, which is integrated over, the inverse that data meet is
 * T = K^-1 - K^-1 W (C^-1 + W^T K^-1 W)^-1 W^T K^-1, C the prior covariance of its coefficients.
 */
export interface DataSolve {
  /** K^-1 y. */
  solve(y: Tensor): Tensor;
  /** log det K. */
  readonly logDeterminant: Tensor;
}

export interface Marginal {
  /** T y. */
  solve(y: Tensor): Tensor;
  /** K^-1 W [stations, p] and the lower factor of C^-1 + W^T K^-1 W [p, p]. */
  readonly regional: { readonly solved: Tensor; readonly lower: Tensor } | undefined;
  /** Coefficients c that fit y: (C^-1 + W^T K^-1 W)^-1 W^T K^-1 y, [p, k]. */
  coefficients(y: Tensor): Tensor;
  /** log p(y) of data y in place of r, in nats, without the noise's log det: columns [stations, k] -> [k]. */
  logDensity(y: Tensor): Tensor;
}

/** Integrates over the regional: exact for a normal prior, and for a flat one, whose density is 1 for each mGal. */
export function marginalise({ residual, regional: w, regionalPrecision }: Whitened, { solve, logDeterminant }: DataSolve): Marginal {
  const count = residual.shape[0]!;
  if (!w) {
    const constants = logDeterminant.add(count * Math.log(2 * Math.PI));
    return { solve, regional: undefined, coefficients: () => residual, logDensity: (y) => y.mul(solve(y)).sum(0).add(constants).mul(-0.5) };
  }
  const p = w.shape[1]!;
  const solved = solve(w);
  const information = matmul(matrixTranspose(w), solved);
  const lower = cholesky(information.add(matrixTranspose(information)).mul(0.5).add(eye(p, "f64").mul(regionalPrecision)));
  const coefficients = (y: Tensor): Tensor =>
    triangularSolve(lower, triangularSolve(lower, matmul(matrixTranspose(solved), y)), { transpose: true });
  const whole = (y: Tensor): Tensor => solve(y.sub(matmul(w, coefficients(y))));
  const flat = regionalPrecision === 0;
  const constants = logDeterminant
    .add(logDeterminantTriangular(lower).mul(2))
    .sub(flat ? 0 : p * Math.log(regionalPrecision))
    .add((flat ? count - p : count) * Math.log(2 * Math.PI));
  return {
    solve: whole,
    regional: { solved, lower },
    coefficients,
    logDensity: (y) => y.mul(whole(y)).sum(0).add(constants).mul(-0.5),
  };
}

/** What the regional takes off the diagonal of a product X^T K^-1 Y: the diagonal of X^T K^-1 W M^-1 W^T K^-1 Y, from X^T K^-1 W and Y^T K^-1 W [n, p]. */
export function regionalDiagonal(lower: Tensor, left: Tensor, right: Tensor): Tensor {
  const [a, b] = [left, right].map((side) => triangularSolve(lower, matrixTranspose(side)));
  return a!.mul(b!).sum(0);
}
