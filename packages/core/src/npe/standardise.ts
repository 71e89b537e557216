import { all, cast, concat, equal, maximum, sqrt, type Tensor, where } from "@credence/tensor";
import type { Embedding } from "./embedding.ts";

/** Location and scale of each feature (f64). */
export type Scale = { readonly mean: Tensor; readonly sd: Tensor };

/** What the network sees of observations: x [n, ...] and, for elements of which some are absent, the mask [n, elements]. f32. */
export type Inputs = { readonly x: Tensor; readonly mask?: Tensor };

/** [n, features], or [n, elements, features]. */
export function arrange(x: Tensor, layout: Embedding["layout"]): Tensor {
  const [n, ...row] = x.shape as [number, ...number[]];
  const size = row.reduce((product, extent) => product * extent, 1);
  if (layout === "features") return x.reshape([n, size]);
  return row.length === 1 ? x.reshape([n, size, 1]) : x;
}

/** Mean and standard deviation of the values that are there; sd 1 for a feature that never changes. */
export function scaleOf(x: Tensor): Scale {
  const axes = x.rank === 2 ? [0] : [0, 1];
  const present = equal(x, x);
  const count = maximum(cast(present, x.dtype).sum(axes), 1);
  const mean = where(present, x, 0).sum(axes).div(count);
  const variance = where(present, x.sub(mean).square(), 0).sum(axes).div(count);
  // Rounding leaves a constant feature a variance of the square of its last bit.
  const varies = variance.greater(mean.square().mul(1e-14));
  return { mean, sd: where(varies, sqrt(where(varies, variance, 1)), 1) };
}

/** Standardises arranged observations (f64). `missing` says whether the network was made for missing values. */
export function inputsOf(x: Tensor, scale: Scale, missing: boolean): Inputs {
  const present = equal(x, x);
  const standard = x.sub(scale.mean).div(scale.sd);
  if (!missing) return { x: cast(standard, "f32") };
  const filled = cast(where(present, standard, 0), "f32");
  if (x.rank === 2) return { x: concat([filled, cast(present, "f32")], 1) };
  const whole = cast(all(present, 2), "f32");
  return { x: filled.mul(whole.expandDims(2)), mask: whole };
}
