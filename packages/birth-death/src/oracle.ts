import { type Chains, posteriorChains } from "@credence/core";
import { birthDeathLogTransition, constant, type Tensor } from "@credence/tensor";
import { birthDeathParameters, type RatePriors } from "./model.ts";

/** A population counted completely at known times. */
export interface CountSeries {
  /** Years, strictly increasing. */
  readonly times: ArrayLike<number>;
  /** Individuals. */
  readonly counts: ArrayLike<number>;
}

/**
 * Exact log-likelihood of rates [rows, 3] f64 given complete counts, conditional on the first: Σ log P(n_{l+1} | n_l, Δ_l), [rows].
 * Traced. -Infinity where the rates make the counts impossible.
 *
 * @throws {RangeError} if times and counts do not fit each other.
 */
export function logLikelihood(rates: Tensor, series: CountSeries): Tensor {
  const { before, after, years } = transitionsOf(series);
  const [birth, death, immigration] = [0, 1, 2].map((column) => rates.slice([0, column], [undefined, column + 1])) as [Tensor, Tensor, Tensor];
  return birthDeathLogTransition(constant(before, "f64"), constant(after, "f64"), constant(years, "f64"), birth, death, immigration).sum(1);
}

export interface OracleOptions {
  readonly priors?: RatePriors;
  readonly seed: number;
  /** 64 unless given. */
  readonly chains?: number;
  /** Kept of each chain; 250 unless given. */
  readonly draws?: number;
  /** Steps per kept draw; 20 unless given. */
  readonly thin?: number;
  /** Steps that adapt the proposal and are dropped; 600 unless given. */
  readonly warmup?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

/** Draws from the posterior under the exact likelihood, by adaptive random-walk Metropolis on many chains: draws f64 [chains, draws, 3]. */
export async function samplePosterior(series: CountSeries, options: OracleOptions): Promise<Chains> {
  const { priors, chains = 64, draws = 250, thin = 20, warmup = 600, ...rest } = options;
  transitionsOf(series);
  return posteriorChains({
    parameters: birthDeathParameters(priors),
    logLikelihood: (rates) => logLikelihood(rates, series),
    chains,
    draws,
    thin,
    warmup,
    ...rest,
  });
}

/** Pairs of successive counts, each [1, intervals]. */
function transitionsOf({ times, counts }: CountSeries): { before: number[][]; after: number[][]; years: number[][] } {
  if (times.length !== counts.length || times.length < 2) {
    throw new RangeError(`expected as many times as counts, at least 2, got ${times.length} times and ${counts.length} counts`);
  }
  const n = Array.from(counts);
  const wrong = n.findIndex((count) => !(Number.isInteger(count) && count >= 0));
  if (wrong >= 0) throw new RangeError(`counts must be integers >= 0, got ${n[wrong]} at position ${wrong}`);
  const years = Array.from({ length: n.length - 1 }, (_, l) => times[l + 1]! - times[l]!);
  const backward = years.findIndex((interval) => !(interval > 0));
  if (backward >= 0) throw new RangeError(`times must increase, got ${times[backward]} followed by ${times[backward + 1]}`);
  return { before: [n.slice(0, -1)], after: [n.slice(1)], years: [years] };
}
