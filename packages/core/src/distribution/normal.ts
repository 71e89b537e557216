import { random, reciprocal } from "@credence/tensor";
import { type Argument, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { locationScale } from "./standard.ts";
import { real } from "./support.ts";
import { univariate } from "./univariate.ts";

/** log sqrt(2 pi) */
export const logSqrtTwoPi = 0.5 * Math.log(2 * Math.PI);

/** Normal of given mean and standard deviation. */
export function normal(mean: Argument, sd: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "normal",
      arguments: { mean: hold("normal", "mean", mean, finite), sd: hold("normal", "sd", sd, positive) },
      support: real,
      // -((mean - x) / sd)^2 / 2 - log sd - log sqrt(2 pi). One division for all x of an sd, and no change of sign in the derivative to the mean.
      logDensity: (x, p) => p.mean.sub(x).mul(reciprocal(p.sd)).square().mul(-0.5).sub(p.sd.log()).sub(logSqrtTwoPi),
      standard: locationScale(() => normal(0, 1), "mean", "sd"),
      draw: (key, shape, dtype, p) => random.normal(key, shape, { dtype }).mul(p.sd).add(p.mean),
      mean: (p) => p.mean,
      variance: (p) => p.sd.square(),
    },
    options,
  );
}
