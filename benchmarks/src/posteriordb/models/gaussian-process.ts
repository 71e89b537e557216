import { gamma, halfNormal, model, multivariateNormal, normal, observed, plate, poissonLog } from "@credence/core";
import { array, cholesky, constant, eye, matmul, type NdArray, type Tensor } from "@credence/tensor";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** Squared distances of the points of x, halved. */
const halfSquares = (x: readonly number[]): NdArray =>
  array(
    x.map((a) => x.map((b) => (a - b) ** 2 / 2)),
    { dtype: "f64" },
  );

/** alpha^2 exp(-(x_i - x_j)^2 / (2 rho^2)) */
const squaredExponential = (half: NdArray, { alpha, rho }: { alpha: Tensor; rho: Tensor }): Tensor =>
  constant(half).div(rho.square()).neg().exp().mul(alpha.square());

/** y ~ N(0, K + sigma I): sigma is a variance; rho ~ Gamma(25, rate 4), alpha ~ half-normal(2), sigma ~ half-normal(1). */
export function gpRegr(data: Data) {
  const y = vector(data, "y");
  const half = halfSquares(vector(data, "x"));
  const zero = y.map(() => 0);
  return model({ rho: gamma(25, 4), alpha: halfNormal(2), sigma: halfNormal(1) }, ({ rho, alpha, sigma }) => {
    const covariance = squaredExponential(half, { alpha, rho }).add(eye(y.length, "f64").mul(sigma));
    return observed(multivariateNormal(zero, { covariance }), y);
  });
}

/** k_i ~ Poisson(exp f_i), f = L z with L L^T = K + 1e-10 I and z ~ N(0, 1); rho ~ Gamma(25, rate 4), alpha ~ half-normal(2). */
export function gpPoisRegr(data: Data) {
  const counts = vector(data, "k");
  const half = halfSquares(vector(data, "x"));
  const latent = ({ rho, alpha, f_tilde }: { readonly rho: Tensor; readonly alpha: Tensor; readonly f_tilde: Tensor }): Tensor =>
    matmul(cholesky(squaredExponential(half, { alpha, rho }).add(eye(counts.length, "f64").mul(1e-10))), f_tilde);
  return model(
    { rho: gamma(25, 4), alpha: halfNormal(2), f_tilde: plate(normal(0, 1), counts.length) },
    (values) => observed(poissonLog(latent(values)), counts),
    { derived: (values) => ({ f: latent(values) }) },
  );
}
