import { broadcastTo, equal, greater, lgamma, logicalAnd, logicalOr, random } from "@credence/tensor";
import { type Argument, hold, nonnegative } from "./argument.ts";
import { isCount, xLogY } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

/** Poisson counts of given rate >= 0; rate 0 is the count 0 for certain. Counts are held in a float type. */
export function poisson(rate: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "poisson",
      arguments: { rate: hold("poisson", "rate", rate, nonnegative) },
      support: { kind: "nonnegativeInteger" },
      inside: { contains: (x, p) => logicalAnd(isCount(x), logicalOr(greater(p.rate, 0), equal(x, 0))), point: () => 0 },
      // x log rate - rate - log x!
      logDensity: (x, p) =>
        xLogY(x, p.rate)
          .sub(p.rate)
          .sub(lgamma(x.add(1))),
      draw: (key, shape, _, p) => random.poisson(key, broadcastTo(p.rate, shape)),
      mean: (p) => p.rate,
      variance: (p) => p.rate,
    },
    options,
  );
}
