import {
  abs,
  all,
  broadcastTo,
  greater,
  lessEqual,
  lgamma,
  logicalAnd,
  softmax,
  type Tensor,
  type TensorLike,
  where,
} from "@credence/tensor";
import { type Argument, asFloat, commonType, floatType, hold, positive } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { logGammaDraw } from "./log-gamma-draw.ts";

/** How far from 1 the sum of K shares may round. */
const sumTolerance = { f32: 1e-5, f64: 1e-10 } as const;

/**
 * Dirichlet over K shares that add up to 1: density proportional to the product of x_k^(a_k - 1), in the coordinates x_1 ... x_(K-1).
 * @param concentration a, [K] or [..., K], K >= 2; `[1, 1, 1]` is uniform on the simplex
 */
export function dirichlet(concentration: Argument, options: DistributionOptions = {}): WithMoments {
  const held = hold("dirichlet", "concentration", concentration, positive);
  const size = held.shape.at(-1) ?? 0;
  if (size < 2)
    throw new RangeError(`dirichlet: concentration must be a vector of 2 or more numbers, got shape [${held.shape.join(", ")}]`);
  const batchShape = held.shape.slice(0, -1);
  const dtype = commonType("dirichlet", [held], options.dtype);
  // sum (a - 1) log x - sum log Gamma(a) + log Gamma(sum a)
  const density = (x: Tensor): Tensor => {
    const a = held.at(floatType(x));
    return a
      .sub(1)
      .mul(x.log())
      .sum(-1)
      .sub(lgamma(a).sum(-1))
      .add(lgamma(a.sum(-1)));
  };
  const value = (given: TensorLike): Tensor => {
    const x = asFloat("dirichlet", given, dtype);
    if (x.shape.at(-1) !== size)
      throw new RangeError(`dirichlet: the last axis must hold ${size} numbers, got shape [${x.shape.join(", ")}]`);
    return broadcastTo(x, [...broadcastShapes("dirichlet", x.shape.slice(0, -1), batchShape), size]);
  };
  return {
    name: "dirichlet",
    batchShape,
    eventShape: [size],
    dtype,
    support: { kind: "simplex", size },
    // Gamma draws by their logarithms, divided by their sum.
    sample: (key, sampleShape = [], type = dtype) =>
      softmax(logGammaDraw(key, broadcastTo(held.at(type), [...sampleShape, ...held.shape])), -1),
    logProb(given) {
      const x = value(given);
      const inside = logicalAnd(all(greater(x, 0), -1), lessEqual(abs(x.sum(-1).sub(1)), sumTolerance[floatType(x)]));
      return where(inside, density(where(inside.expandDims(-1), x, 1 / size)), -Infinity);
    },
    logProbInside: (given) => density(value(given)),
    mean: () => held.at(dtype).div(held.at(dtype).sum(-1, true)),
    variance() {
      const total = held.at(dtype).sum(-1, true);
      const share = held.at(dtype).div(total);
      return share.mul(share.neg().add(1)).div(total.add(1));
    },
  };
}
