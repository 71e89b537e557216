import { exp, log, random, reshape, type Tensor } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { drawsOf } from "./draws-of.ts";
import { adaptStepSizes, fixStepSizes, initStepSizes, type StepSizes, settledStepSizes } from "./dual-averaging.ts";
import { type HmcInfo, type HmcState, initHmc, stepHmc, stepsFor } from "./hmc.ts";
import { inBestForm } from "./in-best-form.ts";
import { type ChainOptions, checkCounts, checkedOptions } from "./options.ts";
import { runChains } from "./run-chains.ts";
import type { Kernel } from "./transition.ts";

export interface HmcOptions extends ChainOptions {
  /**
   * How far a trajectory goes in time, where a standard deviation of the target is 1 (the mass matrix sees to that): pi / 2 if absent, a quarter of the
   * period of a normal target, after which a draw is independent of the last one. Each transition takes between half and one and a half of it.
   */
  readonly trajectoryLength?: number;
  /** Leapfrog steps of a transition at most; 1,000 if absent. */
  readonly stepsMax?: number;
}

/**
 * Draws from a target by Hamiltonian Monte Carlo with trajectories of a set length (Neal 2011), jittered so that no period of the target is met again and
 * again. All chains take equally many steps, so none waits; `nuts` finds the length by itself, `chees` from many chains.
 * @throws RangeError where no finite start is found, or an option makes no sense
 */
export async function hmc(target: Target, options: HmcOptions): Promise<Draws> {
  requireTarget("hmc", target, options);
  const { trajectoryLength = Math.PI / 2, stepsMax = 1000 } = options;
  checkCounts("hmc", { stepsMax: [stepsMax, 1] });
  if (!(trajectoryLength > 0 && trajectoryLength < Infinity))
    throw new RangeError(`hmc: trajectoryLength must be > 0, got ${trajectoryLength}`);
  const { acceptance } = checkedOptions("hmc", options);
  const kernel: Kernel<HmcState, StepSizes, HmcInfo> = {
    init: initHmc,
    chains: (state) => state,
    step: (gradient, key, state, sizes, { metric, goal }) => {
      const jitter = reshape(random.uniform(random.fold(key, 2), [1], { dtype: "f64" }), []).add(0.5);
      const common: Tensor = exp(log(sizes.stepSize).mean());
      const steps = stepsFor(jitter.mul(trajectoryLength), common, stepsMax);
      return stepHmc(gradient, key, state, { metric, stepSize: sizes.stepSize, goal, steps });
    },
    tune: initStepSizes,
    adapt: (sizes, info, before) => adaptStepSizes(sizes, info.done, before.count, info.acceptance, acceptance),
    stepSize: (sizes) => sizes.stepSize,
    settled: settledStepSizes,
    fix: fixStepSizes,
    pooling: "within",
  };
  return inBestForm(target, options, async (form) => drawsOf(form, await runChains("hmc", form, kernel, options), options));
}
