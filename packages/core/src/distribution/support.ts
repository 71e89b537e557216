import type { Argument } from "./argument.ts";

/** Where a distribution has mass. Bounds of an interval are included, those of a half-line are not. */
export type Support =
  | { readonly kind: "real" }
  | { readonly kind: "positive" }
  | { readonly kind: "above"; readonly low: Argument }
  | { readonly kind: "below"; readonly high: Argument }
  | { readonly kind: "interval"; readonly low: Argument; readonly high: Argument }
  | { readonly kind: "nonnegativeInteger"; readonly max?: Argument }
  | { readonly kind: "realVector"; readonly size: number }
  /** Vectors of `size` numbers >= 0 that add up to 1. */
  | { readonly kind: "simplex"; readonly size: number }
  /** Vectors of `size` numbers, each larger than the one before it; all > 0 if `positive`. */
  | { readonly kind: "ordered"; readonly size: number; readonly positive: boolean }
  /** Lower triangular factors [size, size] of correlation matrices: rows of length 1, diagonal > 0. */
  | { readonly kind: "correlationCholesky"; readonly size: number }
  /** `rank` batch axes of `of` make one event. */
  | { readonly kind: "independent"; readonly rank: number; readonly of: Support }
  /** One vector, the parts side by side. */
  | { readonly kind: "joint"; readonly parts: readonly JointPart[] };

export interface JointPart {
  readonly name: string;
  /** Numbers that it takes in the vector. */
  readonly size: number;
  readonly support: Support;
}

export const real: Support = { kind: "real" };
export const positiveReal: Support = { kind: "positive" };
