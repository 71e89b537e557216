import { cholesky, exp, eye, index, less, log1p, matmul, matrixTranspose, minimum, random, type Tensor, where } from "@credence/tensor";

/** Log density, up to a constant, of every row: [chains, D] -> [chains]. Traced. -Infinity where there is no mass. */
export type LogDensity = (position: Tensor) => Tensor;

/** Where the chains stand. */
export type MetropolisState = {
  /** [chains, D] */
  readonly position: Tensor;
  /** [chains] */
  readonly logDensity: Tensor;
};

export type MetropolisInfo = {
  /** Probability of acceptance, [chains]. */
  readonly acceptance: Tensor;
  /** bool [chains] */
  readonly accepted: Tensor;
};

/** What the steps are drawn from: N(0, (e^logScale)^2 covariance), shared by all chains. */
export type MetropolisTuning = {
  readonly logScale: Tensor;
  /** Running mean of positions, [D]. */
  readonly mean: Tensor;
  /** [D, D] */
  readonly covariance: Tensor;
};

/** Chains at `position` [chains, D]. */
export const initMetropolis = (logDensity: LogDensity, position: Tensor): MetropolisState => ({
  position,
  logDensity: logDensity(position),
});

/**
 * Tuning to start from: the spread of the chains where there are enough of them to show it, else a tenth of a unit in every direction; the scale
 * 2.38 / sqrt(D), best for a normal target (Roberts, Gelman and Gilks 1997).
 */
export function initTuning(position: Tensor): MetropolisTuning {
  const [chains, dimension] = position.shape as [number, number];
  const mean = position.mean(0);
  const covariance = chains >= 2 * dimension + 2 ? secondMoment(position.sub(mean)) : eye(dimension, position.dtype).mul(0.01);
  return {
    logScale: mean
      .sum()
      .mul(0)
      .add(Math.log(2.38 / Math.sqrt(dimension))),
    mean,
    covariance,
  };
}

/** (1 / chains) sum of d d^T over chains. */
const secondMoment = (d: Tensor): Tensor => matmul(matrixTranspose(d), d).mul(1 / d.shape[0]!);

/** Lower L with L L^T the covariance of the steps. A direction that the chains have not moved in yet keeps a trace of spread, so that L exists. */
export function stepFactor(tuning: MetropolisTuning): Tensor {
  const { covariance, logScale } = tuning;
  const identity = eye(covariance.shape[0]!, covariance.dtype);
  return cholesky(covariance.add(covariance.mul(identity).mul(1e-9)).add(identity.mul(1e-60))).mul(exp(logScale));
}

/**
 * A way to propose: y of every chain, drawn from q(y | x), and log q(x | y) - log q(y | x), [chains], by which the rule of acceptance makes up for proposals that
 * go one way more easily than the other. Absent where q is symmetric.
 */
export type Propose = (key: Tensor, position: Tensor) => { readonly position: Tensor; readonly logRatio?: Tensor };

/** y = x + L z, z ~ N(0, I). `factor` is L [D, D]. */
export const randomWalk =
  (factor: Tensor): Propose =>
  (key, position) => ({
    position: position.add(matmul(random.normal(key, position.shape, { dtype: position.dtype }), matrixTranspose(factor))),
  });

/**
 * One step of every chain by the rule of Metropolis and Hastings (Hastings 1970): go from x to a proposal y with probability
 * min(1, p(y) q(x | y) / (p(x) q(y | x))). Only ratios enter, so neither p nor q need be normalised. A proposal whose density is NaN is refused.
 */
export function stepMetropolisHastings(
  logDensity: LogDensity,
  key: Tensor,
  state: MetropolisState,
  propose: Propose,
): [MetropolisState, MetropolisInfo] {
  const { position } = state;
  const keys = random.split(key, 2);
  const proposal = propose(index(keys, 0), position);
  const proposed = logDensity(proposal.position);
  const gain = proposed.sub(state.logDensity);
  const logRatio = proposal.logRatio ? gain.add(proposal.logRatio) : gain;
  const usable = logRatio.equal(logRatio); // false for NaN
  const logUniform = log1p(random.uniform(index(keys, 1), [position.shape[0]!], { dtype: position.dtype }).neg());
  const accepted = where(usable, less(logUniform, logRatio), false);
  return [
    {
      position: where(accepted.expandDims(-1), proposal.position, position),
      logDensity: where(accepted, proposed, state.logDensity),
    },
    { accepted, acceptance: exp(minimum(where(usable, logRatio, -Infinity), 0)) },
  ];
}

/** One random-walk step of every chain (Metropolis et al. 1953), from N(0, L L^T); `factor` is L [D, D]. */
export const stepMetropolis = (
  logDensity: LogDensity,
  key: Tensor,
  state: MetropolisState,
  factor: Tensor,
): [MetropolisState, MetropolisInfo] => stepMetropolisHastings(logDensity, key, state, randomWalk(factor));

/**
 * Adapts the steps to the chains (Haario et al. 2001; Andrieu and Thoms 2008, algorithm 4), pooled over them: mean and covariance with weights growing as the square of the
 * step number, so that the way in is forgotten, and the scale so that the mean acceptance comes to `target`. `number` counts steps from 0 (scalar of the state's type).
 */
export function adaptMetropolis(
  tuning: MetropolisTuning,
  state: MetropolisState,
  info: MetropolisInfo,
  number: Tensor,
  target: number,
): MetropolisTuning {
  const [chains, dimension] = state.position.shape as [number, number];
  // The start counts as `held` steps: with few chains the covariance must not collapse onto the first draws.
  const held = 20 * Math.max(1, dimension / chains);
  const weight = number
    .add(3 + held)
    .pow(-1)
    .mul(3);
  const rate = number.add(1).pow(-0.6);
  const d = state.position.sub(tuning.mean);
  return {
    logScale: tuning.logScale.add(rate.mul(info.acceptance.mean().sub(target))),
    mean: tuning.mean.add(weight.mul(d.mean(0))),
    covariance: tuning.covariance.add(weight.mul(secondMoment(d).sub(tuning.covariance))),
  };
}

/** Acceptance that moves fastest on a normal target: 0.44 in one dimension, 0.234 in many (Roberts, Gelman and Gilks 1997). */
export const bestAcceptance = (dimension: number): number => (dimension === 1 ? 0.44 : dimension < 5 ? 0.3 : 0.234);
