import type { Tensor } from "@credence/tensor";
import { randomFeatures, randomUnits } from "./features.ts";
import { type FieldPosterior, type FieldPosteriorOptions, fieldPosterior } from "./field-posterior.ts";
import type { PinnProblem } from "./pinn-problem.ts";

export interface RandomFeaturePosteriorOptions extends FieldPosteriorOptions {
  /** tanh functions for each component of the displacement; 250 if absent, 600 in three dimensions. */
  readonly features?: number;
  /** Root mean square of their slopes per half extent of the body; 2 if absent. Steeper ones for a displacement that varies faster. */
  readonly slope?: number;
}

const family = (params: { readonly slopes: Tensor; readonly shifts: Tensor }) => randomFeatures(params);

/**
 * The posterior of lambda and mu under a displacement u = sum_k w_k tanh(a_k . (x - c_k)) with random a_k, c_k and normal weights w: a network whose hidden layer is drawn and
 * never trained. Displacement, stress and equilibrium are linear in w, so given lambda and mu everything is normal and w is integrated out; lambda and mu are left
 * to quadrature. Conditioned on the force, it comes to the exact posterior as features and places become more. Rahimi and Recht 2007; Dwivedi and Srinivasan 2020.
 * @throws {RangeError} for options that make no sense, and readings that do not determine lambda and mu
 */
export async function randomFeaturePosterior(problem: PinnProblem, options: RandomFeaturePosteriorOptions): Promise<FieldPosterior> {
  const { features = problem.dimension === 3 ? 600 : 250, slope = 2 } = options;
  const owner = `${problem.problem.name}: randomFeaturePosterior`;
  const { collocation = problem.dimension === 3 ? 4000 : 1200 } = options;
  if (!(Number.isInteger(features) && features >= 10 && features <= collocation))
    throw new RangeError(`${owner}: features must be a whole number from 10 to the ${collocation} places of collocation, got ${features}`);
  if (!(slope > 0 && Number.isFinite(slope))) throw new RangeError(`${owner}: slope must be > 0, got ${slope}`);
  return fieldPosterior(
    problem,
    (at) => ({ of: family, params: randomUnits(at.inside, at.insideWeight, { count: features, slope, seed: options.seed }) as never }),
    options,
  );
}
