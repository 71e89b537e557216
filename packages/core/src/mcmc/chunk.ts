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

export interface ChunkOptions {
  /** Leapfrog steps, or transitions, as the kernel has it. */
  readonly steps: number;
  /** Groups of equally many chains that the chains go in. */
  readonly groups: number;
  readonly threads?: number;
  readonly device?: string;
}

/** A program that takes all chains further while their tuning adapts, with the moments of what they drew about a reference. */
export const warmupChunk = <S, T, I extends TransitionInfo>(gradient: Gradient, kernel: Kernel<S, T, I>, options: ChunkOptions) =>
  chunk(options, "warm-up of the chains", (running: Running<S, T>, metric: Metric, reference: Tensor, orders: Orders) => {
    const walk = (at: Walking<S, T>) => {
      const frame = { metric, goal: orders.goal, number: at.number };
      const [state, info] = kernel.step(gradient, random.fold(orders.key, at.number), at.state, at.tuned, frame);
      const tuned = kernel.adapt(at.tuned, info, at.state, frame);
      const apart = where(info.done.expandDims(-1), sub(info.position, reference), 0);
      return [
        { state, tuned, number: at.number.add(1) },
        { apart, steps: where(info.done, info.steps, 0) },
      ] as const;
    };
    const [end, made] = scan(walk, { ...running, number: orders.number }, undefined, { length: options.steps });
    const [steps, n, dimension] = made.apart.shape as [number, number, number];
    const flat = reshape(made.apart, [steps * n, dimension]);
    return {
      perChain: {
        running: { state: end.state, tuned: end.tuned },
        count: kernel.chains(end.state).count,
        firstMoment: sum(made.apart, 0),
      },
      summed: {
        work: sum(made.steps),
        secondMoment: metric.rank === 1 ? sum(flat.mul(flat), 0) : matmul(matrixTranspose(flat), flat),
      },
    };
  });

/** A program that takes all chains further as they are tuned, with the draws that they end. */
export const drawsChunk = <S, T, I extends TransitionInfo>(gradient: Gradient, kernel: Kernel<S, T, I>, options: ChunkOptions) =>
  chunk(options, "draws of the chains", (running: Running<S, T>, metric: Metric, _: Tensor, orders: Orders) => {
    const { tuned } = running;
    const walk = (at: { readonly state: S; readonly number: Tensor }) => {
      const frame = { metric, goal: orders.goal, number: at.number };
      const [state, info] = kernel.step(gradient, random.fold(orders.key, at.number), at.state, tuned, frame);
      const { done } = info;
      // Nothing where no transition has ended: a value that is also the next state would be copied in an instruction of its own.
      const ended = (x: Tensor): Tensor => where(done, x, 0);
      const made = {
        done,
        position: where(done.expandDims(-1), info.position, 0),
        logDensity: ended(info.logDensity),
        acceptance: info.acceptance,
        diverging: info.diverging,
        energy: ended(info.energy),
        depth: info.depth,
        steps: info.steps,
      };
      return [{ state, number: at.number.add(1) }, made] as const;
    };
    const [end, made] = scan(walk, { state: running.state, number: orders.number }, undefined, { length: options.steps });
    const [steps, n, dimension] = made.position.shape as [number, number, number];
    const count = cast(cumsum(cast(made.done, "f64"), 0), "i32").add(kernel.chains(running.state).count);
    const { rows, kept } = gathered(logicalAnd(made.done, equal(rem(count, orders.thin), 0)));
    const named = {
      logDensity: made.logDensity,
      acceptance_rate: made.acceptance,
      diverging: made.diverging,
      energy: made.energy,
      tree_depth: made.depth,
      n_steps: made.steps,
    };
    const columns = Object.values(named).map((x) => reshape(cast(x, "f64"), [steps * n, 1]));
    const gatheredStats = take(concat(columns, -1), rows);
    const stats = Object.fromEntries(Object.keys(named).map((name, k) => [name, index(gatheredStats, k, 2)])) as Record<
      keyof typeof named,
      Tensor
    >;
    return {
      perChain: {
        running: { state: end.state, tuned },
        count: kernel.chains(end.state).count,
        position: take(reshape(made.position, [steps * n, dimension]), rows),
        stats: {
          ...stats,
          // Draws are made with step sizes that stay.
          step_size: kernel.stepSize(tuned).expandDims(-1).broadcastTo([n, steps]),
        } satisfies Record<StatName, Tensor>,
        kept,
      },
      summed: {
        /** Leapfrog steps of the transitions that ended. */
        work: sum(where(made.done, made.steps, 0)),
      },
    };
  });

/** Chains between two steps. */
type Walking<S, T> = Running<S, T> & { readonly number: Tensor };

/** `further` for all chains at once, or group by group: chains of a group are near one another in a thread's cache, and groups do not wait. */
function chunk<S, T, P, A>(
  { steps: _, groups, ...options }: ChunkOptions,
  name: string,
  further: (running: Running<S, T>, metric: Metric, reference: Tensor, orders: Orders) => { readonly perChain: P; readonly summed: A },
) {
  return program(
    (running: Running<S, T>, metric: Metric, reference: Tensor, given: Orders): P & A => {
      const orders = { ...given, key: random.fold(given.key, given.phase) };
      if (groups === 1) {
        const { perChain, summed } = further(running, metric, reference, orders);
        return { ...perChain, ...summed };
      }
      const parted = each((x) => x.reshape([groups, x.shape[0]! / groups, ...x.shape.slice(1)]), { running, reference });
      type Group = { readonly running: Running<S, T>; readonly reference: Tensor; readonly key: Tensor };
      const { perChain, summed } = map((group: Group) => further(group.running, metric, group.reference, { ...orders, key: group.key }), {
        ...parted,
        key: random.split(orders.key, groups),
      });
      return {
        ...each((x) => x.reshape([x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]), perChain),
        ...each((x) => sum(x, 0), summed),
      };
    },
    { ...options, name },
  );
}

const each = <X>(f: (x: Tensor) => Tensor, xs: X): X => tree.map(f, xs as Tree<Tensor>) as X;
