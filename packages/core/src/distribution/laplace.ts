import { abs, index, random, reciprocal } from "@credence/tensor";
import { type Argument, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { locationScale } from "./standard.ts";
import { real } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Laplace (double exponential): density e^(-|x - location| / scale) / (2 scale). */
export function laplace(location: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "laplace",
      arguments: { location: hold("laplace", "location", location, finite), scale: hold("laplace", "scale", scale, positive) },
      support: real,
      logDensity: (x, p) => abs(x.sub(p.location)).mul(reciprocal(p.scale)).neg().sub(p.scale.log()).sub(Math.LN2),
      standard: locationScale(() => laplace(0, 1), "location", "scale"),
      // The difference of two exponentials.
      draw(key, shape, dtype, p) {
        const keys = random.split(key, 2);
        const [up, down] = [0, 1].map((i) => random.exponential(index(keys, i), shape, { dtype })) as [typeof key, typeof key];
        return up.sub(down).mul(p.scale).add(p.location);
      },
      mean: (p) => p.location,
      variance: (p) => p.scale.square().mul(2),
    },
    options,
  );
}
