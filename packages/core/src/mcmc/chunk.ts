import {
  cast,
  concat,
  cumsum,
  equal,
  index,
  iota,
  logicalAnd,
  map,
  matmul,
  matrixTranspose,
  program,
  random,
  rem,
  reshape,
  scan,
  scatterAdd,
  slice,
  sub,
  sum,
  type Tensor,
  type Tree,
  take,
  tree,
  where,
} from "@credence/tensor";
import type { Gradient } from "./leapfrog.ts";
import type { Metric } from "./metric.ts";
import type { Kernel, TransitionInfo } from "./transition.ts";

/** What of a draw is handed back beside its position, by ArviZ's names. */
export const statNames = ["logDensity", "acceptance_rate", "diverging", "energy", "tree_depth", "n_steps", "step_size"] as const;
export type StatName = (typeof statNames)[number];

/** Chains with their tuning, between two chunks. */
export type Running<S, T> = { readonly state: S; readonly tuned: T };

/** What a chunk is told. All but the key are scalars. */
export type Orders = {
  /** u32 [2] */
  readonly key: Tensor;
  /** Which stretch of the run this is, and the steps made in it, i32: random numbers are a function of them. */
  readonly phase: Tensor;
  readonly number: Tensor;
  /** Transitions of this phase, i32. */
  readonly goal: Tensor;
  /** Every how-manieth draw is kept, i32. */
  readonly thin: Tensor;
  /** Whether the tuning is adapted, bool. */
  readonly adapting: Tensor;
};

/**
 * The draws that the steps have ended, brought together by chain: the chains end their transitions at their own times, and row s of the steps holds
 * a draw of chain c only where `keep[s, c]`.
 * @param keep bool [S, n]
 * @returns for place i of chain c the row s n + c that holds its i-th draw, i32 [n, S], and how many there are, i32 [n]
 */
function gathered(keep: Tensor): { readonly rows: Tensor; readonly kept: Tensor } {
  const [steps, n] = keep.shape as [number, number];
  const rank = cast(cumsum(cast(keep, "f64"), 0), "i32");
  const chain = iota([steps, n], 1);
  const place = where(keep, rank.sub(1), steps).add(chain.mul(steps + 1));
  const from = scatterAdd(n * (steps + 1), place, iota([steps, n], 0, "f64"));
  const step = slice(cast(reshape(from, [n, steps + 1]), "i32"), [0, 0], [n, steps]);
  return { rows: step.mul(n).add(iota([n, steps], 0)), kept: reshape(slice(rank, [steps - 1, 0], [steps, n]), [n]) };
}

/** A program that takes all chains `steps` leapfrog steps (or transitions, as the kernel has it) further, in `groups` of equally many chains. */
export function chunkOf<S, T, I extends TransitionInfo>(
  gradient: Gradient,
  kernel: Kernel<S, T, I>,
  steps: number,
  { groups = 1, ...options }: { readonly groups?: number; readonly threads?: number; readonly device?: string },
) {
  const further = advance(gradient, kernel, steps);
  return program(
    (running: Running<S, T>, metric: Metric, reference: Tensor, orders: Orders) => {
      const phaseKey = random.fold(orders.key, orders.phase);
      if (groups === 1) return further(running, metric, reference, orders, phaseKey);
      // Chains of a group are near one another in a thread's cache, and groups do not wait for one another.
      const parted = each((x) => x.reshape([groups, x.shape[0]! / groups, ...x.shape.slice(1)]), { running, reference });
      const keys = random.split(phaseKey, groups);
      const out = map(
        (group: { running: Running<S, T>; reference: Tensor; key: Tensor }) =>
          further(group.running, metric, group.reference, orders, group.key),
        { ...parted, key: keys },
      );
      const { work, secondMoment, ...rest } = out;
      return {
        ...each((x) => x.reshape([x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]), rest),
        work: sum(work),
        secondMoment: sum(secondMoment, 0),
      };
    },
    { ...options, name: "steps of the chains" },
  );
}

const each = <X>(f: (x: Tensor) => Tensor, xs: X): X => tree.map(f, xs as Tree<Tensor>) as X;

/** The steps of some chains, with what is reported of them. */
function advance<S, T, I extends TransitionInfo>(gradient: Gradient, kernel: Kernel<S, T, I>, steps: number) {
  return (running: Running<S, T>, metric: Metric, reference: Tensor, { goal, adapting, thin, ...orders }: Orders, phaseKey: Tensor) => {
    type Carry = Running<S, T> & { readonly number: Tensor };
    const [end, info] = scan(
      ({ state, tuned, number }: Carry): [Carry, TransitionInfo] => {
        const frame = { metric, goal, number };
        const [next, info] = kernel.step(gradient, random.fold(phaseKey, number), state, tuned, frame);
        const adapted = kernel.adapt(tuned, { ...info, done: logicalAnd(info.done, adapting) }, state, frame);
        const { done } = info;
        // Nothing where no transition has ended: a value that is also the next state would be copied in an instruction of its own.
        const ended = (x: Tensor): Tensor => where(done, x, 0);
        return [
          { state: next, tuned: adapted, number: number.add(1) },
          {
            done,
            position: where(done.expandDims(-1), info.position, 0),
            logDensity: ended(info.logDensity),
            acceptance: info.acceptance,
            diverging: info.diverging,
            energy: ended(info.energy),
            depth: info.depth,
            steps: info.steps,
          },
        ];
      },
      { ...running, number: orders.number },
      undefined,
      { length: steps },
    );
    const [, n, dimension] = info.position.shape as [number, number, number];
    const count = cast(cumsum(cast(info.done, "f64"), 0), "i32").add(kernel.chains(running.state).count);
    const keep = logicalAnd(info.done, equal(rem(count, thin), 0));
    const { rows, kept } = gathered(keep);
    const named = {
      logDensity: info.logDensity,
      acceptance_rate: info.acceptance,
      diverging: info.diverging,
      energy: info.energy,
      tree_depth: info.depth,
      n_steps: info.steps,
    };
    const columns = Object.values(named).map((x) => reshape(cast(x, "f64"), [steps * n, 1]));
    const gatheredStats = take(concat(columns, -1), rows);
    const stats = Object.fromEntries(Object.keys(named).map((name, k) => [name, index(gatheredStats, k, 2)])) as Record<
      keyof typeof named,
      Tensor
    >;
    // Moments of all draws about a reference, for the metric.
    const apart = where(info.done.expandDims(-1), sub(info.position, reference), 0);
    const flat = reshape(apart, [steps * n, dimension]);
    return {
      running: { state: end.state, tuned: end.tuned },
      position: take(reshape(info.position, [steps * n, dimension]), rows),
      stats: {
        ...stats,
        // Draws are made with step sizes that stay.
        step_size: kernel.stepSize(running.tuned).expandDims(-1).broadcastTo([n, steps]),
      } satisfies Record<StatName, Tensor>,
      kept,
      count: kernel.chains(end.state).count,
      /** Leapfrog steps of the transitions that ended. */
      work: sum(where(info.done, info.steps, 0)),
      firstMoment: sum(apart, 0),
      secondMoment: metric.rank === 1 ? sum(flat.mul(flat), 0) : matmul(matrixTranspose(flat), flat),
    };
  };
}
