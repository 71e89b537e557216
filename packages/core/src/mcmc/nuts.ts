import { cast, greater, type NutsScalar, nutsAtRest, nutsLeaf, nutsScalar, nutsVector, type Tensor } from "@credence/tensor";
import { type Gradient, leapfrog, type Phase } from "./leapfrog.ts";
import { type ChainState, candidateAt, type TransitionInfo, type Tuning } from "./transition.ts";

/** Where every chain stands in its trajectory: a row of numbers each, [n, L] in f64, which `nutsLeaf` works on and `standing` reads. */
export type NutsState = { readonly rows: Tensor };

export type NutsInfo = TransitionInfo & {
  /** Transitions that have ended, [n]. */
  readonly count: Tensor;
  /** Momentum of the leaf that this step has made, [n, D]. */
  readonly momentum: Tensor;
};

export interface NutsTuning extends Tuning {
  /** Doublings of a trajectory at most, 1 to 16. */
  readonly doublings: number;
}

/** Chains at rest at `position` [n, D]. */
export function initNuts(gradient: Gradient, position: Tensor, { metric, doublings }: Pick<NutsTuning, "metric" | "doublings">): NutsState {
  return { rows: nutsAtRest(candidateAt(gradient, position, metric), doublings) };
}

/**
 * One leapfrog step of every chain of the No-U-Turn sampler (Hoffman and Gelman 2014) with multinomial draws from the trajectory, biased towards the
 * last doubling, and the generalised criterion for a U-turn (Betancourt 2017, appendix A.4). No chain waits for another one: what ends its trajectory
 * begins the next one at once, and chains at rest that have transitions to make begin at the end of a step. What a leaf changes is one native
 * operation, `nutsLeaf`, a chain a row.
 */
export function stepNuts(gradient: Gradient, key: Tensor, state: NutsState, tuning: NutsTuning): [NutsState, NutsInfo] {
  const { metric, doublings, goal, stepSize } = tuning;
  const dimension = metric.shape.at(-1)!;
  const next = leapfrog(gradient, metric, nearEdge(state, dimension), stepSize.mul(nutsScalar(state.rows, "direction")));
  const rows = nutsLeaf(state.rows, key, goal, next, doublings);
  const figure = (name: NutsScalar): Tensor => nutsScalar(rows, name);
  const proposal = standing({ rows }, dimension).proposal;
  return [
    { rows },
    {
      done: greater(figure("done"), 0),
      position: proposal.position,
      logDensity: proposal.logDensity,
      acceptance: figure("acceptance"),
      diverging: greater(figure("diverging"), 0),
      energy: proposal.energy,
      depth: figure("doublings"),
      steps: figure("steps"),
      count: figure("count"),
      momentum: next.momentum,
    },
  ];
}

/** Transitions that have ended, and the point drawn last. */
export function standing({ rows }: NutsState, dimension: number): ChainState {
  return {
    count: cast(nutsScalar(rows, "count"), "i32"),
    proposal: {
      position: nutsVector(rows, "proposalPosition", dimension),
      force: nutsVector(rows, "proposalForce", dimension),
      logDensity: nutsScalar(rows, "proposalLogDensity"),
      energy: nutsScalar(rows, "proposalEnergy"),
    },
  };
}

/** The edge of the trajectory that grows. */
export const nearEdge = ({ rows }: NutsState, dimension: number): Phase => ({
  position: nutsVector(rows, "position", dimension),
  momentum: nutsVector(rows, "momentum", dimension),
  force: nutsVector(rows, "force", dimension),
});
