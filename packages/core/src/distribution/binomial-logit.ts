import { broadcastTo, lessEqual, lgamma, logicalAnd, random } from "@credence/tensor";
import { type Argument, count, finite, hold } from "./argument.ts";
import { isCount } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

/** Number of successes in n trials of probability sigmoid(logit): for a regression, exact far out. */
export function binomialLogit(n: Argument, logit: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "binomialLogit",
      arguments: { n: hold("binomialLogit", "n", n, count), logit: hold("binomialLogit", "logit", logit, finite) },
      support: { kind: "nonnegativeInteger", max: n },
      inside: { contains: (x, { n }) => logicalAnd(isCount(x), lessEqual(x, n)), point: () => 0 },
      // log n! - log x! - log (n - x)! + x logit - n log(1 + e^logit)
      logDensity(x, { n, logit }) {
        const ways = lgamma(n.add(1))
          .sub(lgamma(x.add(1)))
          .sub(lgamma(n.sub(x).add(1)));
        return ways.add(x.mul(logit)).sub(n.mul(logit.softplus()));
      },
      draw: (key, shape, _, { n, logit }) => random.binomial(key, broadcastTo(n, shape), broadcastTo(logit.sigmoid(), shape)),
      mean: ({ n, logit }) => n.mul(logit.sigmoid()),
      variance: ({ n, logit }) => n.mul(logit.sigmoid()).mul(logit.neg().sigmoid()),
    },
    options,
  );
}
