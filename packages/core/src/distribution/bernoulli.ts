import { cast, equal, greater, less, logicalAnd, logicalOr, random, type Tensor, where } from "@credence/tensor";
import { type Argument, finite, hold, probability } from "./argument.ts";
import { xLog1pY, xLogY } from "./counts.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

const isBit = (x: Tensor): Tensor => logicalOr(equal(x, 0), equal(x, 1));

/** 1 with probability p, else 0. */
export function bernoulli(p: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "bernoulli",
      arguments: { p: hold("bernoulli", "p", p, probability) },
      support: { kind: "nonnegativeInteger", max: 1 },
      inside: {
        contains: (x, { p }) => logicalAnd(isBit(x), logicalAnd(logicalOr(greater(p, 0), equal(x, 0)), logicalOr(less(p, 1), equal(x, 1)))),
        // Of the certain outcomes 0 (p = 0) and 1 (p = 1) the one that has a probability.
        point: ({ p }) => where(less(p, 1), p.mul(0), 1),
      },
      // x log p + (1 - x) log(1 - p)
      logDensity: (x, { p }) => xLogY(x, p).add(xLog1pY(x.neg().add(1), p.neg())),
      draw: (key, shape, dtype, { p }) => cast(less(random.uniform(key, shape, { dtype }), p), dtype),
      mean: ({ p }) => p,
      variance: ({ p }) => p.mul(p.neg().add(1)),
    },
    options,
  );
}

/** 1 with probability sigmoid(logit), else 0: for a regression, exact far out. */
export function bernoulliLogit(logit: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "bernoulliLogit",
      arguments: { logit: hold("bernoulliLogit", "logit", logit, finite) },
      support: { kind: "nonnegativeInteger", max: 1 },
      inside: { contains: (x) => isBit(x), point: () => 0 },
      // x logit - log(1 + e^logit)
      logDensity: (x, { logit }) => x.mul(logit).sub(logit.softplus()),
      draw: (key, shape, dtype, { logit }) => cast(less(random.uniform(key, shape, { dtype }), logit.sigmoid()), dtype),
      mean: ({ logit }) => logit.sigmoid(),
      variance: ({ logit }) => logit.sigmoid().mul(logit.neg().sigmoid()),
    },
    options,
  );
}
