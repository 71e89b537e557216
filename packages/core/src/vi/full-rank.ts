import { diagonal, exp, eye, iota, log, matmul, matrixTranspose, type Tensor, triangularSolve, where, zeros } from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { requireWidth } from "../network/network.ts";
import { type Base, drawn, standardEntropy, type VariationalFamily } from "./family.ts";

/** location, logDiagonal: [D]; lower: [D, D], of which the strict lower triangle counts. */
export type FullRankParams = { readonly location: Tensor; readonly logDiagonal: Tensor; readonly lower: Tensor };

/** q(u) = N(u; location, L L^T) with L lower triangular, its diagonal exp(logDiagonal). */
export function fullRankNormal(dimension: number): VariationalFamily<FullRankParams> {
  requireWidth("dimension", dimension);
  return drawn<FullRankParams>({
    name: "full-rank",
    dimension,
    noise: dimension,
    base: "dense",
    init: () => standardFactor(dimension),
    place: placeFactor,
    transform: (params, noise) => moved(params, noise),
    logProb: (params, u) => standardNormalLogProb(whitened(params, u)).sub(params.logDiagonal.sum()),
    entropy: ({ logDiagonal }) => logDiagonal.sum().add(standardEntropy(dimension)),
    moments(params) {
      const factor = factorOf(params);
      return { mean: params.location, covariance: matmul(factor, matrixTranspose(factor)) };
    },
  });
}

/** The parameters of N(0, I). */
export const standardFactor = (dimension: number): FullRankParams => ({
  location: zeros([dimension], "f64"),
  logDiagonal: zeros([dimension], "f64"),
  lower: zeros([dimension, dimension], "f64"),
});

/** L, [D, D]. */
export function factorOf({ lower, logDiagonal }: FullRankParams): Tensor {
  return strictlyLower(lower).add(eye(logDiagonal.shape[0]!, lower.dtype).mul(exp(logDiagonal)));
}

const strictlyLower = (x: Tensor): Tensor => where(iota(x.shape, 1).less(iota(x.shape, 0)), x, 0);

/** location + L v of rows, [n, D]. */
export const moved = (params: FullRankParams, v: Tensor): Tensor => matmul(v, matrixTranspose(factorOf(params))).add(params.location);

/** L^-1 (u - location) of rows, [n, D]. */
export const whitened = (params: FullRankParams, u: Tensor): Tensor =>
  matrixTranspose(triangularSolve(factorOf(params), matrixTranspose(u.sub(params.location))));

/** The parameters of mean + factor u, where u has these. */
export function placeFactor(params: FullRankParams, { mean, factor }: Base): FullRankParams {
  const product = matmul(factor, factorOf(params));
  return { location: mean.add(matmul(factor, params.location)), logDiagonal: log(diagonal(product)), lower: strictlyLower(product) };
}
