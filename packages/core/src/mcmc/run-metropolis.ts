import { array, cast, exp, program, random, repeat, scan, type Tensor } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { chainWarnings } from "./draws-of.ts";
import {
  adaptMetropolis,
  bestAcceptance,
  initMetropolis,
  initTuning,
  type MetropolisState,
  type MetropolisTuning,
  type Propose,
  randomWalk,
  stepFactor,
  stepMetropolisHastings,
} from "./metropolis.ts";
import { type ChainOptions, checkedOptions } from "./options.ts";
import { startingPoints } from "./start.ts";

export interface MetropolisOptions extends Omit<ChainOptions, "massMatrix" | "checkpoint"> {
  /** Acceptance to adapt to; by default the best for the number of dimensions. */
  readonly targetAcceptance?: number;
  /** Proposals of your own, in unconstrained space; by default a random walk whose steps adapt to the chains in the warm-up. */
  readonly propose?: Propose;
}

/** What a random walk has come to. */
export interface WalkTuning {
  /** Steps after the warm-up are drawn from N(0, stepSize^2 covariance). */
  readonly stepSize: number;
  readonly covariance: readonly (readonly number[])[];
}

/**
 * Draws from a target by the rule of Metropolis and Hastings, many chains at once: a warm-up that adapts the steps of a random walk, then draws with the
 * steps fixed, all in one program. It needs no derivatives, and many steps a draw: `thin`.
 *
 *     // A multiplicative walk on x > 0: y = x e^(0.5 z) goes up as easily as down in log x, so q(x | y) / q(y | x) = y / x.
 *     const propose: Propose = (key, x) => {
 *       const y = x.mul(exp(random.normal(key, x.shape, { dtype: "f64" }).mul(0.5)));
 *       return { position: y, logRatio: log(y).sub(log(x)).sum(-1) };
 *     };
 *     await metropolis(target, { propose, seed: 1, thin: 10 });
 * @throws RangeError where init has no [chains, D] shape or a chain starts at a density that is not finite
 */
export async function metropolis(target: Target, options: MetropolisOptions): Promise<Draws & Partial<WalkTuning>> {
  requireTarget("metropolis", target, options);
  const { propose, signal, onProgress } = options;
  const checked = checkedOptions("metropolis", options);
  const { chains, warmup, draws, thin, seed, threads = 1, place } = checked;
  const { dimension } = target;
  const placement = { threads, ...place };
  const acceptance = options.targetAcceptance ?? bestAcceptance(dimension);
  const logDensity = (position: Tensor): Tensor => target.logDensity(position);

  const run = program(
    (position: Tensor, key: Tensor) => {
      const keys = (i: Tensor, stage: number) => random.fold(random.fold(key, stage), i);
      type Warm = { readonly state: MetropolisState; readonly tuning: MetropolisTuning };
      const warm: Warm = repeat(
        warmup,
        ({ state, tuning }: Warm, i: Tensor): Warm => {
          const by = propose ?? randomWalk(stepFactor(tuning));
          const [next, info] = stepMetropolisHastings(logDensity, keys(i, 0), state, by);
          return { state: next, tuning: propose ? tuning : adaptMetropolis(tuning, next, info, cast(i, "f64"), acceptance) };
        },
        { state: initMetropolis(logDensity, position), tuning: initTuning(position) },
      );
      const by = propose ?? randomWalk(stepFactor(warm.tuning));
      type Carry = { readonly state: MetropolisState; readonly number: Tensor; readonly sum: Tensor };
      const step = ({ state, number, sum }: Carry): Carry => {
        const [next, info] = stepMetropolisHastings(logDensity, keys(number, 1), state, by);
        return { state: next, number: number.add(1), sum: sum.add(info.acceptance) };
      };
      const nothing = warm.state.logDensity.mul(0);
      const [, kept] = scan(
        ({ state, number }: Omit<Carry, "sum">) => {
          const { sum, ...next } = repeat(thin, step, { state, number, sum: nothing });
          return [next, { ...next.state, acceptance: sum.mul(1 / thin) }] as const;
        },
        { state: warm.state, number: cast(0, "i32") },
        undefined,
        { length: draws },
      );
      return {
        unconstrained: kept.position.transpose([1, 0, 2]),
        draws: target
          .constrain(kept.position.transpose([1, 0, 2]).reshape([chains * draws, dimension]))
          .reshape([chains, draws, target.names.length]),
        logDensity: kept.logDensity.T,
        acceptance: kept.acceptance.T,
        stepSize: exp(warm.tuning.logScale),
        covariance: warm.tuning.covariance,
      };
    },
    { ...placement, name: "metropolis" },
  );
  using startKey = array(Uint32Array.of(seed, 0x73746172), place);
  using start = await startingPoints({
    target,
    chains,
    key: startKey,
    gradient: false,
    ...place,
    ...(options.init && { init: options.init }),
  });
  using key = array(Uint32Array.of(seed, 0), place);
  const result = await run.runAsync([start, key], {
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: (turns: number) =>
        onProgress(
          turns < warmup ? { phase: "warmup", done: turns, total: warmup } : { phase: "draws", done: turns - warmup, total: draws },
        ),
    }),
  });
  const { stepSize, covariance, acceptance: rate, ...found } = result;
  const made = { ...found, names: target.names, stats: { acceptance_rate: rate } };
  return {
    ...made,
    warnings: await chainWarnings(target, made, options),
    ...(propose ? {} : { stepSize: stepSize.item(), covariance: covariance.tolist() as number[][] }),
  };
}
