import type { Tensor } from "@credence/tensor";
import { type Argument, finite, floatType, hold } from "../argument.ts";
import type { Bijector } from "./bijector.ts";

/** y = log(x - low), from the numbers above `low` to all. */
export const aboveBijector = (low: Argument): Bijector => halfLine("above", low, 1);

/** y = log(high - x), from the numbers below `high` to all. */
export const belowBijector = (high: Argument): Bijector => halfLine("below", high, -1);

/** y = log(direction (x - bound)) */
function halfLine(name: string, bound: Argument, direction: 1 | -1): Bijector {
  const held = hold(`${name}Bijector`, direction === 1 ? "low" : "high", bound, finite);
  const distance = (x: Tensor): Tensor => x.sub(held.at(floatType(x))).mul(direction);
  return {
    name,
    eventRank: 0,
    forward: (x) => distance(x).log(),
    inverse: (y) =>
      y
        .exp()
        .mul(direction)
        .add(held.at(floatType(y))),
    // -log |x - bound|
    logDerivative: (x) => distance(x).log().neg(),
    // log e^y
    inverseLogDerivative: (y) => y,
  };
}
