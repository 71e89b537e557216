import { clamp, erf, erfinv, maximum, type Tensor, where } from "@credence/tensor";
import { logSqrtTwoPi } from "./normal.ts";

/** Below this the distribution function is taken from its continued fraction: 1 + erf has lost 3 of its 16 digits there. */
const tail = -2.5;
/** Levels of the fraction; its error at -2.5 is about e^(-2 2.5 sqrt(2 n)) < 1e-16. */
const levels = 30;

/** (1 - Phi(t)) / phi(t) for t >= 2.5: 1 / (t + 1 / (t + 2 / (t + 3 / ...))) (Laplace 1805). */
function millsRatio(t: Tensor): Tensor {
  let denominator = t;
  for (let level = levels; level >= 1; level--) denominator = t.mul(0).add(level).div(denominator).add(t);
  return t.mul(0).add(1).div(denominator);
}

const logDensity = (x: Tensor): Tensor => x.square().mul(-0.5).sub(logSqrtTwoPi);

/** log Phi(x), the standard normal distribution function, to a few ulp as far down as x^2 can be held. */
export function logNormalCdf(x: Tensor): Tensor {
  const near = erf(maximum(x, tail).mul(Math.SQRT1_2)).add(1).mul(0.5).log();
  const low = clamp(x, -Infinity, tail);
  return where(x.greater(tail), near, logDensity(low).add(millsRatio(low.neg()).log()));
}

/** x with log Phi(x) = l < 0: a start from the centre or the tail, then Newton's steps on log Phi, whose slope is phi / Phi. */
export function normalQuantileOfLog(l: Tensor): Tensor {
  const central = erfinv(maximum(l, -10).exp().mul(2).sub(1)).mul(Math.SQRT2);
  let x = where(l.greater(-10), central, l.mul(-2).sqrt().neg());
  for (let step = 0; step < 4; step++) {
    const at = logNormalCdf(x);
    x = where(l.greater(-1), x, x.sub(at.sub(l).mul(at.sub(logDensity(x)).exp())));
  }
  return x;
}
