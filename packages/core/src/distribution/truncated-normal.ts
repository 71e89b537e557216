import { exp, expm1, greaterEqual, lessEqual, log, log1p, logicalAnd, random, type Tensor, where } from "@credence/tensor";
import { type Argument, finite, hold, positive } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { logSqrtTwoPi } from "./normal.ts";
import { logNormalCdf, normalQuantileOfLog } from "./normal-cdf.ts";
import { positiveReal, type Support } from "./support.ts";
import { requireOrder } from "./uniform.ts";
import { univariate } from "./univariate.ts";

export interface Truncation {
  readonly low?: Argument;
  readonly high?: Argument;
}

/** A normal of given mean and sd (before truncation) held between `low` and `high`, either of which may be absent; right far in the tails too. */
export function truncatedNormal(mean: Argument, sd: Argument, { low, high }: Truncation, options: DistributionOptions = {}): WithMoments {
  const [hasLow, hasHigh] = [low !== undefined, high !== undefined];
  if (!hasLow && !hasHigh) throw new RangeError("truncatedNormal: expected low, high or both, got neither; use normal(mean, sd)");
  const held = {
    mean: hold("truncatedNormal", "mean", mean, finite),
    sd: hold("truncatedNormal", "sd", sd, positive),
    // A bound that is absent is not looked at.
    low: hold("truncatedNormal", "low", low ?? 0, finite),
    high: hold("truncatedNormal", "high", high ?? 0, finite),
  };
  if (hasLow && hasHigh) requireOrder("truncatedNormal", held.low.values, held.high.values);
  type Values = Readonly<Record<keyof typeof held, Tensor>>;
  const standardised = (p: Values) => ({ a: p.low.sub(p.mean).div(p.sd), b: p.high.sub(p.mean).div(p.sd) });

  /**
   * Mass between the bounds, seen from the side where the lower tail is the smaller one, as log Phi(top) + log(1 - ratio) with ratio =
   * Phi(bottom) / Phi(top). `mirrored` tells that x was exchanged for -x.
   */
  const mass = (p: Values) => {
    const { a, b } = standardised(p);
    if (!hasLow) return { mirrored: false as const, logTop: logNormalCdf(b), logRatio: undefined };
    if (!hasHigh) return { mirrored: true as const, logTop: logNormalCdf(a.neg()), logRatio: undefined };
    const mirrored = a.greater(0);
    const logTop = logNormalCdf(where(mirrored, a.neg(), b));
    return { mirrored, logTop, logRatio: logNormalCdf(where(mirrored, b.neg(), a)).sub(logTop) };
  };
  const logMass = (p: Values): Tensor => {
    const { logTop, logRatio } = mass(p);
    return logRatio ? logTop.add(log(expm1(logRatio).neg())) : logTop;
  };
  /** (phi(a) - phi(b)) / mass and (a phi(a) - b phi(b)) / mass */
  const hazards = (p: Values) => {
    const { a, b } = standardised(p);
    const whole = logMass(p);
    const hazard = (z: Tensor, bounded: boolean) => exp(z.square().mul(-0.5).sub(logSqrtTwoPi).sub(whole)).mul(Number(bounded));
    const [ha, hb] = [hazard(a, hasLow), hazard(b, hasHigh)];
    return { first: ha.sub(hb), second: a.mul(ha).sub(b.mul(hb)) };
  };
  return univariate(
    {
      name: "truncatedNormal",
      arguments: held,
      support: supportOf(low, high),
      inside: {
        contains(x, p) {
          if (!hasLow) return lessEqual(x, p.high);
          const above = greaterEqual(x, p.low);
          return hasHigh ? logicalAnd(above, lessEqual(x, p.high)) : above;
        },
        point: (p) => (hasLow ? p.low : p.high),
      },
      // -z^2 / 2 - log sd - log sqrt(2 pi) - log mass
      logDensity: (x, p) => x.sub(p.mean).div(p.sd).square().mul(-0.5).sub(p.sd.log()).sub(logSqrtTwoPi).sub(logMass(p)),
      draw(key, shape, dtype, p) {
        const { mirrored, logTop, logRatio } = mass(p);
        // The quantile at a share of the mass, between Phi(bottom) and Phi(top); never at a share of 0.
        const share = random.uniform(key, shape, { dtype }).neg().add(1);
        const z = normalQuantileOfLog(logTop.add(logRatio ? log1p(share.sub(1).mul(expm1(logRatio).neg())) : log(share)));
        return where(mirrored, z.neg(), z).mul(p.sd).add(p.mean);
      },
      mean: (p) => p.mean.add(p.sd.mul(hazards(p).first)),
      variance(p) {
        const { first, second } = hazards(p);
        return p.sd.square().mul(second.sub(first.square()).add(1));
      },
    },
    options,
  );
}

function supportOf(low: Argument | undefined, high: Argument | undefined): Support {
  if (low === undefined) return { kind: "below", high: high! };
  if (high !== undefined) return { kind: "interval", low, high };
  return low === 0 ? positiveReal : { kind: "above", low };
}
