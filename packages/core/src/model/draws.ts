import type { NdArray } from "@credence/tensor";

/** Draws of one or more chains, whatever method made them. A method without chains gives one. */
export interface Draws {
  /** Names of the K quantities. */
  readonly names: readonly string[];
  /** f64 [chains, draws, K] */
  readonly draws: NdArray;
  /** The same draws where the method worked, f64 [chains, draws, D]. */
  readonly unconstrained: NdArray;
  /** Parameters that the sampler chose to draw in their non-centred form; the draws are in the coordinates of the target all the same. */
  readonly noncentred?: readonly string[];
  /** log density at each of them, in unconstrained space, f64 [chains, draws]. */
  readonly logDensity: NdArray;
  /**
   * What the method says of each draw, f64 [chains, draws], by ArviZ's names: `acceptance_rate`, `diverging` (0 or 1), `energy`, `tree_depth`,
   * `n_steps`, `step_size`, ...
   */
  readonly stats: Readonly<Record<string, NdArray>>;
  /** Plain sentences about what should not be trusted, each with the name of the parameter and what to do; empty if nothing was found. */
  readonly warnings: readonly string[];
}
