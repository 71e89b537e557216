import { broadcastTo, clamp, greater, index, less, lgamma, log1p, logicalAnd, random } from "@credence/tensor";
import { type Argument, belowOne, hold, positive, smallest } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { logGammaDraw } from "./log-gamma-draw.ts";
import { univariate } from "./univariate.ts";

/** Beta on (0, 1): density proportional to x^(a - 1) (1 - x)^(b - 1). Draws that would round to 0 or 1 become the nearest numbers inside. */
export function beta(a: Argument, b: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "beta",
      arguments: { a: hold("beta", "a", a, positive), b: hold("beta", "b", b, positive) },
      support: { kind: "interval", low: 0, high: 1 },
      inside: { contains: (x) => logicalAnd(greater(x, 0), less(x, 1)), point: () => 0.5 },
      // (a - 1) log x + (b - 1) log(1 - x) - log B(a, b)
      logDensity: (x, p) =>
        p.a
          .sub(1)
          .mul(x.log())
          .add(p.b.sub(1).mul(log1p(x.neg())))
          .sub(lgamma(p.a))
          .sub(lgamma(p.b))
          .add(lgamma(p.a.add(p.b))),
      draw: (key, shape, dtype, p) => {
        const keys = random.split(key, 2);
        const logOdds = logGammaDraw(index(keys, 0), broadcastTo(p.a, shape)).sub(logGammaDraw(index(keys, 1), broadcastTo(p.b, shape)));
        return clamp(logOdds.sigmoid(), smallest[dtype], 1 - belowOne[dtype]);
      },
      mean: (p) => p.a.div(p.a.add(p.b)),
      variance(p) {
        const total = p.a.add(p.b);
        return p.a.mul(p.b).div(total.square().mul(total.add(1)));
      },
    },
    options,
  );
}
