import {
  cholesky,
  digamma,
  greater,
  iota,
  lgamma,
  log,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type Tensor,
  triangularSolve,
  where,
} from "@credence/tensor";

/** Rows x [n, d] and the prior: Dirichlet(concentration) over weights; mean_k ~ N(mean, (beta Lambda_k)^-1), Lambda_k ~ Wishart(scale, degrees). */
export type MixtureData = {
  readonly x: Tensor;
  readonly concentration: Tensor;
  readonly mean: Tensor;
  readonly beta: Tensor;
  /** Inverse of the Wishart's scale matrix W, [d, d]. */
  readonly scaleInverse: Tensor;
  readonly degrees: Tensor;
  /** Responsibilities to start from, [n, K]. */
  readonly start: Tensor;
};

/** q(z) q(pi) prod q(mu_k, Lambda_k); parameters of Bishop 2006, equations 10.58 to 10.63. */
export type MixtureFactors = {
  /** r, [n, K]. */
  readonly responsibilities: Tensor;
  /** alpha, [K]. */
  readonly concentration: Tensor;
  /** m, [K, d]. */
  readonly mean: Tensor;
  /** beta, [K]. */
  readonly beta: Tensor;
  /** W^-1, [K, d, d]. */
  readonly scaleInverse: Tensor;
  /** nu, [K]. */
  readonly degrees: Tensor;
};

/** q(pi) and q(mu, Lambda) at their optimum for responsibilities r. */
export function parametersGiven(data: MixtureData, r: Tensor): MixtureFactors {
  const { x, beta, scaleInverse, mean } = data;
  const count = r.sum(0);
  // A component without rows keeps its prior: its mean of rows is 0 / 1e-300.
  const centre = matmul(matrixTranspose(r), x).div(count.add(1e-300).expandDims(1));
  const from = x.expandDims(0).sub(centre.expandDims(1)); // [K, n, d]
  const scatter = matmul(matrixTranspose(from.mul(matrixTranspose(r).expandDims(2))), from);
  const away = centre.sub(mean);
  const pull = beta.mul(count).div(beta.add(count));
  const outer = away.expandDims(2).mul(away.expandDims(1));
  return {
    responsibilities: r,
    concentration: count.add(data.concentration),
    mean: mean
      .mul(beta)
      .add(centre.mul(count.expandDims(1)))
      .div(beta.add(count).expandDims(1)),
    beta: count.add(beta),
    scaleInverse: scatter.add(scaleInverse).add(outer.mul(pull.expandDims(1).expandDims(2))),
    degrees: count.add(data.degrees),
  };
}

/** What the factors say of log weights, log precisions and distances. */
export type Expectations = {
  /** E log pi, [K]. */
  readonly logWeight: Tensor;
  /** E log |Lambda|, [K]. */
  readonly logPrecision: Tensor;
  /** E (x - mu)^T Lambda (x - mu), [n, K]. */
  readonly distance: Tensor;
  /** Cholesky factor of W^-1, [K, d, d]. */
  readonly lower: Tensor;
};

export function expectations(data: MixtureData, q: MixtureFactors): Expectations {
  const { x } = data;
  const size = x.shape[1]!;
  const lower = cholesky(q.scaleInverse);
  const from = matrixTranspose(x.expandDims(0).sub(q.mean.expandDims(1))); // [K, d, n]
  const white = triangularSolve(lower, from).square().sum(1);
  return {
    logWeight: digamma(q.concentration).sub(digamma(q.concentration.sum())),
    logPrecision: multivariate(digamma, q.degrees, size)
      .add(size * Math.LN2)
      .sub(logDeterminantTriangular(lower).mul(2)),
    distance: matrixTranspose(white.mul(q.degrees.expandDims(1)).add(q.beta.pow(-1).mul(size).expandDims(1))),
    lower,
  };
}

/** Log responsibilities up to a constant of each row. */
export const logResponsibilities = (e: Expectations): Tensor => e.logWeight.add(e.logPrecision.mul(0.5)).sub(e.distance.mul(0.5));

/** sum over i = 1 ... d of f((nu + 1 - i) / 2), for nu of any shape. */
function multivariate(f: (x: Tensor) => Tensor, nu: Tensor, size: number): Tensor {
  const shape = [...nu.shape, size];
  return f(nu.expandDims(-1).sub(iota(shape, -1).cast("f64")).mul(0.5)).sum(-1);
}

