import { arange, cast, concat, cumsum, log, sliceAxis, type Tensor, zerosLike } from "@credence/tensor";
import type { Bijector } from "./bijector.ts";

/**
 * From the simplex of K numbers to K - 1 of any size by stick breaking (Stan Reference Manual, "Unit simplex"): x_k is the share
 * sigmoid(y_k - log(K - k)) of what x_1 ... x_(k-1) left, so that y = 0 is the middle of the simplex. Derivatives are those of
 * x_1 ... x_(K-1), the coordinates of the Dirichlet density.
 */
export const simplexBijector: Bijector = {
  name: "simplex",
  eventRank: 1,
  imageShape: ([size]) => [size! - 1],
  // log x_k - log(x_(k+1) + ... + x_K) + log(K - k)
  forward(x) {
    const n = x.shape.at(-1)! - 1;
    const rest = sliceAxis(cumsum(x, -1, { reverse: true }), -1, 1, n + 1);
    return log(sliceAxis(x, -1, 0, n))
      .sub(log(rest))
      .add(logRemaining(n, x));
  },
  inverse(y) {
    const { logShare, logLeft } = broken(y);
    return concat([logShare.add(logLeft), lastLeft(y)], -1).exp();
  },
  logDerivative: (x) => simplexBijector.inverseLogDerivative(simplexBijector.forward(x)).neg(),
  // sum over k of log share_k + log(1 - share_k) + log of what was left before k
  inverseLogDerivative(y) {
    const { logShare, logRest, logLeft } = broken(y);
    return logShare.add(logRest).add(logLeft).sum(-1);
  },
};

/** log(K - k) for k = 1 ... K - 1 = n. */
const logRemaining = (n: number, like: Tensor): Tensor => log(cast(arange(n), like.dtype).neg().add(n));

/** log of the share taken, of the share that is not, and of what was left before. */
function broken(y: Tensor) {
  const shifted = y.sub(logRemaining(y.shape.at(-1)!, y));
  const logRest = shifted.softplus().neg();
  return { logShare: shifted.neg().softplus().neg(), logRest, logLeft: cumsum(logRest).sub(logRest) };
}

/** log x_K */
function lastLeft(y: Tensor): Tensor {
  const { logRest } = broken(y);
  return logRest.shape.at(-1) === 0 ? zerosLike(logRest) : logRest.sum(-1, true);
}
