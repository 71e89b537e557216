import type { ApplicationOptions } from "@credence/core";

/** Bumped where a phase comes to mean something else. */
export const phaseFormat = "gravity 1";

/** Numbers of everything, by how long a run may take. */
export interface Effort {
  /** Draws of every posterior of the cells. */
  readonly draws: number;
  /** Eigenvectors of the low-rank posterior. */
  readonly rank: number;
  /** Of the chains for bodies: draws of each of four, after as many of warm-up. */
  readonly chainDraws: number;
  /** Data sets that residuals are compared with. */
  readonly replicates: number;
  /** Grounds drawn from the prior for calibration, and draws of the posterior of each. */
  readonly calibrations: number;
  readonly calibrationDraws: number;
}

const thorough: Effort = { draws: 2000, rank: 250, chainDraws: 1000, replicates: 499, calibrations: 200, calibrationDraws: 99 };
const quick: Effort = { ...thorough, draws: 1000, chainDraws: 300, replicates: 199, calibrations: 40 };

/**
 * Effort of a run. `simulations` is the number of draws of every posterior of the cells.
 *
 * @throws {RangeError} for too few of them
 */
export function effortOf({ quick: short, simulations }: Pick<ApplicationOptions, "quick" | "simulations">): Effort {
  const effort = short ? quick : thorough;
  if (simulations === undefined) return effort;
  if (simulations < 200)
    throw new RangeError(`--simulations is the number of draws of each posterior here, at least 200; got ${simulations}`);
  return { ...effort, draws: simulations };
}
