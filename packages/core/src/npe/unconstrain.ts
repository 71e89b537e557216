import { abs, clamp, constant, type DType, erf, erfinv, exp, log, maximum, type Tensor, where } from "@credence/tensor";
import type { Bounds } from "../distribution/parameters.ts";

/** A share of an interval this close to an end counts as this far from it, so that a draw on the end itself stays finite. */
const shareMin = 1e-12;

/** Distance from a single bound, relative to 1 or to the bound, below which a value counts as this far from it. */
const distanceMin = 1e-30;

/**
 * theta [n, D] -> z [n, D] in R^D and log |det dz/dtheta| [n], column by column:
 * both bounds finite: theta = low + (high - low) Phi(z), with Phi the standard normal distribution function, so that a uniform prior
 * becomes a standard normal; one bound: z = log of the distance from it; none: z = theta. f64.
 */
export function toUnconstrained(theta: Tensor, bounds: readonly Bounds[]): readonly [Tensor, Tensor] {
  const c = columns(bounds);
  const share = clamp(theta.sub(c.low).div(c.width), shareMin, 1 - shareMin);
  const probit = erfinv(share.mul(2).sub(1)).mul(Math.SQRT2);
  const logDistance = log(maximum(abs(theta.sub(c.origin)), distanceMin));
  const z = where(c.isInterval, probit, where(c.isHalfLine, logDistance.mul(c.direction), theta));
  return [z, logDerivative(z, bounds)];
}

/** z [n, D] -> theta [n, D], inside the support, its ends included. f64. */
export function fromUnconstrained(z: Tensor, bounds: readonly Bounds[]): Tensor {
  const c = columns(bounds, z.dtype);
  const interval = clamp(erf(z.div(Math.SQRT2)).add(1).mul(0.5), 0, 1)
    .mul(c.width)
    .add(c.low);
  const halfLine = exp(z.mul(c.direction)).mul(c.direction).add(c.origin);
  return where(c.isInterval, interval, where(c.isHalfLine, halfLine, z));
}

/** log |det dz/dtheta| at z, [n, D] -> [n]. */
export function logDerivative(z: Tensor, bounds: readonly Bounds[]): Tensor {
  const c = columns(bounds, z.dtype);
  const interval = z.square().mul(0.5).add(c.logNormalization);
  // direction z is the log of the distance d from the bound, and |dz/dtheta| = 1 / d.
  const halfLine = z.mul(c.direction).neg();
  return where(c.isInterval, interval, where(c.isHalfLine, halfLine, 0)).sum(1);
}

/** Constants of each column; where a kind does not apply, values that keep the unused branch finite. */
function columns(bounds: readonly Bounds[], dtype: DType = "f64") {
  const isInterval = bounds.map(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  const isHalfLine = bounds.map(({ low, high }) => Number.isFinite(low) !== Number.isFinite(high));
  const pick = (value: (bound: Bounds) => number, applies: readonly boolean[], otherwise: number) =>
    constant(
      bounds.map((bound, d) => (applies[d] ? value(bound) : otherwise)),
      dtype,
    );
  return {
    isInterval: constant(isInterval, "bool"),
    isHalfLine: constant(isHalfLine, "bool"),
    low: pick(({ low }) => low, isInterval, 0),
    width: pick(({ low, high }) => high - low, isInterval, 1),
    /** -log(high - low) + log(2 pi) / 2. */
    logNormalization: pick(({ low, high }) => 0.5 * Math.log(2 * Math.PI) - Math.log(high - low), isInterval, 0),
    origin: pick(({ low, high }) => (Number.isFinite(low) ? low : high), isHalfLine, 0),
    /** 1 above a lower bound; -1 below an upper one, which keeps z increasing in theta. */
    direction: pick(({ low }) => (Number.isFinite(low) ? 1 : -1), isHalfLine, 1),
  };
}
