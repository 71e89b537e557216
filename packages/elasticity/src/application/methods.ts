import { derivedSeed, laplaceApproximation, nuts, summarizeChains } from "@credence/core";
import type { Misfit } from "../oracle/misfit.ts";
import { problemOf } from "../oracle/problem.ts";
import type { QuadraturePosterior } from "../oracle/quadrature-posterior.ts";
import { pinnProblem } from "../pinn/pinn-problem.ts";
import { randomFeaturePosterior } from "../pinn/random-feature-posterior.ts";
import type { NormalMaterial } from "./coordinates.ts";
import type { Method } from "./fit.ts";
import type { SensorObservation } from "./observation.ts";
import { reducedTarget } from "./reduced-target.ts";
import type { Run } from "./run.ts";

/** The exact answer as draws. */
export const quadratureMethod = (
  { effort, seed }: Run,
  posterior: QuadraturePosterior,
  key = "quadrature",
  label = "quadrature",
): Method => ({
  key,
  label,
  run: async () => ({
    draws: posterior.sample(effort.draws, { seed: derivedSeed(seed, 1) }).draws,
    logEvidence: posterior.logEvidence,
    warnings: posterior.warnings,
  }),
});

/** Hamiltonian chains over the reduced model: another way to the same answer. */
export const nutsMethod = ({ effort, seed, context }: Run, misfit: Misfit, about: NormalMaterial): Method => ({
  key: "nuts",
  label: "NUTS over the reduced model",
  run: async () => {
    const chains = 4;
    const draws = Math.ceil(effort.draws / chains);
    const sampled = await nuts(reducedTarget(misfit, about), {
      chains,
      draws,
      warmup: 500,
      seed: derivedSeed(seed, 2),
      signal: context.signal,
    });
    const summaries = summarizeChains(sampled);
    return {
      draws: sampled.draws,
      warnings: sampled.warnings,
      numbers: {
        rHatMax: Math.max(...summaries.map(({ rHat }) => rHat)),
        essMin: Math.min(...summaries.map(({ essBulk, essTail }) => Math.min(essBulk, essTail))),
      },
    };
  },
});

/** The normal at the mode. */
export const laplaceMethod = ({ effort, seed, context }: Run, misfit: Misfit, about: NormalMaterial): Method => ({
  key: "laplace",
  label: "Laplace, reduced model",
  run: async () => {
    const fit = await laplaceApproximation(reducedTarget(misfit, about), { seed: derivedSeed(seed, 3), signal: context.signal });
    const { draws, warnings } = await fit.sample(effort.draws, { seed: derivedSeed(seed, 4) });
    return { draws, warnings };
  },
});

/** The last layer of a network whose first one is random, given the forces or jointly with them. */
export const networkMethod = ({ effort, seed, context, observation }: Run<SensorObservation>, form: "conditional" | "joint"): Method => ({
  key: `random-features-${form}`,
  label: form === "conditional" ? "network of random features" : "the same, jointly with the force",
  run: async () => {
    const { field, places, readings, noiseSd } = observation;
    const problem = pinnProblem({ problem: problemOf(field), sensors: places, readings, noise: noiseSd });
    const posterior = await randomFeaturePosterior(problem, {
      form,
      features: effort.features,
      seed: derivedSeed(seed, 5),
      signal: context.signal,
    });
    return {
      draws: posterior.sample(effort.draws, { seed: derivedSeed(seed, 6) }).draws,
      logEvidence: posterior.logEvidence,
      warnings: posterior.warnings,
    };
  },
});
