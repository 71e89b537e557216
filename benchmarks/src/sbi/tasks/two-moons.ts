import { abs, add, cos, index, mul, random, sin, stack, sub, type Tensor } from "@credence/tensor";

/**
 * x = (r cos a + 1/4 - |theta1 + theta2| / sqrt 2, r sin a + (theta2 - theta1) / sqrt 2), a ~ U(-pi/2, pi/2), r ~ N(0.1, sd 0.01):
 * a crescent whose place gives theta up to a reflection.
 */
export function twoMoons(key: Tensor, theta: Tensor): Tensor {
  const n = theta.shape[0]!;
  const angle = random.uniform(random.fold(key, 0), [n], { low: -Math.PI / 2, high: Math.PI / 2 });
  const radius = add(mul(random.normal(random.fold(key, 1), [n]), 0.01), 0.1);
  const first = index(theta, 0, 1);
  const second = index(theta, 1, 1);
  return stack(
    [
      sub(add(mul(radius, cos(angle)), 0.25), mul(abs(add(first, second)), Math.SQRT1_2)),
      add(mul(radius, sin(angle)), mul(sub(second, first), Math.SQRT1_2)),
    ],
    1,
  );
}
