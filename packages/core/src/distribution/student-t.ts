import {
  broadcastTo,
  full,
  greater,
  greaterEqual,
  index,
  lgamma,
  log1p,
  random,
  reciprocal,
  type Shape,
  type Tensor,
  where,
} from "@credence/tensor";
import { type Argument, type FloatType, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { locationScale, scaleOnly } from "./standard.ts";
import { positiveReal, real } from "./support.ts";
import { univariate } from "./univariate.ts";

/** log Gamma((df + 1) / 2) - log Gamma(df / 2) - log sqrt(pi df) - log scale - (df + 1) / 2 log(1 + z^2 / df) */
const logDensity = (z: Tensor, df: Tensor, scale: Tensor): Tensor =>
  lgamma(df.add(1).mul(0.5))
    .sub(lgamma(df.mul(0.5)))
    .sub(df.mul(Math.PI).log().mul(0.5))
    .sub(scale.log())
    .sub(
      df
        .add(1)
        .mul(0.5)
        .mul(log1p(z.square().mul(reciprocal(df)))),
    );

/** A normal divided by sqrt(chi-square / df). */
function standardDraw(key: Tensor, shape: Shape, dtype: FloatType, df: Tensor): Tensor {
  const keys = random.split(key, 2);
  const chiSquareHalf = random.gamma(index(keys, 0), broadcastTo(df.mul(0.5), shape));
  return random.normal(index(keys, 1), shape, { dtype }).mul(df.mul(0.5).div(chiSquareHalf).sqrt());
}

/** Student's t of `df` > 0 degrees of freedom, location and scale. The mean is NaN up to df = 1, the variance infinite up to 2. */
export function studentT(df: Argument, location: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  return univariate(
    {
      name: "studentT",
      arguments: {
        df: hold("studentT", "df", df, positive),
        location: hold("studentT", "location", location, finite),
        scale: hold("studentT", "scale", scale, positive),
      },
      support: real,
      logDensity: (x, p) => logDensity(p.location.sub(x).mul(reciprocal(p.scale)), p.df, p.scale),
      standard: locationScale(() => studentT(df, 0, 1), "location", "scale"),
      draw: (key, shape, dtype, p) => standardDraw(key, shape, dtype, p.df).mul(p.scale).add(p.location),
      mean: (p) => where(greater(p.df, 1), p.location, NaN),
      variance: (p) =>
        where(greater(p.df, 2), p.scale.square().mul(p.df).div(p.df.sub(2)), where(greater(p.df, 1), full([], Infinity, p.df.dtype), NaN)),
    },
    options,
  );
}

/** |x| of a Student's t of location 0. The mean is infinite up to df = 1, the variance up to 2. */
export function halfStudentT(df: Argument, scale: Argument, options: DistributionOptions = {}): WithMoments {
  /** 2 scale sqrt(df / pi) Gamma((df + 1) / 2) / (Gamma(df / 2) (df - 1)) */
  const centre = (p: { df: Tensor; scale: Tensor }): Tensor =>
    lgamma(p.df.add(1).mul(0.5))
      .sub(lgamma(p.df.mul(0.5)))
      .exp()
      .mul(p.df.div(Math.PI).sqrt())
      .mul(p.scale.mul(2))
      .div(p.df.sub(1));
  return univariate(
    {
      name: "halfStudentT",
      arguments: { df: hold("halfStudentT", "df", df, positive), scale: hold("halfStudentT", "scale", scale, positive) },
      support: positiveReal,
      inside: { contains: (x) => greaterEqual(x, 0), point: () => 1 },
      logDensity: (x, p) => logDensity(x.mul(reciprocal(p.scale)), p.df, p.scale).add(Math.LN2),
      standard: scaleOnly(() => halfStudentT(df, 1), "scale"),
      draw: (key, shape, dtype, p) => standardDraw(key, shape, dtype, p.df).abs().mul(p.scale),
      mean: (p) => where(greater(p.df, 1), centre(p), Infinity),
      variance: (p) => where(greater(p.df, 2), p.scale.square().mul(p.df).div(p.df.sub(2)).sub(centre(p).square()), Infinity),
    },
    options,
  );
}
