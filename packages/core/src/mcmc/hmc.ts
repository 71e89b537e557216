import {
  any,
  cast,
  ceil,
  exp,
  expandDims,
  isFinite,
  less,
  logicalAnd,
  logicalNot,
  minimum,
  random,
  sum,
  type Tensor,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";
import type { Gradient } from "./leapfrog.ts";
import { force, type Metric, velocity } from "./metric.ts";
import { type Candidate, type ChainState, candidateAt, divergence, type TransitionInfo, type Tuning } from "./transition.ts";

export type HmcState = ChainState;

export interface HmcTuning extends Tuning {
  /** Leapfrog steps of a transition, the same for all chains, i32 scalar. */
  readonly steps: Tensor | number;
}

export type HmcInfo = TransitionInfo & {
  /** Where the trajectory ended, and with which momentum, [n, D]: the proposal. */
  readonly end: { readonly position: Tensor; readonly momentum: Tensor };
};

/** Chains at rest at `position` [n, D]. */
export const initHmc = (gradient: Gradient, position: Tensor, metric: Metric): HmcState => ({
  count: zeros([position.shape[0]!], "i32"),
  proposal: candidateAt(gradient, position, metric),
});

/**
 * A transition of every chain of Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011): a new momentum, `steps` leapfrog steps, and the end is taken with
 * probability min(1, e^(H0 - H)).
 */
export function stepHmc(gradient: Gradient, key: Tensor, state: HmcState, tuning: HmcTuning): [HmcState, HmcInfo] {
  const { metric, stepSize } = tuning;
  const from = state.proposal;
  const [n, dimension] = from.position.shape as [number, number];
  const going = less(state.count, tuning.goal);
  const momentum = random.normal(random.fold(key, 1), [n, dimension], { dtype: "f64" });
  const kinetic = (p: Tensor): Tensor => sum(p.mul(p), -1).mul(0.5);
  const energy0 = kinetic(momentum).sub(from.logDensity);
  const count = where(any(going), cast(tuning.steps as Tensor, "i32"), 0);
  // Between two drifts the halves of two kicks are one. The last step is apart: it alone needs the log density, without which a gradient costs less.
  const length = expandDims(stepSize, -1);
  const half = length.mul(0.5);
  type Way = { readonly position: Tensor; readonly momentum: Tensor; readonly left: Tensor };
  const way = whileLoop(
    ({ left }: Way) => left.greater(1),
    ({ position, momentum, left }: Way): Way => {
      const there = position.add(length.mul(velocity(metric, momentum)));
      const kick = length.mul(force(metric, gradient(there).gradient));
      return { position: there, momentum: momentum.add(kick), left: left.sub(1) };
    },
    { position: from.position, momentum: momentum.add(half.mul(from.force)), left: count },
  );
  const position = way.position.add(length.mul(velocity(metric, way.momentum)));
  const at = gradient(position);
  const pull = force(metric, at.gradient);
  const end = { position, momentum: way.momentum.add(half.mul(pull)), force: pull, logDensity: at.logDensity };
  const energy = kinetic(end.momentum).sub(end.logDensity);
  const gain = energy0.sub(energy);
  const sound = logicalAnd(less(-divergence, gain), isFinite(gain)); // false for NaN
  const acceptance = where(sound, exp(minimum(gain, 0)), 0);
  const uniform = random.uniform(random.fold(key, 0), [n], { dtype: "f64" });
  const moves = logicalAnd(going, less(uniform, acceptance));
  const rows = expandDims(moves, -1);
  const proposal: Candidate = {
    position: where(rows, end.position, from.position),
    force: where(rows, end.force, from.force),
    logDensity: where(moves, end.logDensity, from.logDensity),
    energy: where(moves, energy, energy0),
  };
  return [
    { count: state.count.add(cast(going, "i32")), proposal },
    {
      done: going,
      position: proposal.position,
      logDensity: proposal.logDensity,
      acceptance,
      diverging: logicalNot(sound),
      energy: proposal.energy,
      depth: zeros([n], "f64"),
      steps: cast(count, "f64").broadcastTo([n]),
      end: { position: end.position, momentum: end.momentum },
    },
  ];
}

/** Leapfrog steps for a trajectory of a length, at least 1 and at most `most`, i32 scalar. */
export function stepsFor(length: Tensor, stepSize: Tensor, most: number): Tensor {
  return cast(ceil(length.div(stepSize)).maximum(1).minimum(most), "i32");
}
