import { type Draws, metropolis } from "@credence/core";
import { array, birthDeathLogTransition, concat, constant, log, program, random, type Tensor } from "@credence/tensor";
import { columnsOf, fromCoordinates, slopes } from "./coordinates.ts";
import { type CensusDesign, countMaxFor } from "./design.ts";
import { birthDeathParameters, type RatePriors } from "./model.ts";
import { placeOf } from "./quasi-likelihood.ts";
import { describe } from "./summary.ts";

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
  const [birth, death, immigration] = columnsOf(rates);
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

/**
 * Draws of the rates from the posterior under the exact likelihood, f64 [chains, draws, 3], by adaptive random-walk Metropolis on many
 * chains. They walk in the coordinates of coordinates.ts, from starts spread half as wide again as the quasi-likelihood approximation.
 */
export async function samplePosterior(series: CountSeries, options: OracleOptions): Promise<Draws> {
  const { priors, seed, chains = 64, draws = 250, thin = 20, warmup = 600, ...rest } = options;
  const parameters = birthDeathParameters(priors);
  const { bounds } = parameters;
  const logDensity = (position: Tensor): Tensor => {
    const at = columnsOf(position);
    const rates = fromCoordinates(at, bounds);
    const { growthByFirst, turnoverBySecond, immigrationByThird } = slopes(at, rates, bounds);
    // dλ dμ = ½ dr dσ, with σ at fixed r.
    const logVolume = log(growthByFirst).add(log(turnoverBySecond)).add(log(immigrationByThird)).squeeze(1);
    const theta = concat([...rates], 1);
    return parameters.logProb(theta).add(logLikelihood(theta, series)).add(logVolume);
  };
  const start = program(
    (counts: Tensor) => {
      const { laplace } = describe(counts, designOf(series), bounds);
      const spread = random.normal(random.fold(random.key(seed), 1), [chains, 3], { dtype: "f64" }).mul(1.5);
      return concat([...placeOf(columnsOf(spread), laplace)], 1);
    },
    { name: "starts" },
  );
  const { counts } = series;
  using given = array(Float64Array.from(counts), { shape: [1, counts.length] });
  using init = start(given);
  const target = {
    dimension: 3,
    coordinates: ["growth", "turnover", "immigration"],
    names: parameters.names,
    logDensity,
    constrain: (position: Tensor) => concat([...fromCoordinates(columnsOf(position), bounds)], 1),
    initial: () => constant(init),
  };
  return metropolis(target, { ...rest, init, seed, draws, thin, warmup });
}

function designOf({ times, counts }: CountSeries): CensusDesign {
  return { times, firstCount: counts[0]!, countMax: countMaxFor(counts) };
}

/** @throws {RangeError} naming the value at fault. */
export function requireSeries({ times, counts }: CountSeries): void {
  if (times.length !== counts.length || times.length < 2) {
    throw new RangeError(`expected as many times as counts, at least 2, got ${times.length} times and ${counts.length} counts`);
  }
  const n = Array.from(counts);
  const wrong = n.findIndex((count) => !(Number.isInteger(count) && count >= 0));
  if (wrong >= 0) throw new RangeError(`counts must be integers >= 0, got ${n[wrong]} at position ${wrong}`);
  for (let l = 0; l + 1 < times.length; l++) {
    if (!(times[l + 1]! > times[l]!)) throw new RangeError(`times must increase, got ${times[l]} followed by ${times[l + 1]}`);
  }
}

/** Pairs of successive counts, each [1, intervals]. */
function transitionsOf(series: CountSeries): { before: number[][]; after: number[][]; years: number[][] } {
  requireSeries(series);
  const { times, counts } = series;
  const n = Array.from(counts);
  return { before: [n.slice(0, -1)], after: [n.slice(1)], years: [n.slice(1).map((_, l) => times[l + 1]! - times[l]!)] };
}
