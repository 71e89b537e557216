import {
  all,
  arange,
  broadcastTo,
  cast,
  clamp,
  diagonal,
  greater,
  index,
  lgamma,
  log,
  random,
  sliceAxis,
  type Tensor,
  where,
} from "@credence/tensor";
import { type Argument, asFloat, belowOne, commonType, floatType, hold, hostConstant, positive } from "./argument.ts";
import { correlationBijector } from "./bijector/correlation.ts";
import type { Distribution, DistributionOptions } from "./distribution.ts";
import { logGammaDraw } from "./log-gamma-draw.ts";

/**
 * Cholesky factor L [K, K] of a random correlation matrix R = L L^T whose density is proportional to det(R)^(concentration - 1) (Lewandowski, Kurowicka
 * and Joe 2009): concentration 1 is uniform over correlation matrices, larger ones favour weak correlation. The density is that of L below its
 * diagonal.
 */
export function lkjCholesky(size: number, concentration: Argument, options: DistributionOptions = {}): Distribution {
  if (!(Number.isInteger(size) && size >= 2)) throw new RangeError(`lkjCholesky: size must be an integer >= 2, got ${size}`);
  const held = hold("lkjCholesky", "concentration", concentration, positive);
  if (held.shape.length > 0) throw new RangeError(`lkjCholesky: concentration must be a number, got shape [${held.shape.join(", ")}]`);
  const dtype = commonType("lkjCholesky", [held], options.dtype);
  const count = (size * (size - 1)) / 2;
  const map = correlationBijector(size);
  // sum over i = 2 ... K of (K - i + 2 concentration - 2) log L_ii - log c
  const density = (l: Tensor): Tensor => {
    const type = floatType(l);
    const eta = held.at(type);
    const power = cast(arange(size - 1), type)
      .neg()
      .add(size - 4)
      .add(eta.mul(2));
    const logs = log(sliceAxis(diagonal(l), -1, 1, size));
    return power.mul(logs).sum(-1).sub(logNormalization(size, eta));
  };
  return {
    name: "lkjCholesky",
    batchShape: [],
    eventShape: [size, size],
    dtype,
    support: { kind: "correlationCholesky", size },
    // Partial correlations of column j (from 0) are 2 b - 1, b of Beta(a, a), a = concentration + (K - 2 - j) / 2.
    sample(key, sampleShape = [], type = dtype) {
      const columns = Array.from({ length: size }, (_, i) => Array.from({ length: i }, (_, j) => (size - 2 - j) / 2)).flat();
      const keys = random.split(key, 2);
      const a = broadcastTo(held.at(type).add(hostConstant(Float64Array.from(columns), [count], type)), [...sampleShape, count]);
      // atanh(2 b - 1) is half the log odds of b.
      const halfLogOdds = logGammaDraw(index(keys, 0), a)
        .sub(logGammaDraw(index(keys, 1), a))
        .mul(0.5);
      const far = -Math.log(belowOne[type]) / 2;
      return map.inverse(clamp(halfLogOdds, -far, far));
    },
    logProb(given) {
      const l = asFloat("lkjCholesky", given, dtype);
      if (l.shape.at(-1) !== size || l.shape.at(-2) !== size)
        throw new RangeError(`lkjCholesky: the last axes must hold [${size}, ${size}] numbers, got shape [${l.shape.join(", ")}]`);
      const inside = all(greater(diagonal(l), 0), -1);
      return where(inside, density(where(inside.expandDims(-1).expandDims(-1), l, 1)), -Infinity);
    },
    logProbInside: (given) => density(asFloat("lkjCholesky", given, dtype)),
  };
}

/** log c = sum over k = 1 ... K - 1 of (K - k) ((2 (concentration - 1) + K - k) log 2 + log B(a_k, a_k)), a_k = concentration + (K - k - 1) / 2. */
function logNormalization(size: number, eta: Tensor): Tensor {
  const terms = Array.from({ length: size - 1 }, (_, i) => {
    const rest = size - 1 - i;
    const a = eta.add((rest - 1) / 2);
    return eta
      .sub(1)
      .mul(2)
      .add(rest)
      .mul(Math.LN2)
      .add(lgamma(a).mul(2))
      .sub(lgamma(a.mul(2)))
      .mul(rest);
  });
  return terms.reduce((total, term) => total.add(term));
}
