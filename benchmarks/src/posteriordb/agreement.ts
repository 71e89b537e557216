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
export function compare(ours: ChainSummary, reference: ChainDraws): Comparison {
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
