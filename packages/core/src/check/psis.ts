import { fitGeneralizedPareto, generalizedParetoQuantile } from "./generalized-pareto.ts";

export interface Psis {
  /** Smoothed log weights, normalised: their exponentials sum to 1. */
  readonly logWeights: Float64Array;
  /**
   * Shape of the generalised Pareto distribution of the largest ratios. Below {@link kHatThreshold} estimates with these weights can be
   * trusted. Infinity where there are too few draws to tell (fewer than 25 independent ones); -Infinity where the largest ratios are all
   * the same, so that there is no tail to fear.
   */
  readonly kHat: number;
}

export interface PsisOptions {
  /**
   * Effective sample size over sample size, of the draws that the ratios are taken at: see `relativeEfficiency`. 1, independent draws, if
   * absent.
   */
  readonly relativeEfficiency?: number;
}

/**
 * Log ratios this near to each other differ by the rounding of log densities in the thousands, and by nothing that an estimate could feel.
 */
const rounding = 1e-10;

/**
 * Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao and Gabry 2024): the ceil(min(S / 5, 3 sqrt(S / relativeEfficiency)))
 * largest of S ratios are replaced by the expected order statistics of the generalised Pareto distribution fitted to them, none above the
 * largest ratio.
 * @param logRatios log p(x_s) - log q(x_s) of S draws from q, each up to one constant; -Infinity is no weight
 * @throws RangeError for ratios that are NaN, +Infinity or all -Infinity
 */
export function psis(logRatios: ArrayLike<number>, options: PsisOptions = {}): Psis {
  const { relativeEfficiency = 1 } = options;
  const count = logRatios.length;
  if (count === 0) throw new RangeError("psis: expected at least one log ratio, got none");
  if (!(relativeEfficiency > 0)) throw new RangeError(`psis: relativeEfficiency must be > 0, got ${relativeEfficiency}`);
  const log = Float64Array.from(logRatios);
  const bad = log.findIndex((value) => Number.isNaN(value) || value === Infinity);
  if (bad >= 0) throw new RangeError(`psis: log ratios must be numbers below Infinity, got ${log[bad]} at draw ${bad}`);
  let largest = -Infinity;
  for (const value of log) largest = Math.max(largest, value);
  if (largest === -Infinity)
    throw new RangeError(`psis: all ${count} log ratios are -Infinity: no draw lies where the target has mass; draw from a wider q`);
  for (let s = 0; s < count; s++) log[s]! -= largest;
  const kHat = smoothTail(log, Math.ceil(Math.min(0.2 * count, 3 * Math.sqrt(count / relativeEfficiency))));
  normalise(log);
  return { logWeights: log, kHat };
}

/**
 * Above this k-hat, S draws are too few for the weighted estimates: min(1 - 1 / log10(S), 0.7) (Vehtari et al. 2024). 0.7 from S = 2,155
 * on.
 * @param count S, draws
 */
export const kHatThreshold = (count: number): number => Math.min(1 - 1 / Math.log10(count), 0.7);

/** Smooths the `tail` largest log ratios, at most 0, in place. Gives k-hat. */
function smoothTail(log: Float64Array, tail: number): number {
  if (tail < 5) return Infinity;
  const count = log.length;
  const sorted = log.slice().sort();
  const cutoff = sorted[count - tail - 1]!;
  if (-sorted[count - tail]! < rounding) return -Infinity;
  const atCutoff = Math.exp(cutoff);
  const fit = fitGeneralizedPareto(sorted.subarray(count - tail).map((value) => Math.exp(value) - atCutoff));
  if (!Number.isFinite(fit.shape)) return Infinity;
  tailDraws(log, sorted, tail).forEach((s, i) => {
    log[s] = Math.min(0, Math.log(generalizedParetoQuantile((i + 0.5) / tail, fit) + atCutoff));
  });
  return fit.shape;
}

/** Places of the `tail` largest values, ascending; of values equal to the smallest of them the later ones. */
function tailDraws(log: Float64Array, sorted: Float64Array, tail: number): Uint32Array {
  const least = sorted[sorted.length - tail]!;
  let equal = 0;
  for (let i = sorted.length - tail; i < sorted.length && sorted[i] === least; i++) equal++;
  const draws: number[] = [];
  for (let s = log.length - 1; s >= 0; s--) if (log[s]! > least || (log[s] === least && equal-- > 0)) draws.push(s);
  return Uint32Array.from(draws).sort((a, b) => log[a]! - log[b]! || a - b);
}

function normalise(log: Float64Array): void {
  const largest = log.reduce((most, value) => Math.max(most, value), -Infinity);
  const total = log.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  const shift = largest + Math.log(total);
  for (let s = 0; s < log.length; s++) log[s]! -= shift;
}
