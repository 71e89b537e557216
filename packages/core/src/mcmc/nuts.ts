import {
  any,
  cast,
  constant,
  exp,
  expandDims,
  index,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  minimum,
  random,
  slice,
  squeeze,
  sum,
  type Tensor,
  take,
  where,
  zeros,
} from "@credence/tensor";
import { type Gradient, leapfrog, type Phase } from "./leapfrog.ts";
import { column, type Leaves } from "./nuts-leaves.ts";
import { type Candidate, candidateAt, divergence, type TransitionInfo, type Tuning } from "./transition.ts";

/** Where every chain stands in its trajectory. All floats are f64. */
export type NutsState = {
  /** Transitions that have ended, i32 [n]. */
  readonly count: Tensor;
  /** Whether the chain is within a transition, bool [n]. */
  readonly active: Tensor;
  /** Leapfrog steps of this transition, i32 [n]. */
  readonly leaf: Tensor;
  /** Doublings that were completed, [n]. */
  readonly depth: Tensor;
  /** The edge that grows, and the other one. */
  readonly near: Phase;
  readonly far: Phase;
  /** 1 where the edge that grows goes forwards in time, else -1, [n]. */
  readonly direction: Tensor;
  /** The choice among the leaves of the whole trajectory, and among those of this doubling. */
  readonly proposal: Candidate;
  readonly candidate: Candidate;
  /** Sum of e^(H0 - H) over the leaves of the trajectory before this doubling, and of this doubling, [n]. */
  readonly weight: Tensor;
  readonly candidateWeight: Tensor;
  /** Hamiltonian at the start, [n]. */
  readonly energy: Tensor;
  /** Sum of the momenta of all leaves, [n, D]. */
  readonly momentumSum: Tensor;
  /** Of the leaf made last, momentum times the momenta before it: p_N (p_0 + ... + p_(N-1)), leaves counted from the far edge, [n]. */
  readonly product: Tensor;
  /** |p|^2 of the far edge, [n]. */
  readonly farSquare: Tensor;
  /** By slot: see `Leaves`. */
  readonly kept: {
    /** Momentum of the leaf, of the leaf before it, and the sum of the momenta before the leaf, [n, D, K]. */
    readonly begin: Tensor;
    readonly before: Tensor;
    readonly sum: Tensor;
    /** Products, as above, of the leaf and of the leaf before it, [n, K]. */
    readonly beginProduct: Tensor;
    readonly beforeProduct: Tensor;
  };
  /** Whether the trajectory ends with this doubling, bool [n]. */
  readonly ending: Tensor;
  /** Sum of min(1, e^(H0 - H)) over the leaves, [n]. */
  readonly acceptanceSum: Tensor;
};

export type NutsInfo = TransitionInfo & {
  /** Momentum of the leaf that this step has made, [n, D]. */
  readonly momentum: Tensor;
};

export interface NutsTuning extends Tuning {
  readonly leaves: Leaves;
}

/** e^(H0 - H) is held below e^690, so that sums of 1,024 of them stay finite. */
const exponentMax = 690;

/** Chains at rest at `position` [n, D]. */
export function initNuts(gradient: Gradient, position: Tensor, { metric, leaves }: Pick<NutsTuning, "metric" | "leaves">): NutsState {
  const [n, dimension] = position.shape as [number, number];
  const candidate = candidateAt(gradient, position, metric);
  const number = zeros([n], "f64");
  const off = zeros([n], "bool");
  const vectors = zeros([n, dimension, leaves.slots], "f64");
  const products = zeros([n, leaves.slots], "f64");
  const phase: Phase = { position, momentum: zeros([n, dimension], "f64"), force: candidate.force };
  return {
    count: zeros([n], "i32"),
    active: off,
    leaf: zeros([n], "i32"),
    depth: number,
    near: phase,
    far: phase,
    direction: number,
    proposal: candidate,
    candidate,
    weight: number,
    candidateWeight: number,
    energy: number,
    momentumSum: zeros([n, dimension], "f64"),
    product: number,
    farSquare: number,
    kept: { begin: vectors, before: vectors, sum: vectors, beginProduct: products, beforeProduct: products },
    ending: off,
    acceptanceSum: number,
  };
}

