import type { NdArray } from "@credence/tensor";

/**
 * Mean and variance of a new observation at each of N places, with the variance in two parts. All f64 [N], in units of y and y^2.
 * variance = aleatoric + epistemic = E[Var(y | theta)] + Var(E[y | theta]), the law of total variance.
 */
export interface PredictiveMoments {
  readonly mean: NdArray;
  readonly variance: NdArray;
  /** Noise: what would remain if the parameters were known. */
  readonly aleatoric: NdArray;
  /** Doubt about the parameters: what more data would remove. */
  readonly epistemic: NdArray;
}
