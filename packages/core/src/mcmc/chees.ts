import {
  any,
  array,
  constant,
  exp,
  expandDims,
  isFinite,
  logicalAnd,
  maximum,
  minimum,
  rem,
  sqrt,
  sum,
  type Tensor,
  take,
  where,
} from "@credence/tensor";
import { adaptStepSizes, fixStepSizes, initStepSizes, type StepSizes } from "./dual-averaging.ts";
import { type HmcInfo, stepsFor } from "./hmc.ts";
import type { ChainState } from "./transition.ts";

/** Step size and trajectory length, both shared by all chains. Scalars but for the step sizes, which are all the same. */
export type CheesTuning = {
  readonly sizes: StepSizes;
  /** log of the longest trajectory, in time, and its average, which is kept at the end. */
  readonly logLength: Tensor;
  readonly logLengthMean: Tensor;
  /** Running mean of the squared slope, and its weight so far. */
  readonly square: Tensor;
  readonly squareWeight: Tensor;
};

/** Of Adam: learning rate and decay of the squared slope, with no momentum (Hoffman, Radul and Sountsov 2021, section 3). */
const [rate, decay] = [0.025, 0.95];
/** log length moves by at most this in a transition. */
const moveMost = 0.35;

/** The van der Corput sequence in base 2, Halton's in one dimension: 1/2, 1/4, 3/4, 1/8, ... */
const halton = Float64Array.from({ length: 4096 }, (_, i) => {
  let value = 0;
  for (let n = i + 1, place = 0.5; n > 0; n >>= 1, place /= 2) value += (n & 1) * place;
  return value;
});

/** The share of the longest trajectory that transition `number` takes, in (0, 1); the same for all chains. */
export const cheesJitter = (number: Tensor): Tensor => take(constant(array(halton)), rem(number, halton.length));

/** Leapfrog steps of transition `number`, i32 scalar. */
export const cheesSteps = (tuning: CheesTuning, number: Tensor, most: number): Tensor =>
  stepsFor(cheesJitter(number).mul(exp(tuning.logLength)), tuning.sizes.stepSize.mean(), most);

/** One step size for all chains; trajectories of one step, or as long as they were in the window before unless this is the `first`, a bool scalar. */
export function initChees(stepSize: Tensor, before?: CheesTuning, first?: Tensor): CheesTuning {
  const sizes = fixStepSizes(initStepSizes(stepSize));
  const logStep = sizes.logMean.mean();
  const nothing = logStep.mul(0);
  const since = (start: Tensor, old: Tensor | undefined): Tensor => (old && first ? where(first, start, old) : start);
  return {
    sizes: initStepSizes(sizes.stepSize),
    logLength: since(logStep, before?.logLengthMean),
    logLengthMean: since(logStep, before?.logLengthMean),
    square: since(nothing, before?.square),
    squareWeight: since(nothing, before?.squareWeight),
  };
}

/**
 * Moves the length of trajectories up the slope of the change in the estimator of the expected square per unit of time,
 * E[(|x' - E x'|^2 - |x - E x|^2)^2] / 4 t, which is large where a trajectory of time t takes every chain to another distance from the centre (Hoffman, Radul and
 * Sountsov 2021, algorithm 1; Sountsov and Hoffman 2022 for the rate); and the step size by the mean acceptance. x are positions in units of the metric.
 *
 * Not the criterion itself, as in the first paper: it has no price for time, and on eight schools trajectories grew to 500 steps. Nor the harmonic mean of the
 * acceptances, which is ruled by the worst of many chains: with 1,024 of them steps were a third as long as they could be.
 * @param scaled positions in units of the metric, [n, D]
 */
export function adaptChees(
  tuning: CheesTuning,
  info: HmcInfo,
  before: ChainState,
  scaled: (position: Tensor) => Tensor,
  number: Tensor,
  target: number,
): CheesTuning {
  const done = any(info.done);
  const usable = logicalAnd(isFinite(sum(info.end.position, -1)), info.acceptance.greater(0));
  const start = scaled(before.proposal.position);
  const end = scaled(where(expandDims(usable, -1), info.end.position, before.proposal.position));
  const weight = where(usable, info.acceptance, 0);
  const [fromCentre, toCentre] = [start.sub(start.mean(0)), end.sub(end.mean(0))];
  const change = sum(toCentre.square(), -1).sub(sum(fromCentre.square(), -1));
  const along = sum(toCentre.mul(where(expandDims(usable, -1), info.end.momentum, 0)), -1);
  // d/dlog t of change^2 / (4 t), with d change / dt = 2 along.
  const length = info.steps.mean().mul(tuning.sizes.stepSize.mean());
  const slopes = change.mul(along).sub(change.square().div(length.mul(4).maximum(1e-300)));
  const slope = sum(slopes.mul(weight)).div(maximum(sum(weight), 1e-20));
  const good = logicalAnd(done, isFinite(slope));
  const square = tuning.square.mul(decay).add(slope.square().mul(1 - decay));
  const squareWeight = tuning.squareWeight.mul(decay).add(1 - decay);
  const move = slope.div(sqrt(square.div(squareWeight)).add(1e-300)).mul(rate);
  const logLength = tuning.logLength.add(minimum(maximum(move, -moveMost), moveMost));
  const t = number.cast("f64").add(1);
  const share = sqrt(t).pow(-1);
  const kept = (next: Tensor, old: Tensor): Tensor => where(good, next, old);
  return {
    sizes: adaptStepSizes(tuning.sizes, info.done, before.count, info.acceptance.mean().broadcastTo(info.acceptance.shape), target),
    logLength: kept(logLength, tuning.logLength),
    logLengthMean: kept(tuning.logLengthMean.add(share.mul(logLength.sub(tuning.logLengthMean))), tuning.logLengthMean),
    square: kept(square, tuning.square),
    squareWeight: kept(squareWeight, tuning.squareWeight),
  };
}

/** What the draws are made with. */
export const fixChees = (tuning: CheesTuning): CheesTuning => ({
  ...tuning,
  sizes: fixStepSizes(tuning.sizes),
  logLength: tuning.logLengthMean,
});
