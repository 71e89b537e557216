import { clamp, log, log1p, type Tensor } from "@credence/tensor";
import { type Argument, belowOne, finite, floatType, hold } from "../argument.ts";
import { requireOrder } from "../uniform.ts";
import type { Bijector } from "./bijector.ts";

/**
 * y = log(p / (1 - p)), p = (x - low) / (high - low), from the interval to all numbers. p is held inside [e, 1 - e], e = 2^-24 (f32) or 2^-53 (f64):
 * a draw that lies on a bound stays finite, |y| <= 16.7 or 36.8.
 */
export function logitBijector(low: Argument, high: Argument): Bijector {
  const a = hold("logitBijector", "low", low, finite);
  const b = hold("logitBijector", "high", high, finite);
  requireOrder("logitBijector", a.values, b.values);
  const width = (x: Tensor): Tensor => b.at(floatType(x)).sub(a.at(floatType(x)));
  const fraction = (x: Tensor): Tensor => {
    const epsilon = belowOne[floatType(x)];
    return clamp(x.sub(a.at(floatType(x))).div(width(x)), epsilon, 1 - epsilon);
  };
  return {
    name: "logit",
    eventRank: 0,
    forward(x) {
      const p = fraction(x);
      return log(p).sub(log1p(p.neg()));
    },
    inverse: (y) =>
      y
        .sigmoid()
        .mul(width(y))
        .add(a.at(floatType(y))),
    // -log(p (1 - p) (high - low))
    logDerivative(x) {
      const p = fraction(x);
      return log(p)
        .add(log1p(p.neg()))
        .add(log(width(x)))
        .neg();
    },
    // log(sigmoid(y) sigmoid(-y) (high - low))
    inverseLogDerivative: (y) => log(width(y)).sub(y.softplus()).sub(y.neg().softplus()),
  };
}
