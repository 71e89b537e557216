import { cos, greaterEqual, random, reciprocal, type Shape, sin, type Tensor } from "@credence/tensor";
import { type Argument, type FloatType, finite, hold, positive } from "./argument.ts";
import type { Distribution, DistributionOptions } from "./distribution.ts";
import { locationScale, scaleOnly } from "./standard.ts";
import { positiveReal, real } from "./support.ts";
import { univariateOf } from "./univariate.ts";

/** tan(pi (u - 1/2)) of a uniform u. */
function standardDraw(key: Tensor, shape: Shape, dtype: FloatType): Tensor {
  const angle = random.uniform(key, shape, { dtype }).sub(0.5).mul(Math.PI);
  return sin(angle).div(cos(angle));
}

/** Cauchy of given location and scale: density 1 / (pi scale (1 + z^2)), z = (x - location) / scale. It has neither mean nor variance. */
export function cauchy(location: Argument, scale: Argument, options: DistributionOptions = {}): Distribution {
  return univariateOf(
    {
      name: "cauchy",
      arguments: { location: hold("cauchy", "location", location, finite), scale: hold("cauchy", "scale", scale, positive) },
      support: real,
      logDensity: (x, p) => p.location.sub(x).mul(reciprocal(p.scale)).square().log1p().neg().sub(p.scale.log()).sub(Math.log(Math.PI)),
      standard: locationScale(() => cauchy(0, 1), "location", "scale"),
      draw: (key, shape, dtype, p) => standardDraw(key, shape, dtype).mul(p.scale).add(p.location),
    },
    options,
  );
}

/** |x| of a Cauchy x of location 0. It has neither mean nor variance. */
export function halfCauchy(scale: Argument, options: DistributionOptions = {}): Distribution {
  return univariateOf(
    {
      name: "halfCauchy",
      arguments: { scale: hold("halfCauchy", "scale", scale, positive) },
      support: positiveReal,
      inside: { contains: (x) => greaterEqual(x, 0), point: () => 1 },
      // log 2 - log(pi scale) - log(1 + (x / scale)^2)
      logDensity: (x, p) =>
        x
          .div(p.scale)
          .square()
          .log1p()
          .neg()
          .sub(p.scale.log())
          .sub(Math.log(Math.PI / 2)),
      standard: scaleOnly(() => halfCauchy(1), "scale"),
      draw: (key, shape, dtype, p) => standardDraw(key, shape, dtype).abs().mul(p.scale),
    },
    options,
  );
}
