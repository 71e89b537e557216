import type { ApplicationOptions } from "@credence/core";

/** Bumped where a phase comes to mean something else. */
export const phaseFormat = "regression 1";

/** Numbers of everything, by how long a run may take. */
export interface Effort {
  /** Of NUTS: chains, and draws of each after as many of warm-up. */
  readonly chains: number;
  readonly draws: number;
  readonly warmup: number;
  /** Draws from a closed form or a fit. */
  readonly fitDraws: number;
  /** Steps of a flow. */
  readonly flowSteps: number;
  /** Draws on either side of a classifier. */
  readonly classifierDraws: number;
  /** Replicated data sets. */
  readonly replicated: number;
  /** Replicates of a calibration, and posterior draws of each. */
  readonly replicates: number;
  readonly replicateDraws: number;
}

const thorough: Effort = {
  chains: 4,
  draws: 1000,
  warmup: 1000,
  fitDraws: 4000,
  flowSteps: 2000,
  classifierDraws: 1000,
  replicated: 1000,
  replicates: 300,
  replicateDraws: 99,
};

const quick: Effort = {
  ...thorough,
  draws: 500,
  warmup: 500,
  fitDraws: 2000,
  flowSteps: 800,
  classifierDraws: 500,
  replicated: 500,
  replicates: 100,
};

/**
 * Effort of a run. `simulations` is the number of draws of every method, all chains together; a chain warms up for as long as it draws.
 *
 * @throws {RangeError} for too few draws to compare methods by.
 */
export function effortOf({ quick: short, simulations }: Pick<ApplicationOptions, "quick" | "simulations">): Effort {
  const effort = short ? quick : thorough;
  if (simulations === undefined) return effort;
  if (simulations < drawsMin)
    throw new RangeError(`--simulations is the number of draws of each method here, at least ${drawsMin}; got ${simulations}`);
  const draws = Math.ceil(simulations / effort.chains);
  return {
    ...effort,
    draws,
    warmup: Math.max(200, draws),
    fitDraws: draws * effort.chains,
    classifierDraws: Math.min(effort.classifierDraws, simulations / 2),
    replicated: Math.min(effort.replicated, simulations),
  };
}

/** Fewer than 100 draws a chain tell nothing about chains. */
const drawsMin = 400;
