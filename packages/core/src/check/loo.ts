import type { NdArray } from "@credence/tensor";
import { sizeOf } from "./effective-sample-size.ts";
import { type LogLikelihoodColumns, listed, logLikelihoodColumns, logMeanExp, type SumOverData, sumOverData } from "./elpd.ts";
import { normalScores } from "./normal-scores.ts";
import { kHatThreshold, type Psis, psis } from "./psis.ts";
import { variance } from "./quantile.ts";

export interface LooPointwise {
  /** Log predictive density of each datum given the others, nats. */
  readonly elpd: Float64Array;
  /** Monte Carlo standard error of it; means nothing where k-hat is too high. */
  readonly mcse: Float64Array;
  /** How much log density a datum loses when it is left out: its share of the effective number of parameters. */
  readonly p: Float64Array;
  /** How much a datum pulls the posterior: the estimate for it can be trusted below `kThreshold`. */
  readonly kHat: Float64Array;
  /** Effective sample size of the posterior without it. */
  readonly effectiveSize: Float64Array;
}

export interface Loo {
  /** Names of the N data. */
  readonly names: readonly string[];
  /** Expected log predictive density of N new data, nats. Twice its negative is the information criterion (`looic`). */
  readonly elpd: SumOverData;
  /** Effective number of parameters. */
  readonly p: SumOverData;
  readonly pointwise: LooPointwise;
  /** k-hat above which this many draws cannot estimate. */
  readonly kThreshold: number;
  /** Plain sentences about data that the estimate cannot be trusted for; empty if there are none. */
  readonly warnings: readonly string[];
}

export interface LooOptions {
  /** Of the N data, for warnings; `y[1]`, `y[2]`... if absent. */
  readonly names?: readonly string[];
}

/**
 * Leave-one-out cross-validation from one posterior, by Pareto-smoothed importance sampling with ratios 1 / p(y_i | theta_s) (Vehtari,
 * Gelman and Gabry 2017). The draws' efficiency is that of p(y_i | theta), by chains that are not split.
 * @param logLikelihood log p(y_i | theta_s), [chains, draws, N]
 * @throws RangeError for another shape, fewer than 4 draws a chain, or log-likelihoods that are not finite
 */
export function loo(logLikelihood: NdArray, options: LooOptions = {}): Loo {
  const data = logLikelihoodColumns("loo", logLikelihood, options.names);
  const count = data.names.length;
  const pointwise = {
    elpd: new Float64Array(count),
    mcse: new Float64Array(count),
    p: new Float64Array(count),
    kHat: new Float64Array(count),
    effectiveSize: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const column = data.column(i);
    const { efficiency, logWeights, kHat } = weightsWithout(column, data);
    const elpd = logMeanExp(column.map((value, s) => value + logWeights[s]!)) + Math.log(column.length);
    pointwise.elpd[i] = elpd;
    pointwise.p[i] = logMeanExp(column) - elpd;
    pointwise.kHat[i] = kHat;
    pointwise.effectiveSize[i] = efficiency / logWeights.reduce((sum, value) => sum + Math.exp(2 * value), 0);
    pointwise.mcse[i] = monteCarloErrorOfLog(column, logWeights, elpd) / Math.sqrt(efficiency);
  }
  const kThreshold = kHatThreshold(data.chains * data.draws);
  return {
    names: data.names,
    elpd: sumOverData(pointwise.elpd),
    p: sumOverData(pointwise.p),
    pointwise,
    kThreshold,
    warnings: warningsOf(data.names, pointwise.kHat, kThreshold),
  };
}

/** Weights that turn draws of the posterior into draws of that without one datum, whose log-likelihoods are `column`. */
export function weightsWithout(column: Float64Array, data: LogLikelihoodColumns): Psis & { readonly efficiency: number } {
  const efficiency = relativeEfficiency(column, data);
  const ratios = column.map((value) => -value);
  return { ...psis(ratios, { relativeEfficiency: efficiency }), efficiency };
}

/** Effective over actual number of draws, for the mean of exp(logs). Draws that are all the same are as good as independent ones. */
function relativeEfficiency(logs: Float64Array, { chains, draws }: LogLikelihoodColumns): number {
  const largest = logs.reduce((most, value) => Math.max(most, value), -Infinity);
  const likelihood = logs.map((value) => Math.exp(value - largest));
  const size = sizeOf(Array.from({ length: chains }, (_, c) => likelihood.subarray(c * draws, (c + 1) * draws)));
  return Number.isNaN(size) ? 1 : size / logs.length;
}

/**
 * Sd of log E, where E = sum w p has variance sum w^2 (p - E)^2: that of the logarithms of S normal quantiles around E, without those below
 * 0, as R's loo 2.5 has it.
 */
function monteCarloErrorOfLog(logs: Float64Array, logWeights: Float64Array, elpd: number): number {
  // In units of E.
  const spread = Math.sqrt(logs.reduce((sum, value, s) => sum + Math.exp(2 * logWeights[s]!) * Math.expm1(value - elpd) ** 2, 0));
  const scores = normalScores(logs.length);
  const kept = new Float64Array(logs.length);
  let count = 0;
  for (let s = 0; s < logs.length; s++) {
    const value = 1 + spread * scores[2 * s]!;
    if (value > 0) kept[count++] = Math.log(value);
  }
  return Math.sqrt(variance(kept.subarray(0, count)));
}

function warningsOf(names: readonly string[], kHat: Float64Array, threshold: number): string[] {
  const above = names.filter((_, i) => kHat[i]! > threshold);
  if (above.length === 0) return [];
  const worst = kHat.reduce((most, value) => Math.max(most, value), -Infinity);
  return [
    `Leave-one-out cannot be estimated from this posterior for ${above.length} of ${names.length} data (${listed(above)}): k-hat is up to ${worst.toFixed(2)}, ` +
      `above ${threshold.toFixed(2)}. The posterior without such a datum is too far from the one with it: look at these data, use a likelihood with heavier tails, ` +
      "or fit again without each of them.",
  ];
}
