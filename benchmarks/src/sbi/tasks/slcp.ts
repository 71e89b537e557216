import { add, expandDims, index, maximum, mul, random, reshape, sqrt, square, stack, sub, type Tensor, tanh } from "@credence/tensor";

/** Added to both variances. */
const jitter = 1e-6;

/**
 * "Simple likelihood, complex posterior": four independent draws of N((theta1, theta2), S) with standard deviations theta3^2, theta4^2 and
 * correlation tanh theta5. x = (x11, x12, x21, x22, x31, x32, x41, x42).
 */
export function slcp(key: Tensor, theta: Tensor): Tensor {
  const n = theta.shape[0]!;
  const column = (i: number): Tensor => index(theta, i, 1);
  const [sd1, sd2] = [square(column(2)), square(column(3))];
  // S = L L^T.
  const l11 = sqrt(add(square(sd1), jitter));
  const l21 = mul(mul(tanh(column(4)), sd1), sd2).div(l11);
  const l22 = sqrt(maximum(sub(add(square(sd2), jitter), square(l21)), 0));
  const z = random.normal(key, [n, 4, 2]);
  const [z1, z2] = [index(z, 0, 2), index(z, 1, 2)];
  const wide = (x: Tensor): Tensor => expandDims(x, 1);
  const x1 = add(mul(z1, wide(l11)), wide(column(0)));
  const x2 = add(add(mul(z1, wide(l21)), mul(z2, wide(l22))), wide(column(1)));
  return reshape(stack([x1, x2], 2), [n, 8]);
}
