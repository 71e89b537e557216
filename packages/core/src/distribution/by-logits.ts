import {
  arange,
  cast,
  equal,
  expandDims,
  floor,
  greaterEqual,
  less,
  logicalAnd,
  logSumExp,
  random,
  type Shape,
  softmax,
  type Tensor,
  where,
} from "@credence/tensor";
import { asFloat, type FloatType, floatType } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { WithMoments } from "./distribution.ts";

/** Categories with probability proportional to the exponential of logits [..., K]. */
export function byLogits(name: string, shape: Shape, dtype: FloatType, logitsAt: (dtype: FloatType) => Tensor): WithMoments {
  const size = shape.at(-1)!;
  const batchShape = shape.slice(0, -1);
  const density = (x: Tensor): Tensor => {
    const logits = logitsAt(floatType(x));
    const chosen = equal(expandDims(x, -1), cast(arange(size), x.dtype));
    return where(chosen, logits, 0).sum(-1).sub(logSumExp(logits, -1));
  };
  const average = (f: (k: Tensor) => Tensor): Tensor =>
    softmax(logitsAt(dtype), -1)
      .mul(f(cast(arange(size), dtype)))
      .sum(-1);
  return {
    name,
    batchShape,
    eventShape: [],
    dtype,
    support: { kind: "nonnegativeInteger", max: size - 1 },
    sample: (key, sampleShape = [], type = dtype) =>
      cast(random.categorical(key, logitsAt(type), { shape: [...sampleShape, ...batchShape] }), type),
    logProb(given) {
      const x = asFloat(name, given, dtype);
      const inside = logicalAnd(equal(floor(x), x), logicalAnd(greaterEqual(x, 0), less(x, size)));
      return where(inside, density(where(inside, x, 0)), -Infinity).broadcastTo(broadcastShapes(name, x.shape, batchShape));
    },
    logProbInside: (given) => {
      const x = asFloat(name, given, dtype);
      return density(x).broadcastTo(broadcastShapes(name, x.shape, batchShape));
    },
    mean: () => average((k) => k),
    variance: () => average((k) => k.square()).sub(average((k) => k).square()),
  };
}