/**
 * One leapfrog step of every chain of the No-U-Turn sampler (Hoffman and Gelman 2014) with multinomial draws from the trajectory, biased towards the
 * last doubling, and the generalised criterion for a U-turn (Betancourt 2017, appendix A.4). No chain waits for another one: what ends its trajectory
 * begins the next one at once, and chains at rest that have transitions to make begin at the end of a step. The first doubling always goes forwards; since the momentum is as likely as its negative, that is a fair choice.
 */
export function stepNuts(gradient: Gradient, key: Tensor, state: NutsState, tuning: NutsTuning): [NutsState, NutsInfo] {
  const { metric, leaves } = tuning;
  const { slots } = leaves;
  const [n, dimension] = state.near.position.shape as [number, number];
  const rows = (x: Tensor): Tensor => expandDims(x, -1);
  const keys = random.split(key, 2);
  const uniform = random.uniform(index(keys, 0), [3, n], { dtype: "f64" });
  const fresh = random.normal(index(keys, 1), [n, dimension], { dtype: "f64" });

  const { active: going, near, far, kept } = state;
  const leaf = state.leaf.add(cast(going, "i32"));
  const flags = take(constant(leaves.table), leaf);
  const group = (from: number, to: number): Tensor => slice(flags, [0, from], [n, to]);
  const flag = (name: keyof typeof column): Tensor => squeeze(group(3 * slots + column[name], 3 * slots + column[name] + 1), -1);
  const next = leapfrog(gradient, metric, near, where(going, tuning.stepSize.mul(state.direction), 0));
  const p = next.momentum;
  const momentumSum = state.momentumSum.add(p);

  // Products with the new momentum and with the sum of all, for the criterion: a stretch from leaf a to N turns where
  // p_a (p_a + ... + p_N) <= 0 or p_N (p_a + ... + p_N) <= 0. All of them first, then their sums: one pass over the rows.
  const products = [p.mul(p), p.mul(momentumSum), far.momentum.mul(momentumSum), fresh.mul(fresh)] as const;
  const [square, total, farTotal, freshSquare] = products.map((x) => sum(x, -1)) as [Tensor, Tensor, Tensor, Tensor];
  const dots = (x: Tensor, y: Tensor): Tensor => squeeze(matmul(expandDims(x, 1), y), 1);
  const rest = rows(total).sub(dots(p, kept.sum));
  const turnsFrom = logicalOr(lessEqual(dots(momentumSum, kept.begin).sub(kept.beginProduct), 0), lessEqual(rest, 0));
  const turnsBefore = logicalOr(
    lessEqual(dots(momentumSum, kept.before).sub(kept.beforeProduct), 0),
    lessEqual(rest.add(dots(p, kept.before)), 0),
  );
  const turnsWithin = any(logicalOr(logicalAnd(turnsFrom, group(0, slots)), logicalAnd(turnsBefore, group(slots, 2 * slots))), -1);
  const turnsNear = squeeze(slice(turnsBefore, [0, 0], [n, 1]), -1);

  // Even leaves are kept. A chain at rest may store what it likes: nobody reads a slot before its leaf has been made anew.
  const store = group(2 * slots, 3 * slots);
  const stored = (value: Tensor, old: Tensor): Tensor => where(expandDims(store, 1), rows(value), old);
  const keeps = {
    begin: stored(p, kept.begin),
    before: stored(near.momentum, kept.before),
    sum: stored(state.momentumSum, kept.sum),
    beginProduct: where(store, rows(total.sub(square)), kept.beginProduct),
    beforeProduct: where(store, rows(state.product), kept.beforeProduct),
  };

  // The weight of the new leaf, and whether this doubling chooses it.
  const energy = square.mul(0.5).sub(next.logDensity);
  const gain = state.energy.sub(energy);
  const sound = logicalAnd(less(-divergence, gain), isFinite(gain)); // false for NaN
  const leafWeight = where(sound, exp(minimum(gain, exponentMax)), 0);
  const candidateWeight = where(flag("first"), leafWeight, state.candidateWeight.add(leafWeight));
  const uniforms = (i: number): Tensor => squeeze(slice(uniform, [i, 0], [i + 1, n]), 0);
  const chosen = logicalAnd(going, lessEqual(uniforms(0).mul(candidateWeight), leafWeight));

  // The end of a doubling, and of the trajectory.
  const broken = logicalOr(turnsWithin, logicalNot(sound));
  const complete = logicalAnd(logicalAnd(flag("last"), logicalNot(broken)), going);
  const farTurn = logicalAnd(flag("far"), logicalOr(lessEqual(farTotal, 0), lessEqual(total, 0)));
  const turns = logicalOr(farTurn, logicalAnd(flag("near"), turnsNear));
  const ending = logicalOr(turns, logicalAnd(state.ending, logicalNot(flag("first"))));
  const full = leaf.equal(leaves.table.shape[0]! - 1);
  const done = logicalAnd(going, logicalOr(broken, logicalAnd(complete, logicalOr(ending, full))));
  const moves = logicalAnd(complete, less(uniforms(1).mul(state.weight), candidateWeight));
  const flips = logicalAnd(complete, less(uniforms(2), 0.5));
  const steps = cast(leaf, "f64");
  const acceptance = state.acceptanceSum.add(minimum(leafWeight, 1));
  const depth = state.depth.add(cast(complete, "f64"));

  // Chains that are through, or at rest with transitions to make, begin one with a new momentum.
  const count = state.count.add(cast(done, "i32"));
  const stays = logicalAnd(going, logicalNot(done));
  const begins = logicalAnd(logicalNot(stays), less(count, tuning.goal));

  // New choices, and the edge that grows next.
  const pick = (condition: Tensor, a: Candidate, b: Candidate): Candidate => ({
    position: where(rows(condition), a.position, b.position),
    force: where(rows(condition), a.force, b.force),
    logDensity: where(condition, a.logDensity, b.logDensity),
    energy: where(condition, a.energy, b.energy),
  });
  const candidate = pick(chosen, { ...next, energy }, state.candidate);
  const proposal = pick(moves, candidate, state.proposal);
  const start: Phase = { position: proposal.position, momentum: fresh, force: proposal.force };
  const edge = (a: Phase, b: Phase): Phase => {
    const each = (name: keyof Phase): Tensor => where(rows(begins), start[name], where(rows(flips), b[name], a[name]));
    return { position: each("position"), momentum: each("momentum"), force: each("force") };
  };
  const reset = (value: number, otherwise: Tensor): Tensor => where(begins, value, otherwise);

  return [
    {
      count,
      active: logicalOr(stays, begins),
      leaf: where(begins, 0, leaf),
      depth: reset(0, depth),
      near: edge(next, far),
      far: edge(far, next),
      direction: reset(1, where(flips, state.direction.neg(), state.direction)),
      proposal,
      candidate,
      weight: reset(1, where(complete, state.weight.add(candidateWeight), state.weight)),
      candidateWeight,
      energy: where(begins, freshSquare.mul(0.5).sub(proposal.logDensity), state.energy),
      momentumSum: where(rows(begins), fresh, momentumSum),
      product: reset(0, where(flips, farTotal.sub(state.farSquare), total.sub(square))),
      farSquare: where(begins, freshSquare, where(flips, square, state.farSquare)),
      kept: keeps,
      ending,
      acceptanceSum: reset(0, acceptance),
    },
    {
      done,
      position: proposal.position,
      logDensity: proposal.logDensity,
      acceptance: acceptance.div(steps),
      diverging: logicalNot(sound),
      energy: proposal.energy,
      depth,
      steps,
      momentum: p,
    },
  ];
}
