import { type Argument, commonType, type Domain, hold } from "./argument.ts";
import { byLogits } from "./by-logits.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";

const logWeight: Domain = { expected: "a number below Infinity", contains: (value) => value < Infinity };

/**
 * One of the categories 0 ... K - 1, with probability softmax(logits): the logits need not be normalised. Categories are held in a float type.
 * @param logits [K] or [..., K]
 */
export function categorical(logits: Argument, options: DistributionOptions = {}): WithMoments {
  const held = hold("categorical", "logits", logits, logWeight);
  const dtype = commonType("categorical", [held], options.dtype);
  if (held.shape.length === 0) throw new RangeError("categorical: logits must be a vector [K], got a number");
  return byLogits("categorical", held.shape, dtype, (type) => held.at(type));
}
