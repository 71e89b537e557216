import { matmul, matrixTranspose, mul, type Tensor } from "@credence/tensor";

/**
 * How far a unit of momentum carries in each direction: standard deviations s [D] (a diagonal mass matrix M = diag(s^-2)) or a lower factor
 * L [D, D] (a dense one, M = (L L^T)^-1). Momenta are kept as p = L^T r with r the usual ones: p ~ N(0, I), the kinetic energy is |p|^2 / 2, and the
 * products of the U-turn criterion, r^T M^-1 r', are p^T p'.
 */
export type Metric = Tensor;

/** L p: the velocity in the coordinates of the position, [n, D] -> [n, D]. */
export const velocity = (metric: Metric, momentum: Tensor): Tensor =>
  metric.rank === 1 ? mul(momentum, metric) : matmul(momentum, matrixTranspose(metric));

/** L^T g: what a gradient of the log density does to the momentum, [n, D] -> [n, D]. */
export const force = (metric: Metric, gradient: Tensor): Tensor => (metric.rank === 1 ? mul(gradient, metric) : matmul(gradient, metric));
