import { concat, expandDims, expm1, log, logSigmoid, sliceAxis, type Tensor } from "@credence/tensor";
import { type Argument, commonType, finite, hold } from "./argument.ts";
import { byLogits } from "./by-logits.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";

/**
 * One of the ordered categories 0 ... K - 1: the place of a logistic draw about `eta` among the cutpoints.
 * @param eta [...]
 * @param cutpoints [K - 1], increasing
 */
export function orderedLogistic(eta: Argument, cutpoints: Argument, options: DistributionOptions = {}): WithMoments {
  const location = hold("orderedLogistic", "eta", eta, finite);
  const cuts = hold("orderedLogistic", "cutpoints", cutpoints, finite);
  const count = cuts.shape[0] ?? 0;
  if (cuts.shape.length !== 1)
    throw new RangeError(`orderedLogistic: cutpoints must be a vector [K - 1], got shape [${cuts.shape.join(", ")}]`);
  const falls = cuts.values?.findIndex((cut, i, all) => i > 0 && !(cut > all[i - 1]!)) ?? -1;
  if (falls >= 0)
    throw new RangeError(`orderedLogistic: cutpoints must increase, got ${cuts.values![falls]} after ${cuts.values![falls - 1]}`);
  const dtype = commonType("orderedLogistic", [location, cuts], options.dtype);
  // log(sigmoid(b) - sigmoid(a)) = log sigmoid(b) + log sigmoid(-a) + log(1 - e^(a - b)) for cutpoints a < b less eta
  const logits = (c: Tensor, centre: Tensor): Tensor => {
    const z = c.sub(expandDims(centre, -1));
    const below = logSigmoid(z);
    const above = logSigmoid(z.neg());
    const gaps = sliceAxis(c, -1, 0, count - 1).sub(sliceAxis(c, -1, 1, count));
    const between = sliceAxis(below, -1, 1, count)
      .add(sliceAxis(above, -1, 0, count - 1))
      .add(log(expm1(gaps).neg()));
    return concat([sliceAxis(below, -1, 0, 1), between, sliceAxis(above, -1, count - 1, count)], -1);
  };
  return byLogits("orderedLogistic", [...location.shape, count + 1], dtype, (type) => logits(cuts.at(type), location.at(type)));
}
