import { index, random, type Tensor } from "@credence/tensor";
import { floatType } from "./argument.ts";

/** Log of a gamma draw of rate 1, by Gamma(a) = Gamma(a + 1) U^(1 / a): small shapes would underflow. */
export function logGammaDraw(key: Tensor, shape: Tensor): Tensor {
  const keys = random.split(key, 2);
  const boosted = random.gamma(index(keys, 0), shape.add(1)).log();
  return boosted.sub(random.exponential(index(keys, 1), shape.shape, { dtype: floatType(shape) }).div(shape));
}
