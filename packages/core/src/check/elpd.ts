import type { NdArray } from "@credence/tensor";
import { mean, variance } from "./quantile.ts";

/**
 * A sum over data, such as an expected log predictive density in nats, with its standard error over data that might have been seen instead.
 */
export interface SumOverData {
  readonly estimate: number;
  readonly se: number;
}

/** The sum of one number per datum, and sqrt(N Var) (Vehtari, Gelman and Gabry 2017, eq. 23); the error of a single datum is NaN. */
export const sumOverData = (values: Float64Array): SumOverData => ({
  estimate: values.length * mean(values),
  se: Math.sqrt(values.length * variance(values)),
});

/** A pointwise log-likelihood [chains, draws, N] by datum: N arrays of one array per chain. */
export interface LogLikelihoodColumns {
  readonly chains: number;
  readonly draws: number;
  readonly names: readonly string[];
  /** log p(y_i | theta_s) of all draws of datum i, chain after chain. */
  column(i: number): Float64Array;
}

/** Checks the log-likelihood that `what` was given, and names its data. */
export function logLikelihoodColumns(what: string, logLikelihood: NdArray, names?: readonly string[]): LogLikelihoodColumns {
  const [chains = 0, draws = 0, count = 0] = logLikelihood.shape;
  if (logLikelihood.shape.length !== 3 || logLikelihood.size === 0)
    throw new RangeError(`${what}: expected a log-likelihood of shape [chains, draws, N], got [${logLikelihood.shape.join(", ")}]`);
  if (draws < 4) throw new RangeError(`${what}: expected at least 4 draws per chain, got ${draws}`);
  const named = names ?? Array.from({ length: count }, (_, i) => `y[${i + 1}]`);
  if (named.length !== count) throw new RangeError(`${what}: ${named.length} names for ${count} data`);
  const values = logLikelihood.data();
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const place = `${named[bad % count]} at draw ${(Math.floor(bad / count) % draws) + 1} of chain ${Math.floor(bad / count / draws) + 1}`;
    throw new RangeError(`${what}: log-likelihoods must be finite, got ${values[bad]} for ${place}`);
  }
  return {
    chains,
    draws,
    names: named,
    column(i) {
      const column = new Float64Array(chains * draws);
      for (let s = 0; s < column.length; s++) column[s] = values[s * count + i]!;
      return column;
    },
  };
}

/** log of the mean of exp(values): the log predictive density of a datum from its log-likelihoods. */
export function logMeanExp(values: Float64Array): number {
  let largest = -Infinity;
  for (const value of values) if (value > largest) largest = value;
  let total = 0;
  for (const value of values) total += Math.exp(value - largest);
  return largest + Math.log(total / values.length);
}

/** At most five names and how many more there are, for a sentence. */
export const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
