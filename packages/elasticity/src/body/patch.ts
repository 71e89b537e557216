import { constant, type Tensor } from "@credence/tensor";

/** A curved square or cube: the image of the unit one. Everything is traced, in the type of its argument. */
export interface Patch {
  readonly dimension: 2 | 3;
  /** Area or volume. */
  readonly size: number;
  /** Points [n, d] of the body at coordinates [n, d] in the unit cube. */
  place(at: Tensor): Tensor;
  /** The inverse of `place`; some coordinate lies outside [0, 1] for a point outside the patch. */
  locate(points: Tensor): Tensor;
}

/** An upright rectangle or box between two opposite corners. */
export function boxPatch(lower: readonly number[], upper: readonly number[]): Patch {
  const extent = upper.map((u, k) => u - lower[k]!);
  return {
    dimension: lower.length as 2 | 3,
    size: extent.reduce((a, b) => a * b, 1),
    place: (at) => at.mul(constant(extent, at.dtype)).add(constant(lower, at.dtype)),
    locate: (points) => points.sub(constant(lower, points.dtype)).div(constant(extent, points.dtype)),
  };
}
