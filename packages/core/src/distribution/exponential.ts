import { greaterEqual, random, reciprocal } from "@credence/tensor";
import { type Argument, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Exponential of given rate: density rate e^(-rate x) for x >= 0. */
export function exponential(rate: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "exponential",
      arguments: { rate: hold("exponential", "rate", rate, positive) },
      support: positiveReal,
      inside: { contains: (x) => greaterEqual(x, 0), point: () => 1 },
      logDensity: (x, p) => p.rate.log().sub(p.rate.mul(x)),
      draw: (key, shape, dtype, p) => random.exponential(key, shape, { dtype }).div(p.rate),
      mean: (p) => reciprocal(p.rate),
      variance: (p) => reciprocal(p.rate.square()),
    },
    options,
  );
}
