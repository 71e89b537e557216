import { greaterEqual, random } from "@credence/tensor";
import { type Argument, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { logSqrtTwoPi } from "./normal.ts";
import { scaleOnly } from "./standard.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** |x| of a normal x of mean 0 and standard deviation `sd`. */
export function halfNormal(sd: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "halfNormal",
      arguments: { sd: hold("halfNormal", "sd", sd, positive) },
      support: positiveReal,
      inside: { contains: (x) => greaterEqual(x, 0), point: () => 1 },
      // log 2 - (x / sd)^2 / 2 - log sd - log sqrt(2 pi)
      logDensity: (x, p) =>
        x
          .div(p.sd)
          .square()
          .mul(-0.5)
          .sub(p.sd.log())
          .sub(logSqrtTwoPi - Math.LN2),
      standard: scaleOnly(() => halfNormal(1), "sd"),
      draw: (key, shape, dtype, p) => random.normal(key, shape, { dtype }).abs().mul(p.sd),
      mean: (p) => p.sd.mul(Math.sqrt(2 / Math.PI)),
      variance: (p) => p.sd.square().mul(1 - 2 / Math.PI),
    },
    options,
  );
}
