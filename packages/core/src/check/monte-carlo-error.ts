import { betaQuantile } from "./beta-function.ts";
import { type ChainDraws, checkedChains, deviations, pooled } from "./chains.ts";
import { effectiveSampleSize } from "./effective-sample-size.ts";
import { mean, variance } from "./quantile.ts";

/** Distribution function of a standard normal at -1 and 1: the quantiles that stand one sd from the median. */
const oneSd = [0.1586553, 0.8413447] as const;

/**
 * Monte Carlo standard error of the mean, the standard deviation or a quantile, with the effective sample size of that very estimate
 * (Vehtari et al. 2021, section 4). The error of a quantile is half the distance of the order statistics that bracket it with one sd of probability.
 * @param chains draws of one quantity, one array per chain, at least 4 draws each
 */
export function monteCarloError(chains: ChainDraws, estimand: "mean" | "sd" | { readonly quantile: number } = "mean"): number {
  const checked = checkedChains("monteCarloError", chains);
  const all = pooled(checked);
  if (estimand === "mean") return Math.sqrt(variance(all) / effectiveSampleSize(checked, "mean"));
  if (estimand === "sd") {
    // Delta method: Var(sd) = Var(s^2) / (4 s^2), from the fourth moment.
    const squares = deviations(checked).map((chain) => chain.map((distance) => distance ** 2));
    const second = mean(pooled(squares));
    const fourth = mean(pooled(squares).map((square) => square ** 2));
    return Math.sqrt((fourth - second ** 2) / (4 * second * effectiveSampleSize(squares, "mean")));
  }
  if (typeof estimand !== "object")
    throw new TypeError(`monteCarloError: expected "mean", "sd" or { quantile: p }, got ${String(estimand)}`);
  const p = estimand.quantile;
  const size = effectiveSampleSize(checked, estimand);
  if (Number.isNaN(size)) return NaN;
  const sorted = all.sort();
  const [low, high] = oneSd.map((level) => betaQuantile(level, size * p + 1, size * (1 - p) + 1)) as [number, number];
  const below = sorted[Math.max(Math.floor(low * sorted.length), 1) - 1]!;
  const above = sorted[Math.min(Math.ceil(high * sorted.length), sorted.length) - 1]!;
  return (above - below) / 2;
}
