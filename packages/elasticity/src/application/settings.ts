import type { ApplicationOptions } from "@credence/core";

/** Bumped where a phase comes to mean something else. */
export const phaseFormat = "elasticity 1";

/** Numbers of everything, by how long a run may take. */
export interface Effort {
  /** Draws of every posterior. */
  readonly draws: number;
  /** Degree of the polynomials of the reduced model. */
  readonly order: number;
  /** Features of each displacement in the random network. */
  readonly features: number;
  /** Draws on either side of a classifier. */
  readonly classifierDraws: number;
  /** Replicated readings. */
  readonly replicated: number;
  /** Replicates of a calibration, and posterior draws of each. */
  readonly replicates: number;
  readonly replicateDraws: number;
  /** Readings that the digital twin takes in at most. */
  readonly stream: number;
  /** Simulations that the amortised posterior is trained on. */
  readonly simulations: number;
}

const thorough: Effort = {
  draws: 4000,
  order: 16,
  features: 250,
  classifierDraws: 1000,
  replicated: 1000,
  replicates: 300,
  replicateDraws: 99,
  stream: 400,
  simulations: 100_000,
};

const quick: Effort = {
  ...thorough,
  draws: 2000,
  order: 12,
  features: 180,
  classifierDraws: 500,
  replicated: 500,
  replicates: 100,
  stream: 120,
  simulations: 20_000,
};

/**
 * Effort of a run. `simulations` is the number of simulations that the amortised posterior learns from.
 *
 * @throws {RangeError} for too few of them to learn from
 */
export function effortOf({ quick: short, simulations }: Pick<ApplicationOptions, "quick" | "simulations">): Effort {
  const effort = short ? quick : thorough;
  if (simulations === undefined) return effort;
  if (simulations < simulationsMin)
    throw new RangeError(
      `--simulations is the number that the amortised posterior learns from, at least ${simulationsMin}; got ${simulations}`,
    );
  return { ...effort, simulations };
}

const simulationsMin = 2000;
