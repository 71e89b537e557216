import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { adaptChees, type CheesTuning, cheesSteps, fixChees, initChees } from "./chees.ts";
import { drawsOf } from "./draws-of.ts";
import { settledStepSizes } from "./dual-averaging.ts";
import { type HmcInfo, type HmcState, initHmc, stepHmc } from "./hmc.ts";
import { inBestForm } from "./in-best-form.ts";
import { type ChainOptions, checkCounts, checkedOptions } from "./options.ts";
import { runChains } from "./run-chains.ts";
import type { Kernel } from "./transition.ts";

export interface CheesOptions extends Omit<ChainOptions, "massMatrix"> {
  /** 64 if absent; at least 4. */
  readonly chains?: number;
  /** 500 if absent. */
  readonly warmup?: number;
  /** 250 if absent. */
  readonly draws?: number;
  /** 0.8 if absent: a little above 0.651, the best for a normal target in many dimensions (Beskos et al. 2013), against divergences elsewhere. */
  readonly targetAcceptance?: number;
  /** Leapfrog steps of a transition at most; 1,000 if absent. */
  readonly stepsMax?: number;
}

/**
 * Draws from a target by Hamiltonian Monte Carlo whose trajectory length, step size and diagonal mass matrix are learned by all chains together
 * (Hoffman, Radul and Sountsov 2021): for dozens to thousands of chains, which take the same number of steps and so never wait for one another. With a
 * few chains `nuts` is better.
 * @throws RangeError where no finite start is found, or an option makes no sense
 */
export async function chees(target: Target, options: CheesOptions): Promise<Draws> {
  requireTarget("chees", target, options);
  const { chains = 64, warmup = 500, draws = 250, targetAcceptance = 0.8, stepsMax = 1000, ...rest } = options;
  const given: ChainOptions = { ...rest, chains, warmup, draws, targetAcceptance };
  checkCounts("chees", { chains: [chains, 4], stepsMax: [stepsMax, 1] });
  const { acceptance } = checkedOptions("chees", given);
  const kernel: Kernel<HmcState, CheesTuning, HmcInfo> = {
    init: initHmc,
    chains: (state) => state,
    step: (gradient, key, state, tuning, { metric, goal, number }) =>
      stepHmc(gradient, key, state, { metric, stepSize: tuning.sizes.stepSize, goal, steps: cheesSteps(tuning, number, stepsMax) }),
    tune: initChees,
    adapt: (tuning, info, before, { metric, number }) =>
      adaptChees(tuning, info, before, (position) => position.div(metric), number, acceptance),
    stepSize: ({ sizes }) => sizes.stepSize,
    settled: ({ sizes }) => settledStepSizes(sizes),
    fix: fixChees,
    pooling: "all",
  };
  return inBestForm(target, given, async (form) => drawsOf(form, await runChains("chees", form, kernel, given), given));
}
