import { greater, lgamma, log, maximum, random, type Tensor } from "@credence/tensor";
import { type Argument, hold, positive, smallest } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Gamma(1 + order / shape) */
const momentOf = (shape: Tensor, order: number): Tensor => lgamma(shape.mul(0).add(order).div(shape).add(1)).exp();

/** Weibull of given shape and scale: P(X > x) = e^(-(x / scale)^shape). */
export function weibull(shape: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "weibull",
      arguments: { shape: hold("weibull", "shape", shape, positive), scale: hold("weibull", "scale", scale, positive) },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // log shape - log scale + (shape - 1) log z - z^shape, z = x / scale
      logDensity(x, p) {
        const logZ = log(x).sub(p.scale.log());
        return p.shape.log().sub(p.scale.log()).add(p.shape.sub(1).mul(logZ)).sub(p.shape.mul(logZ).exp());
      },
      draw: (key, extents, dtype, p) =>
        maximum(random.exponential(key, extents, { dtype }), smallest[dtype])
          .log()
          .div(p.shape)
          .exp()
          .mul(p.scale),
      mean: (p) => p.scale.mul(momentOf(p.shape, 1)),
      variance: (p) => p.scale.square().mul(momentOf(p.shape, 2).sub(momentOf(p.shape, 1).square())),
    },
    options,
  );
}
