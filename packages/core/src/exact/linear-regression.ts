import type { NdArray } from "@credence/tensor";
import type { Draws } from "../model/draws.ts";
import type { PredictiveMoments } from "../predictive/predictive.ts";
import { collinearWarnings } from "./collinear.ts";
import { knownNoise } from "./known-noise.ts";
import { normalInverseGammaRegression } from "./normal-inverse-gamma-regression.ts";
import type { NormalPrior } from "./spread.ts";
import { type Column, cancelled, columnOf, namesOf, requirePositive, type Table, tableOf } from "./table.ts";

/** The noise of a regression: its sd known, or its variance sigma^2 ~ inverse gamma(shape, rate), which the spread of the coefficients then scales with. */
export type RegressionNoise = { readonly sd: number } | { readonly shape: number; readonly rate: number };

export interface LinearRegressionOptions {
  /** Features [rows, columns]; a column of ones gives an intercept. */
  readonly x: Table;
  readonly y: Column;
  /** Names of the columns. */
  readonly names?: readonly string[];
  /** Coefficients ~ N(mean, S), or N(mean, sigma^2 S) where the noise is not known; sd or covariance give S. */
  readonly prior: NormalPrior;
  readonly noise: RegressionNoise;
  readonly signal?: AbortSignal;
}

export interface LinearRegression {
  readonly names: readonly string[];
  /** Posterior mean and sd of the coefficients, f64 [columns]; with unknown noise those of a Student t. */
  readonly mean: NdArray;
  readonly sd: NdArray;
  /** log p(y | x), nats. */
  readonly logEvidence: number;
  /** sd of the noise where it is known; else sigma^2 ~ inverse gamma(shape, rate). */
  readonly noise: RegressionNoise;
  /** Columns that the data cannot tell apart, by name; empty if there are none. */
  readonly warnings: readonly string[];
  /** Covariance of the coefficients, f64 [columns, columns]. */
  covariance(): Promise<NdArray>;
  /** Mean and variance of new observations at `x` [N, columns]. */
  predict(x: Table): Promise<PredictiveMoments>;
  /** log p(y_i | x_i, data) of new rows, f64 [N]: a normal, or a Student t. */
  logPredictive(x: Table, y: Column): Promise<NdArray>;
  /** Independent draws of the coefficients, and of `sigma` where it is not known. */
  sample(count: number, options: { readonly seed: number }): Promise<Draws>;
}

/**
 * Bayesian linear regression in closed form: y = x w + e, e ~ N(0, sigma^2), with sigma known (posterior normal) or with a normal-inverse-gamma prior
 * (posterior Student t). Factors as in `linearGaussian`. Bishop 2006, sections 3.3 to 3.5 and exercises 3.12 to 3.14; Gelman et al. 2013, chapter 14.
 * @throws RangeError for shapes that do not fit, missing values (with row and column), and priors that are not proper
 */
export async function linearRegression(options: LinearRegressionOptions): Promise<LinearRegression> {
  const owner = "linearRegression";
  const x = tableOf(owner, "x", options.x, options.names);
  const [rows, columns] = x.shape as [number, number];
  const names = namesOf(owner, options.names, columns, "x");
  const y = columnOf(owner, "y", options.y, rows);
  const warnings = await collinearWarnings(x, names);
  const { prior, noise, signal } = options;
  if (typeof prior !== "object" || prior === null)
    throw new TypeError(`${owner}: prior must be given, such as { sd: 10 }, got ${typeof prior}`);
  if (typeof noise !== "object" || noise === null)
    throw new TypeError(`${owner}: noise must be given, { sd } where it is known, else { shape, rate }; got ${typeof noise}`);
  const checked = { x, y, names, prior, warnings, ...cancelled(signal) };
  if ("sd" in noise) {
    requirePositive(owner, "noise.sd", noise.sd);
    return knownNoise({ ...checked, noise });
  }
  requirePositive(owner, "noise.shape", noise.shape);
  requirePositive(owner, "noise.rate", noise.rate);
  if (names.includes("sigma")) throw new RangeError(`${owner}: a column is named sigma, which is the name of the noise; give it another`);
  if (!varies(y.data())) warnings.push("y is the same number in every row: what sigma is below that, only its prior says");
  return normalInverseGammaRegression({ ...checked, noise });
}

const varies = (y: ArrayLike<number>): boolean => Array.prototype.some.call(y, (value) => value !== y[0]);

/** A regression whose data have been checked. */
export interface CheckedRegression<N extends RegressionNoise> {
  readonly signal?: AbortSignal;
  readonly x: NdArray;
  readonly y: NdArray;
  readonly names: readonly string[];
  readonly prior: NormalPrior;
  readonly noise: N;
  readonly warnings: readonly string[];
}
