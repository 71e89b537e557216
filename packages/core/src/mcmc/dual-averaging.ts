import { cast, exp, log, slice, sort, type Tensor, where, zerosLike } from "@credence/tensor";

/** The step size of every chain on its way to an acceptance, all [n]. */
export type StepSizes = {
  /** Now in use. */
  readonly stepSize: Tensor;
  /** log of the averaged step size, which is kept at the end. */
  readonly logMean: Tensor;
  /** Averaged shortfall of the acceptance. */
  readonly shortfall: Tensor;
  /** What log step size is drawn to. */
  readonly centre: Tensor;
};

/** Step sizes to start from, [n]. */
export const initStepSizes = (stepSize: Tensor): StepSizes => ({
  stepSize,
  logMean: log(stepSize),
  shortfall: zerosLike(stepSize),
  centre: log(stepSize).add(Math.log(10)),
});

/** The averaged step sizes, [n]. */
export const settledStepSizes = (sizes: StepSizes): Tensor => exp(sizes.logMean);

/**
 * One step size for all chains, the median of those that they have come to: after the warm-up they are after the same density, and one that went
 * astray does not move it. With equal steps, chains need about equally many.
 */
export function fixStepSizes(sizes: StepSizes): StepSizes {
  const [n] = sizes.logMean.shape as [number];
  const [sorted] = sort(sizes.logMean);
  const middle = slice(sorted, [Math.floor((n - 1) / 2)], [Math.floor(n / 2) + 1]).mean();
  const logMean = middle.broadcastTo([n]);
  return { ...sizes, stepSize: exp(logMean), logMean };
}

/**
 * Nesterov's dual averaging of the log step size, where `done` holds (Hoffman and Gelman 2014, section 3.2; gamma = 0.05, t0 = 10, kappa = 0.75).
 * @param count transitions of each chain before this one, [n]
 * @param acceptance of this transition, [n]
 * @param target acceptance to come to
 */
export function adaptStepSizes(sizes: StepSizes, done: Tensor, count: Tensor, acceptance: Tensor, target: number): StepSizes {
  const t = cast(count, "f64").add(1);
  const share = t.add(10).pow(-1);
  const shortfall = share.mul(acceptance.neg().add(target).sub(sizes.shortfall)).add(sizes.shortfall);
  const logStep = sizes.centre.sub(
    t
      .sqrt()
      .mul(shortfall)
      .mul(1 / 0.05),
  );
  const weight = exp(log(t).mul(-0.75));
  return {
    stepSize: where(done, exp(logStep), sizes.stepSize),
    logMean: where(done, weight.mul(logStep.sub(sizes.logMean)).add(sizes.logMean), sizes.logMean),
    shortfall: where(done, shortfall, sizes.shortfall),
    centre: sizes.centre,
  };
}
