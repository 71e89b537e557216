import { add, expandDims, less, mul, random, type Tensor, where } from "@credence/tensor";

/** Variance of the noise, and of the normal prior, of the two linear tasks. */
export const linearVariance = 0.1;

/** x = theta + N(0, 0.1 I). */
export function gaussianLinear(key: Tensor, theta: Tensor): Tensor {
  return add(theta, mul(random.normal(key, theta.shape), Math.sqrt(linearVariance)));
}

/** x ~ N(theta, I) or N(theta, 0.1^2 I), each with probability 1/2. */
export function gaussianMixture(key: Tensor, theta: Tensor): Tensor {
  const wide = less(random.uniform(random.fold(key, 0), [theta.shape[0]!]), 0.5);
  const sd = expandDims(where(wide, 1, 0.1), 1);
  return add(theta, mul(random.normal(random.fold(key, 1), theta.shape), sd));
}
