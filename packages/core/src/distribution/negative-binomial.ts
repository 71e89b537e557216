import { broadcastTo, equal, index, less, lgamma, logicalAnd, logicalOr, random } from "@credence/tensor";
import { type Argument, type Domain, hold, positive } from "./argument.ts";
import { isCount, xLog1pY } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

const positiveProbability: Domain = { expected: "in (0, 1]", contains: (value) => value > 0 && value <= 1 };

/**
 * Failures before the `size`-th success, each trial succeeding with probability `prob`; `size` > 0 need not be an integer.
 * Mean size (1 - prob) / prob. A Poisson count whose rate is gamma(size, prob / (1 - prob)).
 */
export function negativeBinomial(size: Argument, prob: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "negativeBinomial",
      arguments: {
        size: hold("negativeBinomial", "size", size, positive),
        prob: hold("negativeBinomial", "prob", prob, positiveProbability),
      },
      support: { kind: "nonnegativeInteger" },
      inside: { contains: (x, { prob }) => logicalAnd(isCount(x), logicalOr(less(prob, 1), equal(x, 0))), point: () => 0 },
      // log Gamma(x + size) - log Gamma(size) - log x! + size log prob + x log(1 - prob)
      logDensity(x, { size, prob }) {
        const ways = lgamma(x.add(size))
          .sub(lgamma(size))
          .sub(lgamma(x.add(1)));
        return ways.add(size.mul(prob.log())).add(xLog1pY(x, prob.neg()));
      },
      draw(key, shape, _, { size, prob }) {
        const keys = random.split(key, 2);
        const odds = prob.neg().add(1).div(prob);
        return random.poisson(index(keys, 1), random.gamma(index(keys, 0), broadcastTo(size, shape)).mul(odds));
      },
      mean: ({ size, prob }) => size.mul(prob.neg().add(1)).div(prob),
      variance: ({ size, prob }) => size.mul(prob.neg().add(1)).div(prob.square()),
    },
    options,
  );
}