/** log B(W, nu), the Wishart's normalisation, from log |W^-1|. Bishop 2006, equation B.79. */
const logWishart = (logDeterminant: Tensor, nu: Tensor, size: number): Tensor =>
  nu
    .mul(0.5)
    .mul(logDeterminant.sub(size * Math.LN2))
    .sub(multivariate(lgamma, nu, size))
    .sub(0.25 * size * (size - 1) * Math.log(Math.PI));

/** log of the Dirichlet's normalisation. */
const logDirichlet = (alpha: Tensor): Tensor => lgamma(alpha.sum()).sub(lgamma(alpha).sum());

/** log of the posterior predictive density of rows, [n, K]: Student t of degrees nu + 1 - d, without weights. Bishop 2006, equation 10.81. */
export function logStudentRows(data: MixtureData, q: MixtureFactors): Tensor {
  const size = data.x.shape[1]!;
  const { distance, lower } = expectations(data, q);
  const freedom = q.degrees.add(1 - size);
  const precision = q.beta.div(q.beta.add(1)); // the precision matrix is freedom precision W
  const square = distance.sub(q.beta.pow(-1).mul(size)).div(q.degrees).mul(precision);
  return lgamma(freedom.add(size).mul(0.5))
    .sub(lgamma(freedom.mul(0.5)))
    .add(log(precision.mul(1 / Math.PI)).mul(size / 2))
    .sub(logDeterminantTriangular(lower))
    .sub(freedom.add(size).mul(0.5).mul(square.log1p()));
}

export const mixtureTerms = {
  "E log p(x | z, mu, Lambda)": "reconstruction",
  "E log p(z | pi)": "regularisation",
  "E log p(pi)": "regularisation",
  "E log p(mu, Lambda)": "regularisation",
  "H[q(z)]": "regularisation",
  "H[q(pi)]": "regularisation",
  "H[q(mu, Lambda)]": "regularisation",
} as const;

/** The terms of the ELBO: Bishop 2006, equations 10.71 to 10.77. */
export function mixtureElbo(data: MixtureData, q: MixtureFactors): Record<keyof typeof mixtureTerms, Tensor> {
  const size = data.x.shape[1]!;
  const r = q.responsibilities;
  const components = r.shape[1]!;
  const { logWeight, logPrecision, distance, lower } = expectations(data, q);
  const log2Pi = Math.log(2 * Math.PI);
  const prior = data.concentration.broadcastTo([components]);
  const priorLower = cholesky(data.scaleInverse);
  const away = q.mean.sub(data.mean).expandDims(2);
  const pulled = triangularSolve(lower, away).square().sum([1, 2]); // (m_k - m)^T W_k (m_k - m)
  const overlap = triangularSolve(lower, priorLower.expandDims(0).broadcastTo([components, size, size]))
    .square()
    .sum([1, 2]); // tr(W_0^-1 W_k)
  const entropyOf = (logNormalization: Tensor): Tensor =>
    logNormalization
      .neg()
      .sub(
        q.degrees
          .sub(size + 1)
          .mul(0.5)
          .mul(logPrecision),
      )
      .add(q.degrees.mul(size / 2));
  return {
    "E log p(x | z, mu, Lambda)": r
      .mul(logPrecision.sub(distance).sub(size * log2Pi))
      .sum()
      .mul(0.5),
    "E log p(z | pi)": r.mul(logWeight).sum(),
    "E log p(pi)": logDirichlet(prior).add(prior.sub(1).mul(logWeight).sum()),
    "E log p(mu, Lambda)": logPrecision
      .add(size * -log2Pi)
      .add(log(data.beta).mul(size))
      .sub(data.beta.div(q.beta).mul(size))
      .sub(data.beta.mul(q.degrees).mul(pulled))
      .mul(0.5)
      .add(logWishart(logDeterminantTriangular(priorLower).mul(2), data.degrees, size))
      .add(
        data.degrees
          .sub(size + 1)
          .mul(0.5)
          .mul(logPrecision),
      )
      .sub(q.degrees.mul(0.5).mul(overlap))
      .sum(),
    "H[q(z)]": r
      .mul(log(where(greater(r, 0), r, 1)))
      .sum()
      .neg(),
    "H[q(pi)]": logDirichlet(q.concentration).add(q.concentration.sub(1).mul(logWeight).sum()).neg(),
    "H[q(mu, Lambda)]": logPrecision
      .mul(-0.5)
      .sub(log(q.beta.mul(1 / (2 * Math.PI))).mul(size / 2))
      .add(size / 2)
      .add(entropyOf(logWishart(logDeterminantTriangular(lower).mul(2), q.degrees, size)))
      .sum(),
  };
}
