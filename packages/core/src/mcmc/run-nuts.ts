import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { drawsOf } from "./draws-of.ts";
import { adaptStepSizes, fixStepSizes, initStepSizes, type StepSizes, settledStepSizes } from "./dual-averaging.ts";
import { inBestForm } from "./in-best-form.ts";
import { initNuts, type NutsInfo, type NutsState, standing, stepNuts } from "./nuts.ts";
import { type ChainOptions, checkCounts, checkedOptions } from "./options.ts";
import { runChains } from "./run-chains.ts";
import type { Kernel } from "./transition.ts";

export interface NutsOptions extends ChainOptions {
  /** Doublings of a trajectory at most; 10 if absent, which is 1,023 leapfrog steps. */
  readonly treeDepthMax?: number;
  /** 0.9 if absent: steps a third shorter than at 0.8, for which models with groups diverge in one run of three and not of twenty. */
  readonly targetAcceptance?: number;
}

/**
 * Draws from a target by the No-U-Turn sampler (Hoffman and Gelman 2014; Betancourt 2017), whose step size and mass matrix tune themselves in the
 * warm-up. All chains are rows of one program; see `stepNuts` for the algorithm and `Draws` for what comes back.
 * @throws RangeError where no finite start is found, or an option makes no sense
 */
export async function nuts(target: Target, options: NutsOptions): Promise<Draws> {
  requireTarget("nuts", target, options);
  const { treeDepthMax = 10 } = options;
  const given: ChainOptions = { targetAcceptance: 0.9, ...options };
  checkCounts("nuts", { treeDepthMax: [treeDepthMax, 1] });
  if (treeDepthMax > 16) throw new RangeError(`nuts: treeDepthMax must be at most 16, got ${treeDepthMax}`);
  const { acceptance } = checkedOptions("nuts", given);
  const kernel: Kernel<NutsState, StepSizes, NutsInfo> = {
    init: (gradient, position, metric) => initNuts(gradient, position, { metric, doublings: treeDepthMax }),
    step: (gradient, key, state, { stepSize }, { metric, goal }) =>
      stepNuts(gradient, key, state, { metric, stepSize, goal, doublings: treeDepthMax }),
    chains: (state) => standing(state, target.dimension),
    tune: initStepSizes,
    adapt: (sizes, info) => adaptStepSizes(sizes, info.done, info.count.sub(1), info.acceptance, acceptance),
    stepSize: (sizes) => sizes.stepSize,
    settled: settledStepSizes,
    fix: fixStepSizes,
    pooling: "within",
  };
  return inBestForm(target, given, async (form) => drawsOf(form, await runChains("nuts", form, kernel, given), given, { treeDepthMax }));
}
