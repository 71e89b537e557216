import { broadcastTo, greater, lgamma, maximum, random, where } from "@credence/tensor";
import { type Argument, hold, positive, smallest } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { positiveReal } from "./support.ts";
import { univariate } from "./univariate.ts";

/** Chi-square of `df` > 0 degrees of freedom: gamma(df / 2, 1 / 2). */
export function chiSquare(df: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "chiSquare",
      arguments: { df: hold("chiSquare", "df", df, positive) },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // (df / 2 - 1) log x - x / 2 - df / 2 log 2 - log Gamma(df / 2)
      logDensity(x, p) {
        const half = p.df.mul(0.5);
        return half.sub(1).mul(x.log()).sub(x.mul(0.5)).sub(half.mul(Math.LN2)).sub(lgamma(half));
      },
      draw: (key, extents, dtype, p) => maximum(random.gamma(key, broadcastTo(p.df.mul(0.5), extents)).mul(2), smallest[dtype]),
      mean: (p) => p.df,
      variance: (p) => p.df.mul(2),
    },
    options,
  );
}

/**
 * Scaled inverse chi-square: df scale^2 / x of a chi-square x of `df` degrees of freedom, the conjugate prior of a normal variance.
 * The mean is infinite up to df = 2, the variance up to 4.
 */
export function scaledInverseChiSquare(df: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "scaledInverseChiSquare",
      arguments: {
        df: hold("scaledInverseChiSquare", "df", df, positive),
        scale: hold("scaledInverseChiSquare", "scale", scale, positive),
      },
      support: positiveReal,
      inside: { contains: (x) => greater(x, 0), point: () => 1 },
      // h log(h scale^2) - log Gamma(h) - (h + 1) log x - h scale^2 / x, h = df / 2
      logDensity(x, p) {
        const half = p.df.mul(0.5);
        const beta = half.mul(p.scale.square());
        return half.mul(beta.log()).sub(lgamma(half)).sub(half.add(1).mul(x.log())).sub(beta.div(x));
      },
      draw(key, extents, dtype, p) {
        const half = p.df.mul(0.5);
        return half.mul(p.scale.square()).div(maximum(random.gamma(key, broadcastTo(half, extents)), smallest[dtype]));
      },
      mean: (p) => where(greater(p.df, 2), p.df.mul(p.scale.square()).div(p.df.sub(2)), Infinity),
      variance(p) {
        const mean = p.df.mul(p.scale.square()).div(p.df.sub(2));
        return where(greater(p.df, 4), mean.square().mul(2).div(p.df.sub(4)), Infinity);
      },
    },
    options,
  );
}
