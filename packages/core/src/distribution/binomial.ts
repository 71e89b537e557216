import { broadcastTo, equal, greater, less, lessEqual, lgamma, logicalAnd, logicalOr, random, where } from "@credence/tensor";
import { type Argument, count, hold, probability } from "./argument.ts";
import { isCount, xLog1pY, xLogY } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

/** Number of successes in n trials of probability p. Counts are held in a float type. */
export function binomial(n: Argument, p: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "binomial",
      arguments: { n: hold("binomial", "n", n, count), p: hold("binomial", "p", p, probability) },
      support: { kind: "nonnegativeInteger", max: n },
      inside: {
        contains: (x, { n, p }) =>
          logicalAnd(
            logicalAnd(isCount(x), lessEqual(x, n)),
            logicalAnd(logicalOr(greater(p, 0), equal(x, 0)), logicalOr(less(p, 1), equal(x, n))),
          ),
        // Of the certain outcomes 0 (p = 0) and n (p = 1) the one that has a probability.
        point: ({ n, p }) => where(less(p, 1), n.mul(0), n),
      },
      // log n! - log x! - log (n - x)! + x log p + (n - x) log(1 - p)
      logDensity(x, { n, p }) {
        const failures = n.sub(x);
        const ways = lgamma(n.add(1))
          .sub(lgamma(x.add(1)))
          .sub(lgamma(failures.add(1)));
        return ways.add(xLogY(x, p)).add(xLog1pY(failures, p.neg()));
      },
      draw: (key, shape, _, { n, p }) => random.binomial(key, broadcastTo(n, shape), broadcastTo(p, shape)),
      mean: ({ n, p }) => n.mul(p),
      variance: ({ n, p }) => n.mul(p).mul(p.neg().add(1)),
    },
    options,
  );
}
