import { autocovariance } from "./autocovariance.ts";
import { type ChainDraws, checkedChains, deviations, isConstant, pooled, rankNormalized, split } from "./chains.ts";
import { mean, quantileOfSorted, variance } from "./quantile.ts";

/** Which estimate the size is for. `bulk` and `tail` judge a sampler; the others price one estimate. */
export type Estimand = "bulk" | "tail" | "mean" | "sd" | { readonly quantile: number };

/**
 * S / tau over chains of n draws, with the autocorrelations pooled over chains, rho_t = 1 - (W - mean_c c_t,c n / (n - 1)) / var+, summed
 * in pairs while the pair is positive and not rising (Geyer 1992; Vehtari et al. 2021, section 3.2). NaN where every draw is the same. The
 * chains are taken as they are, neither split nor checked.
 */
export function sizeOf(chains: readonly Float64Array[]): number {
  if (isConstant(chains)) return NaN;
  const n = chains[0]!.length;
  const total = chains.length * n;
  const covariances = chains.map(autocovariance);
  const at = (lag: number) => mean(covariances.map((covariance) => covariance(lag)));
  const within = (at(0) * n) / (n - 1);
  const between = chains.length > 1 ? variance(chains.map(mean)) : 0;
  const overall = at(0) + between;
  const correlation = (lag: number) => (lag === 0 ? 1 : 1 - (within - at(lag)) / overall);

  const rho: number[] = [];
  let lag = 0;
  let even = 1;
  let odd = correlation(1);
  rho.push(even, odd);
  while (lag < n - 5 && even + odd > 0) {
    lag += 2;
    even = correlation(lag);
    odd = correlation(lag + 1);
    if (even + odd >= 0) rho.push(even, odd);
  }
  // The last even correlation counts once, if positive: an improved estimate for antithetic chains.
  const last = even > 0 ? even : (rho[lag] ?? 0);
  for (let t = 2; t <= lag - 2; t += 2) {
    const before = rho[t - 2]! + rho[t - 1]!;
    if (rho[t]! + rho[t + 1]! > before) rho[t] = rho[t + 1] = before / 2;
  }
  let tau = -1 + last;
  for (let t = 0; t < lag; t++) tau += 2 * rho[t]!;
  // Antithetic chains may be worth more than S draws, but not more than S log10 S.
  return total / Math.max(tau, 1 / Math.log10(total));
}

/** Effective sizes of the p-quantiles, from the draws that are not above them. */
const sizesOfQuantiles = (chains: readonly Float64Array[], ...levels: readonly number[]): number[] => {
  const sorted = pooled(chains).sort();
  return levels.map((p) => {
    const threshold = quantileOfSorted(sorted, p);
    return sizeOf(split(chains.map((chain) => chain.map((value) => (value <= threshold ? 1 : 0)))));
  });
};

/**
 * Effective sample size: how many independent draws would estimate as well. `bulk` uses rank-normalised draws, `tail` is the smaller of
 * those of the 5 % and 95 % quantiles (Vehtari et al. 2021). NaN where every draw is the same.
 * @param chains draws of one quantity, one array per chain, at least 4 draws each
 */
export function effectiveSampleSize(chains: ChainDraws, estimand: Estimand = "bulk"): number {
  const checked = checkedChains("effectiveSampleSize", chains);
  if (typeof estimand === "object") return sizesOfQuantiles(checked, estimand.quantile)[0]!;
  switch (estimand) {
    case "bulk":
      return sizeOf(rankNormalized(split(checked)));
    case "tail":
      return Math.min(...sizesOfQuantiles(checked, 0.05, 0.95));
    case "mean":
      return sizeOf(split(checked));
    case "sd":
      return sizeOf(split(deviations(checked)));
    default:
      throw new TypeError(`effectiveSampleSize: expected "bulk", "tail", "mean", "sd" or { quantile: p }, got ${String(estimand)}`);
  }
}
