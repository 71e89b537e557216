import { broadcastTo, lgamma, random } from "@credence/tensor";
import { type Argument, finite, hold } from "./argument.ts";
import { isCount } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

/** Poisson counts of rate e^logRate: for a regression. */
export function poissonLog(logRate: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "poissonLog",
      arguments: { logRate: hold("poissonLog", "logRate", logRate, finite) },
      support: { kind: "nonnegativeInteger" },
      inside: { contains: (x) => isCount(x), point: () => 0 },
      // x log rate - rate - log x!
      logDensity: (x, { logRate }) =>
        x
          .mul(logRate)
          .sub(logRate.exp())
          .sub(lgamma(x.add(1))),
      draw: (key, shape, _, { logRate }) => random.poisson(key, broadcastTo(logRate.exp(), shape)),
      mean: ({ logRate }) => logRate.exp(),
      variance: ({ logRate }) => logRate.exp(),
    },
    options,
  );
}
