import type { Argument } from "./argument.ts";

/** Where a distribution has mass. Bounds of an interval are included. */
export type Support =
  | { readonly kind: "real" }
  | { readonly kind: "positive" }
  | { readonly kind: "interval"; readonly low: Argument; readonly high: Argument }
  | { readonly kind: "nonnegativeInteger"; readonly max?: Argument }
  | { readonly kind: "realVector"; readonly size: number }
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
