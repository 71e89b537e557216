import { broadcastTo, greater, lgamma, maximum, random } from "@credence/tensor";
import { type Argument, hold, positive, smallest } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Gamma of given shape and rate (inverse scale): mean shape / rate. Draws too small for their type become its smallest normal number. */
export function gamma(shape: Argument, rate: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "gamma",
      arguments: { shape: hold("gamma", "shape", shape, positive), rate: hold("gamma", "rate", rate, positive) },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // shape log rate - log Gamma(shape) + (shape - 1) log x - rate x
      logDensity: (x, p) => p.shape.mul(p.rate.log()).sub(lgamma(p.shape)).add(p.shape.sub(1).mul(x.log())).sub(p.rate.mul(x)),
      draw: (key, extents, dtype, p) => maximum(random.gamma(key, broadcastTo(p.shape, extents)).div(p.rate), smallest[dtype]),
      mean: (p) => p.shape.div(p.rate),
      variance: (p) => p.shape.div(p.rate.square()),
    },
    options,
  );
}
