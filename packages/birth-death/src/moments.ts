import type { Rates } from "./model.ts";

/*
 * Moments of the linear birth-death process with immigration (n -> n+1 at rate λ n + ν, n -> n-1 at rate μ n), from its
 * generating function: Bailey, The Elements of Stochastic Processes, 1964, section 8.7. Rates per year, times in years.
 */

/** φ(r, t) = (e^{rt} - 1) / r in years, and its limit t at r = 0. */
export function growthIntegral(growthRate: number, years: number): number {
  return growthRate === 0 ? years : Math.expm1(growthRate * years) / growthRate;
}

/** E[N(t) | N(0) = i] = i E + ν φ, with E = e^{(λ-μ)t}. */
export function mean(initialCount: number, years: number, rates: Rates): number {
  const growthRate = rates.birthRate - rates.deathRate;
  return initialCount * Math.exp(growthRate * years) + rates.immigrationRate * growthIntegral(growthRate, years);
}

/** Var[N(t) | N(0) = i] = i (λ+μ) E φ + ν φ (1 + λ φ). */
export function variance(initialCount: number, years: number, rates: Rates): number {
  const { birthRate, deathRate, immigrationRate } = rates;
  const growthRate = birthRate - deathRate;
  const phi = growthIntegral(growthRate, years);
  return initialCount * (birthRate + deathRate) * Math.exp(growthRate * years) * phi + immigrationRate * phi * (1 + birthRate * phi);
}

/** Cov[N(s), N(t) | N(0) = i] = e^{(λ-μ)(t-s)} Var N(s) for s <= t; symmetric in s and t. */
export function covariance(initialCount: number, s: number, t: number, rates: Rates): number {
  const earlier = Math.min(s, t);
  const lag = Math.abs(t - s);
  return Math.exp((rates.birthRate - rates.deathRate) * lag) * variance(initialCount, earlier, rates);
}

/** The law that a population settles to where deaths outpace births. */
export interface Stationary {
  /** ν / (μ-λ), individuals. */
  readonly mean: number;
  /** Variance over mean: μ / (μ-λ). */
  readonly fano: number;
  /** Correlation of counts a lag apart: e^{-(μ-λ)|lag|}. */
  autocorrelation(years: number): number;
  /** log P(N = n): negative binomial of size ν/λ and probability 1 - λ/μ, or Poisson of mean ν/μ where λ = 0. */
  logProbability(count: number): number;
}

/**
 * Stationary distribution of the counts.
 *
 * @throws {RangeError} unless birthRate < deathRate: without that the population has no stationary law.
 */
export function stationary(rates: Rates): Stationary {
  const { birthRate, deathRate, immigrationRate } = rates;
  if (!(birthRate < deathRate)) {
    throw new RangeError(
      `a stationary law needs birthRate < deathRate, got ${birthRate} and ${deathRate}; use mean() and variance() at a time`,
    );
  }
  const decayRate = deathRate - birthRate;
  const size = immigrationRate / birthRate;
  const ratio = birthRate / deathRate;
  return {
    mean: immigrationRate / decayRate,
    fano: deathRate / decayRate,
    autocorrelation: (years) => Math.exp(-decayRate * Math.abs(years)),
    logProbability(count) {
      if (!Number.isInteger(count) || count < 0) return -Infinity;
      if (immigrationRate === 0) return count === 0 ? 0 : -Infinity;
      // The product form Π (ν + λk) / (μ (k+1)) holds for both laws and needs no log-gamma.
      let logTerm = birthRate === 0 ? -immigrationRate / deathRate : size * Math.log1p(-ratio);
      for (let k = 0; k < count; k++) logTerm += Math.log((immigrationRate + birthRate * k) / (deathRate * (k + 1)));
      return logTerm;
    },
  };
}
