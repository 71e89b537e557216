import { cholesky, diagonal, digamma, eye, lgamma, log, matmul, matrixTranspose, type Tensor, triangularSolve } from "@credence/tensor";
import { logSize } from "../../exact/spread.ts";
import type { CoordinateAscentMethod, ElboPart } from "./ascend.ts";

export type LinearData = {
  readonly x: Tensor;
  readonly y: Tensor;
  /** X^T X and X^T y. */
  readonly gram: Tensor;
  readonly cross: Tensor;
  /** Prior of alpha. */
  readonly shape: Tensor;
  readonly rate: Tensor;
  /** Prior of tau; where it is known, shape over rate is its value. */
  readonly noiseShape: Tensor;
  readonly noiseRate: Tensor;
};

/** q(w) = N(mean, (R R^T)^-1); q(alpha) and q(tau) gamma, whose shapes are known ahead. */
export type LinearFactors = {
  readonly mean: Tensor;
  /** R, [columns, columns]. */
  readonly lower: Tensor;
  /** Rates of q(alpha), [1] or [columns]. */
  readonly rate: Tensor;
  /** Rate of q(tau), a scalar. */
  readonly noiseRate: Tensor;
};

/** E log of a gamma, and its log density averaged over another: E log p(alpha) = a0 log b0 - log Gamma(a0) + (a0 - 1) E log alpha - b0 E alpha. */
const logMean = (shape: Tensor, rate: Tensor): Tensor => digamma(shape).sub(log(rate));
const crossGamma = (shape: Tensor, rate: Tensor, a: Tensor, b: Tensor): Tensor =>
  shape
    .mul(log(rate))
    .sub(lgamma(shape))
    .add(shape.sub(1).mul(logMean(a, b)))
    .sub(rate.mul(a).div(b));
const entropyGamma = (a: Tensor, b: Tensor): Tensor => crossGamma(a, b, a, b).neg();

/** Coordinate ascent for `variationalLinear`: one alpha for all or each, tau known or not. */
export function linearMethod(
  name: string,
  relevance: "shared" | "each",
  known: boolean,
): CoordinateAscentMethod<LinearData, LinearFactors> {
  const columnsOf = (data: LinearData) => data.x.shape[1]!;
  const shapeOf = (data: LinearData): Tensor => data.shape.add(relevance === "each" ? 0.5 : columnsOf(data) / 2);
  const noiseShapeOf = (data: LinearData): Tensor => (known ? data.noiseShape : data.noiseShape.add(data.y.size / 2));

  const coefficients = (data: LinearData, rate: Tensor, noiseRate: Tensor): Pick<LinearFactors, "mean" | "lower"> => {
    const alpha = shapeOf(data)
      .div(rate)
      .broadcastTo([columnsOf(data)]);
    const tau = noiseShapeOf(data).div(noiseRate);
    const lower = cholesky(data.gram.mul(tau).add(eye(columnsOf(data), "f64").mul(alpha)));
    const right = data.cross.mul(tau).expandDims(1);
    return { lower, mean: triangularSolve(lower, triangularSolve(lower, right), { transpose: true }).squeeze(1) };
  };
  /** E w_i^2, [columns], and E |y - X w|^2. */
  const secondMoments = (data: LinearData, { mean, lower }: Pick<LinearFactors, "mean" | "lower">) => {
    const root = triangularSolve(lower, eye(columnsOf(data), "f64"));
    const covariance = matmul(matrixTranspose(root), root);
    const residual = data.y.sub(matmul(data.x, mean)).square().sum();
    return { square: mean.square().add(diagonal(covariance)), residual: residual.add(data.gram.mul(covariance).sum()) };
  };
  const summed = (square: Tensor): Tensor => (relevance === "each" ? square : square.sum(0, true));

  const terms: Record<string, ElboPart> = {
    "E log p(y | w, tau)": "reconstruction",
    "E log p(w | alpha)": "regularisation",
    "E log p(alpha)": "regularisation",
    "H[q(w)]": "regularisation",
    "H[q(alpha)]": "regularisation",
    ...(known ? {} : { "E log p(tau)": "regularisation", "H[q(tau)]": "regularisation" }),
  };
  return {
    name,
    terms,
    init(data) {
      // alpha at its prior mean, tau at that or at what it is known to be.
      const wide = relevance === "each" ? columnsOf(data) : 1;
      const rate = data.rate.div(data.shape).mul(shapeOf(data)).broadcastTo([wide]);
      const noiseRate = data.noiseRate.div(data.noiseShape).mul(noiseShapeOf(data));
      return { ...coefficients(data, rate, noiseRate), rate, noiseRate };
    },
    sweep(data, q) {
      const w = coefficients(data, q.rate, q.noiseRate);
      const { square, residual } = secondMoments(data, w);
      return {
        ...w,
        rate: data.rate.add(summed(square).mul(0.5)),
        noiseRate: known ? q.noiseRate : data.noiseRate.add(residual.mul(0.5)),
      };
    },
    elbo(data, q) {
      const [rows, columns] = data.x.shape as [number, number];
      const { square, residual } = secondMoments(data, q);
      const [a, c] = [shapeOf(data), noiseShapeOf(data)];
      const log2Pi = Math.log(2 * Math.PI);
      const tau = c.div(q.noiseRate);
      const logTau = known ? log(tau) : logMean(c, q.noiseRate);
      const each = relevance === "each" ? 1 : columns; // coefficients of an alpha
      return {
        "E log p(y | w, tau)": logTau
          .sub(log2Pi)
          .mul(rows / 2)
          .sub(tau.mul(residual).mul(0.5)),
        "E log p(w | alpha)": logMean(a, q.rate)
          .sub(log2Pi)
          .mul(each / 2)
          .sub(a.div(q.rate).mul(summed(square)).mul(0.5))
          .sum(),
        "E log p(alpha)": crossGamma(data.shape, data.rate, a, q.rate).sum(),
        "H[q(w)]": logSize(q.lower)
          .neg()
          .add(0.5 * columns * (1 + log2Pi)),
        "H[q(alpha)]": entropyGamma(a, q.rate).sum(),
        ...(known
          ? {}
          : { "E log p(tau)": crossGamma(data.noiseShape, data.noiseRate, c, q.noiseRate), "H[q(tau)]": entropyGamma(c, q.noiseRate) }),
      };
    },
  };
}
