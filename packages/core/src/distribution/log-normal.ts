import { expm1, greater, random, reciprocal } from "@credence/tensor";
import { type Argument, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { logSqrtTwoPi, normal } from "./normal.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Log-normal: log x is normal of mean `mu` and standard deviation `sigma`. */
export function logNormal(mu: Argument, sigma: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "logNormal",
      arguments: { mu: hold("logNormal", "mu", mu, finite), sigma: hold("logNormal", "sigma", sigma, positive) },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // -((log x - mu) / sigma)^2 / 2 - log x - log sigma - log sqrt(2 pi)
      logDensity(x, p) {
        const logX = x.log();
        return p.mu.sub(logX).mul(reciprocal(p.sigma)).square().mul(-0.5).sub(logX).sub(p.sigma.log()).sub(logSqrtTwoPi);
      },
      standard: {
        base: () => normal(0, 1),
        forward: (z, p) => z.mul(p.sigma).add(p.mu).exp(),
        inverse: (x, p) => x.log().sub(p.mu).div(p.sigma),
      },
      draw: (key, shape, dtype, p) => random.normal(key, shape, { dtype }).mul(p.sigma).add(p.mu).exp(),
      mean: (p) => p.mu.add(p.sigma.square().mul(0.5)).exp(),
      variance: (p) => expm1(p.sigma.square()).mul(p.mu.mul(2).add(p.sigma.square()).exp()),
    },
    options,
  );
}
