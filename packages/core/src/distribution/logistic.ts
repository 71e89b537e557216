import { clamp, log, log1p, random, reciprocal } from "@credence/tensor";
import { type Argument, belowOne, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { locationScale } from "./standard.ts";
import { real } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Logistic: distribution function sigmoid(z), z = (x - location) / scale. */
export function logistic(location: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "logistic",
      arguments: { location: hold("logistic", "location", location, finite), scale: hold("logistic", "scale", scale, positive) },
      support: real,
      // log sigmoid(z) + log sigmoid(-z) - log scale
      logDensity(x, p) {
        const z = x.sub(p.location).mul(reciprocal(p.scale));
        return z.softplus().add(z.neg().softplus()).neg().sub(p.scale.log());
      },
      standard: locationScale(() => logistic(0, 1), "location", "scale"),
      draw(key, shape, dtype, p) {
        const u = clamp(random.uniform(key, shape, { dtype }), belowOne[dtype], 1 - belowOne[dtype]);
        return log(u).sub(log1p(u.neg())).mul(p.scale).add(p.location);
      },
      mean: (p) => p.location,
      variance: (p) => p.scale.square().mul(Math.PI ** 2 / 3),
    },
    options,
  );
}
