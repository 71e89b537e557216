import { type NdArray, program, type Tensor } from "@credence/tensor";
import type { Draws } from "../model/draws.ts";
import { exactDraws } from "./exact-draws.ts";
import { colour, factorOf, logSize, meanOf, type NormalPrior, type NormalSpread } from "./spread.ts";
import { type Column, cancelled, columnOf, keyOf, namesOf, requireCount, type Table, tableOf } from "./table.ts";
import { covarianceOf, deviationDraws, logDensityOfDeviation, moments, predicted, whitened } from "./whitened.ts";

export interface LinearGaussianOptions {
  /** A, [m, n]: what the data would be without noise is A x. */
  readonly operator: Table;
  /** y, [m]. */
  readonly data: Column;
  /** x ~ N(mean, ...), n numbers. */
  readonly prior: NormalPrior;
  /** e ~ N(0, ...), m numbers. */
  readonly noise: NormalSpread;
  /** Names of the n unknowns. */
  readonly names?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface LinearGaussianPosterior {
  readonly names: readonly string[];
  /** E x, f64 [n]. */
  readonly mean: NdArray;
  /** Posterior standard deviations, f64 [n]. */
  readonly sd: NdArray;
  /** log p(y), nats. */
  readonly logEvidence: number;
  /** Which matrices were factorised: [n, n] of the unknowns, or [m, m] of the data where there are fewer of those. */
  readonly form: "unknowns" | "data";
  /** Covariance, f64 [n, n]. */
  covariance(): Promise<NdArray>;
  /** `count` independent draws, with their log density. */
  sample(count: number, options: { readonly seed: number }): Promise<Draws>;
  /** Mean and variance, f64 [k], of A' x for an operator [k, n]; without noise. */
  predict(operator: Table): Promise<{ readonly mean: NdArray; readonly variance: NdArray }>;
}

const solved = program(
  (operator: Tensor, data: Tensor, mean: Tensor, prior: Tensor, noise: Tensor) => {
    const model = { operator, data, mean, prior, noise };
    const white = whitened(model);
    const { lower, misfit, logDeterminant, mean: centre } = white.conditioned;
    const { mean: posterior, variance } = moments(model, white);
    const logEvidence = misfit
      .mul(-0.5)
      .sub(logDeterminant)
      .sub(logSize(noise))
      .sub(0.5 * data.size * Math.log(2 * Math.PI));
    return { mean: posterior, sd: variance.sqrt(), logEvidence, kept: { b: white.b, lower, logDeterminant, centre } };
  },
  { name: "linear-Gaussian posterior" },
);

/**
 * The posterior of x given y = A x + e, with normal prior and noise: a normal, in closed form. With S the prior covariance and R the noise's,
 * mean = m + S A^T (A S A^T + R)^-1 (y - A m) and log p(y) = log N(y | A m, A S A^T + R). Where there are at least as many data as unknowns, they come
 * from the QR factors of the whitened operator on top of the identity, so that the condition number of A counts and not its square.
 * Rasmussen and Williams 2006, appendix A.2; Tarantola 2005, chapter 3.
 * @throws RangeError for shapes that do not fit, missing values, and covariances that are not positive definite
 */
export async function linearGaussian(options: LinearGaussianOptions): Promise<LinearGaussianPosterior> {
  const owner = "linearGaussian";
  const operator = tableOf(owner, "operator", options.operator, options.names);
  const [m, n] = operator.shape as [number, number];
  const names = namesOf(owner, options.names, n, "x");
  const data = columnOf(owner, "data", options.data, m);
  const prior = factorOf(owner, "prior", options.prior, n);
  const centre = meanOf(owner, "prior", options.prior.mean, n);
  const noise = factorOf(owner, "noise", options.noise, m);
  const { mean, sd, logEvidence, kept } = await solved.runAsync([operator, data, centre, prior, noise], cancelled(options.signal));
  if (!Number.isFinite(logEvidence.item()))
    throw new RangeError(
      `${owner}: the posterior has no factor in double precision: prior sd over noise sd, along some direction of the operator, is beyond 1e15; narrow the prior`,
    );
  return {
    names,
    mean,
    sd,
    logEvidence: logEvidence.item(),
    form: m < n ? "data" : "unknowns",
    covariance: () => covarianceOf.runAsync([kept.b, kept.lower, prior]),
    async predict(other) {
      return predicted.runAsync([tableOf(owner, "operator", other, names), mean, kept.b, kept.lower, prior]);
    },
    async sample(count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program(
        (key: Tensor, k: { [K in keyof typeof kept]: Tensor }, about: Tensor, factor: Tensor) => {
          const d = deviationDraws(key, k.b, k.lower, count);
          const x = about
            .expandDims(1)
            .add(colour(factor, k.centre.add(d)))
            .T.expandDims(0);
          const logDensity = logDensityOfDeviation(d, k.b, k.logDeterminant).sub(logSize(factor)).expandDims(0);
          return { draws: x, unconstrained: x, logDensity };
        },
        { name: "linear-Gaussian draws" },
      );
      return exactDraws(names, await draw.runAsync([keyOf(owner, seed), kept, centre, prior]));
    },
  };
}
