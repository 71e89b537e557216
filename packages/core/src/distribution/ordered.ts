import {
  all,
  any,
  cast,
  greater,
  lgamma,
  logicalNot,
  random,
  sliceAxis,
  sort,
  type Tensor,
  type TensorLike,
  where,
  whileLoop,
} from "@credence/tensor";
import { asFloat } from "./argument.ts";
import type { Distribution } from "./distribution.ts";

/** Draws that do not come in order after as many tries are NaN. */
const triesMax = 10_000;

/**
 * Increasing vectors. With `size`, that many draws of `distribution` in order: K! times the product of their densities. Without it, the elements of a
 * batch [K], each with its own density, held to their order: the product of the densities up to a constant, which is not known.
 * @throws RangeError for a distribution that is neither of all numbers nor of the positive ones
 */
export function ordered(distribution: Distribution, size?: number): Distribution {
  const { batchShape, eventShape, support, name, dtype } = distribution;
  if (eventShape.length > 0 || batchShape.length !== (size === undefined ? 1 : 0))
    throw new RangeError(
      `ordered: expected ${size === undefined ? "a batch [K] of numbers, or a number and how many" : "the distribution of one number"}, got ${name} of shape [${[...batchShape, ...eventShape].join(", ")}]`,
    );
  const count = size ?? batchShape[0]!;
  if (!(Number.isInteger(count) && count >= 2)) throw new RangeError(`ordered: expected 2 numbers or more, got ${count}`);
  if (support.kind !== "real" && support.kind !== "positive")
    throw new RangeError(`ordered: ${name} must be a distribution of all numbers or of the positive ones, its support is ${support.kind}`);
  const rises = (x: Tensor): Tensor => all(greater(sliceAxis(x, -1, 1, count), sliceAxis(x, -1, 0, count - 1)), -1, true);
  const density = (x: Tensor, logProb: (x: TensorLike) => Tensor): Tensor => {
    const product = logProb(x).sum(-1);
    return size === undefined ? product : product.add(lgamma(product.mul(0).add(count + 1)));
  };
  const value = (given: TensorLike): Tensor => {
    const x = asFloat("ordered", given, dtype);
    if (x.shape.at(-1) !== count)
      throw new RangeError(`ordered: the last axis must hold ${count} numbers, got shape [${x.shape.join(", ")}]`);
    return x;
  };
  return {
    name: `ordered ${name}`,
    batchShape: [],
    eventShape: [count],
    dtype,
    support: { kind: "ordered", size: count, positive: support.kind === "positive" },
    ...(distribution.improper && { improper: true }),
    sample(key, sampleShape = [], type = dtype) {
      if (size !== undefined) return sort(distribution.sample(key, [...sampleShape, count], type))[0];
      // Rejection: rows that are not in order are drawn again.
      const draw = (i: number | Tensor) => distribution.sample(random.fold(key, i), sampleShape, type);
      type State = readonly [x: Tensor, turn: Tensor];
      const [x] = whileLoop<State>(
        ([x]) => any(logicalNot(rises(x))),
        ([x, turn]) => [where(rises(x), x, draw(turn)), turn.add(1)],
        [draw(0), cast(1, "i32")],
        { maxIterations: triesMax },
      );
      return where(rises(x), x, NaN);
    },
    logProb(given) {
      const x = value(given);
      return where(rises(x).squeeze(-1), density(x, distribution.logProb), -Infinity);
    },
    logProbInside: (given) => density(value(given), distribution.logProbInside ?? distribution.logProb),
  };
}
