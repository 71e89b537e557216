import {
  cholesky,
  iota,
  lgamma,
  log,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import { factorOf } from "../spread.ts";
import { type Column, columnOf, namesOf, requirePositive, scalar, type Table, tableOf } from "../table.ts";

/** mu | Lambda ~ N(mean, (beta Lambda)^-1), Lambda ~ Wishart(W, degrees). */
export interface NormalWishartParameters {
  /** [d] */
  readonly mean: Column;
  /** Rows that the prior mean is worth. */
  readonly beta: number;
  /** W^-1, [d, d]: a prior sum of squares. */
  readonly scaleInverse: Table;
  /** Above d - 1. */
  readonly degrees: number;
}

export interface NormalWishart {
  readonly names: readonly string[];
  readonly posterior: { readonly mean: NdArray; readonly beta: number; readonly scaleInverse: NdArray; readonly degrees: number };
  /** log p(x), nats. */
  readonly logEvidence: number;
  /** E covariance = W^-1 / (degrees - d - 1), f64 [d, d]; infinite where degrees are not above d + 1. */
  readonly covariance: NdArray;
  /** log p(row | data) of new rows, f64 [N]: a multivariate Student t. */
  logPredictive(x: Table): Promise<NdArray>;
}

/** Rows x ~ N(mu, Lambda^-1), both unknown: posterior normal-Wishart. Murphy 2007, "Conjugate Bayesian analysis of the Gaussian distribution", section 8. */
export async function normalWishart(data: {
  readonly prior: NormalWishartParameters;
  readonly x: Table;
  readonly names?: readonly string[];
}): Promise<NormalWishart> {
  const owner = "normalWishart";
  const { prior } = data;
  const x = tableOf(owner, "x", data.x, data.names);
  const [rows, size] = x.shape as [number, number];
  const names = namesOf(owner, data.names, size, "x");
  requirePositive(owner, "prior.beta", prior.beta);
  if (!(prior.degrees > size - 1))
    throw new RangeError(`${owner}: prior.degrees must be above the number of columns less 1, ${size - 1}, got ${prior.degrees}`);
  const centre = columnOf(owner, "prior.mean", prior.mean, size);
  factorOf(owner, "prior.scaleInverse", { covariance: prior.scaleInverse }, size); // refuses what is not positive definite
  const inverse = tableOf(owner, "prior.scaleInverse", prior.scaleInverse);
  const { mean, scaleInverse, covariance, logEvidence } = await updated.runAsync([
    x,
    centre,
    scalar(prior.beta),
    inverse,
    scalar(prior.degrees),
  ]);
  const [beta, degrees] = [prior.beta + rows, prior.degrees + rows];
  return {
    names,
    posterior: { mean, beta, scaleInverse, degrees },
    logEvidence: logEvidence.item(),
    covariance,
    logPredictive: (next) => student.runAsync([tableOf(owner, "x", next, names), mean, scalar(beta), scaleInverse, scalar(degrees)]),
  };
}

/** log Gamma_d(nu / 2), less its power of pi. */
const logGammas = (nu: Tensor, size: number): Tensor => lgamma(nu.sub(iota([size], 0).cast("f64")).mul(0.5)).sum();

const updated = program(
  (x: Tensor, mean: Tensor, beta: Tensor, scaleInverse: Tensor, degrees: Tensor) => {
    const [rows, size] = x.shape as [number, number];
    const centre = x.mean(0);
    const from = x.sub(centre);
    const away = centre.sub(mean);
    const outer = away
      .expandDims(1)
      .mul(away)
      .mul(beta.mul(rows).div(beta.add(rows)));
    const after = scaleInverse.add(matmul(matrixTranspose(from), from)).add(outer);
    const nu = degrees.add(rows);
    const logSize = (a: Tensor) => logDeterminantTriangular(cholesky(a)).mul(2);
    const logEvidence = logGammas(nu, size)
      .sub(logGammas(degrees, size))
      .add(degrees.mul(0.5).mul(logSize(scaleInverse)))
      .sub(nu.mul(0.5).mul(logSize(after)))
      .add(log(beta.div(beta.add(rows))).mul(size / 2))
      .sub(0.5 * rows * size * Math.log(Math.PI));
    const freedom = nu.sub(size + 1);
    return {
      mean: mean.mul(beta).add(centre.mul(rows)).div(beta.add(rows)),
      scaleInverse: after,
      covariance: after.div(freedom.mul(freedom.greater(0).cast("f64"))),
      logEvidence,
    };
  },
  { name: "normal-Wishart posterior" },
);

/** Student t of nu + 1 - d degrees, precision (nu + 1 - d) beta / (beta + 1) W. */
const student = program((x: Tensor, mean: Tensor, beta: Tensor, scaleInverse: Tensor, degrees: Tensor) => {
  const size = mean.size;
  const lower = cholesky(scaleInverse);
  const share = beta.div(beta.add(1));
  const square = triangularSolve(lower, matrixTranspose(x.sub(mean)))
    .square()
    .sum(0)
    .mul(share);
  const half = degrees.add(1).mul(0.5);
  return lgamma(half)
    .sub(lgamma(half.sub(size / 2)))
    .add(log(share.mul(1 / Math.PI)).mul(size / 2))
    .sub(logDeterminantTriangular(lower))
    .sub(half.mul(square.log1p()));
});
