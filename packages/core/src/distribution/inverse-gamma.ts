import { broadcastTo, greater, lgamma, maximum, random, where } from "@credence/tensor";
import { type Argument, hold, positive, smallest } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** 1 / x of a gamma x of given shape and rate `scale`. The mean is infinite up to shape 1, the variance up to 2. */
export function inverseGamma(shape: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "inverseGamma",
      arguments: { shape: hold("inverseGamma", "shape", shape, positive), scale: hold("inverseGamma", "scale", scale, positive) },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // shape log scale - log Gamma(shape) - (shape + 1) log x - scale / x
      logDensity: (x, p) => p.shape.mul(p.scale.log()).sub(lgamma(p.shape)).sub(p.shape.add(1).mul(x.log())).sub(p.scale.div(x)),
      draw: (key, extents, dtype, p) => p.scale.div(maximum(random.gamma(key, broadcastTo(p.shape, extents)), smallest[dtype])),
      mean: (p) => where(greater(p.shape, 1), p.scale.div(p.shape.sub(1)), Infinity),
      variance: (p) => where(greater(p.shape, 2), p.scale.square().div(p.shape.sub(1).square().mul(p.shape.sub(2))), Infinity),
    },
    options,
  );
}
