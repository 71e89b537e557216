/**
 * A generalised Pareto distribution of excesses x >= 0, F(x) = 1 - (1 + k x / sigma)^(-1/k): heavy-tailed for shape k > 0, bounded for k <
 * 0.
 */
export interface GeneralizedPareto {
  /** k; Infinity where it could not be estimated. */
  readonly shape: number;
  /** sigma */
  readonly scale: number;
}

/**
 * Fits shape and scale to ascending excesses x > 0 by the nearly Bayesian estimate of Zhang and Stephens (2009): the mean of theta = -k /
 * sigma over a grid, weighted by its profile likelihood. The shape is then drawn towards 1/2 by a prior worth 10 excesses (Vehtari et al.
 * 2024, appendix C).
 */
export function fitGeneralizedPareto(x: Float64Array): GeneralizedPareto {
  const n = x.length;
  const points = 30 + Math.floor(Math.sqrt(n));
  const quartile = x[Math.floor(n / 4 + 0.5) - 1]!;
  const theta = Float64Array.from(
    { length: points },
    (_, j) => 1 / x[n - 1]! + (1 - Math.sqrt(points / (j + 0.5))) / (3 * quartile), // 3 quartiles: the scale of the prior of theta
  );
  const profile = theta.map((t) => {
    const k = meanLog(x, t);
    return n * (Math.log(-t / k) - k - 1);
  });
  const largest = Math.max(...profile);
  let total = 0;
  let weighted = 0;
  for (let j = 0; j < points; j++) {
    const weight = Math.exp(profile[j]! - largest);
    total += weight;
    weighted += weight * theta[j]!;
  }
  const best = weighted / total;
  const raw = meanLog(x, best);
  const shape = (raw * n + 0.5 * 10) / (n + 10);
  return { shape: Number.isNaN(shape) ? Infinity : shape, scale: -raw / best };
}

/** Mean of log(1 - theta x): the most likely shape where -k / sigma is theta. */
function meanLog(x: Float64Array, theta: number): number {
  let total = 0;
  for (const value of x) total += Math.log1p(-theta * value);
  return total / x.length;
}

/** The p-quantile, 0 <= p < 1. */
export const generalizedParetoQuantile = (p: number, { shape, scale }: GeneralizedPareto): number =>
  shape === 0 ? -scale * Math.log1p(-p) : (scale * Math.expm1(-shape * Math.log1p(-p))) / shape;
