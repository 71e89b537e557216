import { type ChainDraws, type ChainSummary, monteCarloError } from "@credence/core";

/** The bars of a run against its reference. */
export const bars = {
  rHatMax: 1.01,
  /** A mean agrees within this many combined Monte Carlo standard errors ... */
  combinedErrors: 4,
  /** ... or within this share of the reference's standard deviation. */
  shareOfSd: 0.05,
  /** Relative difference of a standard deviation. */
  sdMax: 0.07,
} as const;

/**
 * Quantities of a model whose posterior has no variance, so that there is no standard deviation to agree in; their logarithms have one, and are
 * compared instead. `one_comp_mm_elim_abs`: as K_m and V_m grow at one ratio, the elimination becomes linear and the likelihood constant; two priors that fall as the
 * square leave a density of K_m that falls as its third power.
 */
export const comparedByLogarithms: Readonly<Record<string, readonly string[]>> = { one_comp_mm_elim_abs: ["K_m", "V_m"] };

/** How one quantity compares with its reference. */
export interface Comparison {
  readonly name: string;
  /** |difference of means| in combined Monte Carlo standard errors, and in standard deviations of the reference. */
  readonly meanInErrors: number;
  readonly meanInSds: number;
  /** |sd / reference sd - 1| */
  readonly sdDifference: number;
  readonly agrees: boolean;
}

/** Compares a summary of ours with the reference draws of the same quantity. */
export function compare(ours: Pick<ChainSummary, "name" | "mean" | "sd" | "mcseMean">, reference: ChainDraws): Comparison {
  const all = reference.flatMap((chain) => Array.from(chain));
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const sd = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
  const difference = Math.abs(ours.mean - mean);
  const meanInErrors = difference / Math.hypot(ours.mcseMean, monteCarloError(reference, "mean"));
  const meanInSds = difference / sd;
  const sdDifference = Math.abs(ours.sd / sd - 1);
  const agrees = (meanInErrors <= bars.combinedErrors || meanInSds <= bars.shareOfSd) && sdDifference <= bars.sdMax;
  return { name: ours.name, meanInErrors, meanInSds, sdDifference, agrees };
}
