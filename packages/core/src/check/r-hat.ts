import { type ChainDraws, checkedChains, folded, isConstant, rankNormalized, split } from "./chains.ts";
import { mean, variance } from "./quantile.ts";

/** sqrt(((N - 1) W / N + B / N) / W): between-chain variance B, within-chain variance W, N draws a chain (Gelman and Rubin 1992). */
function potentialScaleReduction(chains: readonly Float64Array[]): number {
  const n = chains[0]!.length;
  const between = n * variance(chains.map(mean));
  const within = mean(chains.map(variance));
  return Math.sqrt((between / within + n - 1) / n);
}

/**
 * Rank-normalised split R-hat: the larger of that of the draws and that of their distances from the median (Vehtari et al. 2021).
 * Below 1.01 the chains agree. NaN where every draw is the same.
 * @param chains draws of one quantity, one array per chain, at least 4 draws each
 */
export function rHat(chains: ChainDraws): number {
  const halves = split(checkedChains("rHat", chains));
  if (isConstant(halves)) return NaN;
  const distances = folded(halves);
  const location = potentialScaleReduction(rankNormalized(halves));
  // Two values at one distance from the median, as a fair coin gives: no scale to compare.
  return isConstant(distances) ? location : Math.max(location, potentialScaleReduction(rankNormalized(distances)));
}

/** Split R-hat without rank normalisation (Gelman et al. 2013): meaningless where the mean or variance is infinite. */
export function rHatBasic(chains: ChainDraws): number {
  const halves = split(checkedChains("rHatBasic", chains));
  return isConstant(halves) ? NaN : potentialScaleReduction(halves);
}
