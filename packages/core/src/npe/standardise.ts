import {
  abs,
  add,
  all,
  cast,
  concat,
  div,
  equal,
  floor,
  log1p,
  maximum,
  mul,
  sign,
  sort,
  sqrt,
  square,
  type Tensor,
  takeAlong,
  transpose,
  where,
} from "@credence/tensor";
import type { Embedding } from "./embedding.ts";

/** Location and scale of each column (f64). */
export type Scale<T = Tensor> = { readonly mean: T; readonly sd: T };

/** How a feature of observations is brought to order 1 (f64, a number for each feature): see {@link scaled}. */
export type FeatureScale<T = Tensor> = Scale<T> & { readonly median: T; readonly width: T };

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

/** Interquartile range of a standard normal. */
const normalInterquartileRange = 1.3489795003921634;

/** Widths from the median at which {@link scaled} goes over from linear to logarithmic. */
const linearWidths = 3;

/** Scales of arranged observations. The width is that of the middle half of the values, or the sd where these are all the same. */
export function featureScaleOf(x: Tensor): FeatureScale {
  const features = x.shape.at(-1)!;
  // NaN sorts last.
  const [sorted] = sort(transpose(x.reshape([x.size / features, features])), 1);
  const count = cast(equal(sorted, sorted), "i32").sum(1);
  const quantile = (share: number): Tensor => {
    const at = maximum(cast(floor(cast(count.sub(1), "f64").mul(share)), "i32"), 0);
    const value = takeAlong(sorted, at.expandDims(1), 1).squeeze(1);
    return where(count.greater(0), value, 0);
  };
  const range = quantile(0.75).sub(quantile(0.25));
  const spread = range.greater(0);
  const rough = { median: quantile(0.5), width: where(spread, div(range, normalInterquartileRange), scaleOf(x).sd) };
  return { ...rough, ...scaleOf(logarithmicFar(x, rough)) };
}

/** u = k asinh((x - median) / (k width)), k = 3: a few far values do not decide the scale of all, and none reaches the network as large. */
function logarithmicFar(x: Tensor, { median, width }: Pick<FeatureScale, "median" | "width">): Tensor {
  const v = x.sub(median).div(width.mul(linearWidths));
  const size = abs(v);
  // asinh |v| = log(1 + |v| + v^2 / (1 + sqrt(1 + v^2))), exact near 0.
  const asinh = log1p(add(size, div(square(size), add(sqrt(add(square(size), 1)), 1))));
  return mul(mul(sign(v), asinh), linearWidths);
}

/** Arranged observations, each feature with mean 0 and sd 1 and its far values drawn in. */
const scaled = (x: Tensor, scale: FeatureScale): Tensor => logarithmicFar(x, scale).sub(scale.mean).div(scale.sd);

/** Standardises arranged observations (f64). `missing` says whether the network was made for missing values. */
export function inputsOf(x: Tensor, scale: FeatureScale, missing: boolean): Inputs {
  const present = equal(x, x);
  const standard = scaled(x, scale);
  if (!missing) return { x: cast(standard, "f32") };
  const filled = cast(where(present, standard, 0), "f32");
  if (x.rank === 2) return { x: concat([filled, cast(present, "f32")], 1) };
  const whole = cast(all(present, 2), "f32");
  return { x: filled.mul(whole.expandDims(2)), mask: whole };
}
