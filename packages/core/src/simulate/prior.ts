import type { Tensor } from "@credence/tensor";

/** What simulation and posterior estimation ask of a prior over named parameters; `parameters(...)` makes one. */
export interface Prior {
  readonly names: readonly string[];
  readonly dimension: number;
  /** Support of each parameter, in the order of `names`; infinite where unbounded. */
  readonly bounds: readonly { readonly low: number; readonly high: number }[];
  /** Whether a parameter is drawn but not inferred, in the order of `names`. */
  readonly nuisance: readonly boolean[];
  /** Independent draws, [...sampleShape, dimension]. Traced. */
  sample(key: Tensor, sampleShape: readonly number[]): Tensor;
}
