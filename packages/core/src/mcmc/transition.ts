import type { Tensor } from "@credence/tensor";
import type { Gradient } from "./leapfrog.ts";
import type { Metric } from "./metric.ts";

/** What a Hamiltonian sampler is tuned by. */
export interface Tuning {
  readonly metric: Metric;
  /** [n] */
  readonly stepSize: Tensor;
  /** Transitions to make: a chain that has ended as many rests. i32 scalar. */
  readonly goal: Tensor | number;
}

/** What a step has ended: all [n], and of meaning where `done` holds. */
export type TransitionInfo = {
  /** bool: the chain has ended a transition. */
  readonly done: Tensor;
  /** The draw, [n, D]. */
  readonly position: Tensor;
  readonly logDensity: Tensor;
  /** Mean of min(1, e^(H0 - H)) over the leapfrog steps. */
  readonly acceptance: Tensor;
  /** bool: H rose by more than 1,000, or was not a number. */
  readonly diverging: Tensor;
  /** Hamiltonian of the draw, nats. */
  readonly energy: Tensor;
  /** Doublings of the trajectory; 0 for samplers that do not double. */
  readonly depth: Tensor;
  /** Leapfrog steps. */
  readonly steps: Tensor;
};

/** A sampler whose chains make transitions each at its own pace; see `stepNuts` and `stepHmc`. */
export interface Kernel<S> {
  init(gradient: Gradient, position: Tensor, metric: Metric): S;
  step(gradient: Gradient, key: Tensor, state: S, tuning: Tuning): [S, TransitionInfo];
}

/** What every state of a kernel holds. */
export type ChainState = {
  /** Transitions that have ended, i32 [n]. */
  readonly count: Tensor;
  /** Where the chains stand, [n, D]. */
  readonly proposal: { readonly position: Tensor };
};

/** H that rises by more than this marks a divergence, nats (Betancourt 2017). */
export const divergence = 1000;
