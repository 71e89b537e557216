import { type Tensor, zerosLike } from "@credence/tensor";
import type { Gradient } from "./leapfrog.ts";
import { force, type Metric } from "./metric.ts";

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

/** A point that is or may become a draw. */
export type Candidate = {
  /** [n, D] */
  readonly position: Tensor;
  /** L^T times the gradient of the log density, [n, D]. */
  readonly force: Tensor;
  /** [n] */
  readonly logDensity: Tensor;
  /** Hamiltonian, nats, [n]. */
  readonly energy: Tensor;
};

/** Chains at rest at `position` [n, D]. */
export function candidateAt(gradient: Gradient, position: Tensor, metric: Metric): Candidate {
  const at = gradient(position);
  return { position, force: force(metric, at.gradient), logDensity: at.logDensity, energy: zerosLike(at.logDensity) };
}

/** What holds for one turn of the loop. */
export interface Frame {
  readonly metric: Metric;
  /** Transitions to make, i32. */
  readonly goal: Tensor;
  /** Turns of this window before, i32. */
  readonly number: Tensor;
}

/** What the runner asks of a sampler: transitions of all chains, and a tuning T that its warm-up adapts. */
export interface Kernel<S, T, I extends TransitionInfo = TransitionInfo> {
  init(gradient: Gradient, position: Tensor, metric: Metric): S;
  /** Where the chains stand. */
  chains(state: S): ChainState;
  /** One turn of the loop: a leapfrog step of every chain or a transition, as the sampler has it. */
  step(gradient: Gradient, key: Tensor, state: S, tuned: T, frame: Frame): [S, I];
  /** Tuning from a step size [n] that does well, at the beginning of a window; `before` is that of the window before, unless `first` holds. */
  tune(stepSize: Tensor, before?: T, first?: Tensor): T;
  /** The tuning after a turn, adapted to the chains that are `done`; `before` is the state before it. */
  adapt(tuned: T, info: I, before: S, frame: Frame): T;
  /** Step size of every chain in use, and the one that the window has come to, [n]. */
  stepSize(tuned: T): Tensor;
  settled(tuned: T): Tensor;
  /** The tuning with which draws are made. */
  fix(tuned: T): T;
  /** Whether the metric is taken from the variance within chains or over all of them. "within": chains do not look at one another. */
  readonly pooling: "within" | "all";
}

/** What every state of a kernel tells. */
export type ChainState = {
  /** Transitions that have ended, i32 [n]. */
  readonly count: Tensor;
  /** Where the chains stand, [n, D]. */
  readonly proposal: Candidate;
};

/** H that rises by more than this marks a divergence, nats (Betancourt 2017). */
export const divergence = 1000;
