import { type Data, halfCauchy, halfNormal, type Model, model, normal, observed, plate } from "@credence/core";
import { array, type Tensor, take } from "@credence/tensor";
import { labelsOf, prepare, type RegressionData, type RegressionModel, requireSpread } from "./regression-model.ts";

export interface MultilevelData extends RegressionData {
  /** The group of each row: integers from 0. */
  readonly group: ArrayLike<number>;
}

export interface MultilevelOptions {
  /** Standard deviation of the priors of the mean intercept and of the coefficients; 10 unless given. */
  readonly coefficientSd?: number;
  /** Scale of the half-normal priors of the two standard deviations; 1 unless given. */
  readonly spread?: number;
  /** Group intercepts as mu + tau z, z standard normal: the better form where groups are small; true unless given. */
  readonly noncentred?: boolean;
}

export interface MultilevelModel extends RegressionModel<"mu" | "tau" | "sigma" | "beta" | "intercept"> {
  /** J */
  readonly groups: number;
  readonly prior: { readonly coefficientSd: number; readonly spread: number };
}

/**
 * Regression with an intercept for each group, drawn from a common law (partial pooling):
 *
 *     y_i ~ N(intercept_g(i) + x_i beta, sigma²),  intercept_j ~ N(mu, tau²),  mu, beta_d ~ N(0, 10²),  sigma, tau ~ half-N(1)
 *
 * Gelman and Hill 2006, chapter 12. Quantities: mu, tau, sigma, beta[D], intercept[J].
 */
export async function multilevelModel(data: MultilevelData, options: MultilevelOptions = {}): Promise<MultilevelModel> {
  const { coefficientSd = 10, spread = 1, noncentred = true } = options;
  requireSpread("coefficientSd", coefficientSd);
  requireSpread("spread", spread);
  const { features, x, outcome, warnings, linearPredictor } = await prepare("real", data);
  const { index, groups } = groupsOf(data.group, features.rows);
  const of = array(index);
  const built = model(
    {
      mu: normal(0, coefficientSd),
      tau: halfNormal(spread),
      sigma: halfNormal(spread),
      beta: plate(normal(0, coefficientSd), features.names.length),
      intercept: ({ mu, tau }) => plate(normal(mu, tau), groups),
    },
    ({ intercept, beta, sigma }) => ({ y: observed(normal(linearPredictor({ alpha: take(intercept, of), beta }), sigma), outcome) }),
    { noncentred: noncentred ? ["intercept"] : [] },
  );
  return {
    features,
    x,
    outcome,
    model: built,
    labels: labelsOf(built.names, features),
    warnings,
    groups,
    prior: { coefficientSd, spread },
  };
}

/** @throws {RangeError} where a group is no integer from 0, or one in between has no rows. */
function groupsOf(group: ArrayLike<number>, rows: number): { index: Int32Array; groups: number } {
  if (group.length !== rows) throw new RangeError(`group has ${group.length} rows, the features have ${rows}`);
  const index = Array.from(group);
  const bad = index.findIndex((g) => !(Number.isInteger(g) && g >= 0));
  if (bad >= 0) throw new RangeError(`group is ${index[bad]} in row ${bad}; groups are integers from 0`);
  const groups = index.reduce((most, g) => Math.max(most, g), 0) + 1;
  const present = new Set(index);
  const empty = Array.from({ length: groups }, (_, g) => g).find((g) => !present.has(g));
  if (empty !== undefined)
    throw new RangeError(`group ${empty} has no rows and group ${groups - 1} has; number the groups from 0 without a gap`);
  if (groups === 1) throw new RangeError("group is 0 in every row; one group has nothing to pool with, so use linearModel");
  return { index: Int32Array.from(index), groups };
}

export interface EstimatesData {
  /** An estimate from each of J groups, and its standard error. */
  readonly estimates: ArrayLike<number>;
  readonly errors: ArrayLike<number>;
}

export interface EstimatesOptions {
  /** Standard deviation of the prior of mu, and scale of the half-Cauchy prior of tau; 5 unless given. */
  readonly scale?: number;
  /** Effects as mu + tau z; true unless given. */
  readonly noncentred?: boolean;
}

/**
 * Partial pooling of estimates with known errors (Rubin 1981):
 *
 *     y_j ~ N(theta_j, s_j²),  theta_j ~ N(mu, tau²),  mu ~ N(0, 5²),  tau ~ half-Cauchy(5)
 *
 * @throws {RangeError} for lengths that differ, missing estimates, and errors that are not positive.
 */
export function estimatesModel({ estimates, errors }: EstimatesData, { scale = 5, noncentred = true }: EstimatesOptions = {}) {
  requireSpread("scale", scale);
  if (estimates.length !== errors.length) throw new RangeError(`there are ${estimates.length} estimates and ${errors.length} errors`);
  if (estimates.length < 2) throw new RangeError(`expected at least two estimates to pool, got ${estimates.length}`);
  Array.from(errors).forEach((error, j) => {
    requireSpread(`errors[${j}]`, error);
  });
  return estimatesTarget(Float64Array.from(estimates), Float64Array.from(errors), scale, noncentred);
}

/** The model alone, of estimates that may be traced. */
export const estimatesTarget = (y: Data | Tensor, errors: Float64Array, scale: number, noncentred = true): Model<"mu" | "tau" | "theta"> =>
  model(
    { mu: normal(0, scale), tau: halfCauchy(scale), theta: ({ mu, tau }) => plate(normal(mu, tau), errors.length) },
    ({ theta }) => ({ y: observed(normal(theta, array(errors)), y) }),
    { noncentred: noncentred ? ["theta"] : [] },
  );
