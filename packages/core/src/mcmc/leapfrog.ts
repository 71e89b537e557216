import { expandDims, type Tensor } from "@credence/tensor";
import { type Gradient, gradientOf, gradientOfTarget } from "../model/gradient.ts";
import { force, type Metric, velocity } from "./metric.ts";

export { type Gradient, gradientOf, gradientOfTarget };

/** A point of phase space of every chain, all [n, D]. */
export type Phase = {
  readonly position: Tensor;
  /** Scaled, p ~ N(0, I): see `Metric`. */
  readonly momentum: Tensor;
  /** L^T times the gradient of the log density. */
  readonly force: Tensor;
};

/**
 * One velocity-Verlet step of H = -log density + |p|^2 / 2: half a kick, a drift, half a kick (Neal 2011, eq. 2.28 to 2.30). A step of 0 leaves a
 * chain where it is.
 * @param step step size of every chain, negative backwards in time, [n]
 */
export function leapfrog(gradient: Gradient, metric: Metric, phase: Phase, step: Tensor): Phase & { readonly logDensity: Tensor } {
  const length = expandDims(step, -1);
  const half = expandDims(step.mul(0.5), -1);
  const middle = phase.momentum.add(half.mul(phase.force));
  const position = phase.position.add(length.mul(velocity(metric, middle)));
  const at = gradient(position);
  const pull = force(metric, at.gradient);
  return { position, momentum: middle.add(half.mul(pull)), force: pull, logDensity: at.logDensity };
}
