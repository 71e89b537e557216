import { array, concat, NdArray, program, type Tensor } from "@credence/tensor";
import { requireMaterial } from "../field/elastic-field.ts";
import { effectiveLambda, type Lame } from "../material.ts";
import { type Collocation, collocationOf } from "./collocation.ts";
import { randomFeatures, randomUnits } from "./features.ts";
import { displacementRows } from "./operators.ts";
import type { PinnProblem } from "./pinn-problem.ts";
import { weightSystem, weightsOfForce } from "./weight-posterior.ts";

export interface RandomFeatureDisplacementOptions {
  readonly material: Lame;
  /** tanh functions for each component; 250 if absent, 600 in three dimensions. */
  readonly features?: number;
  /** Root mean square of their slopes per half extent of the body; 2 if absent. */
  readonly slope?: number;
  /** Places where equilibrium holds; 1200 if absent, 4000 in three dimensions. */
  readonly collocation?: number;
  /** Places on each face; 60 if absent, 300 in three dimensions. */
  readonly facePoints?: number;
  /** As in `randomFeaturePosterior`; 1e-4 if absent. */
  readonly forceSd?: number;
  /**
   * Further inputs of the features besides the coordinates, [n, d] -> [n, e], of the size of 1; about a hole of radius a, a^2 x / |x|^2 turns what dies away from it into
   * something smooth.
   */
  readonly inputs?: (points: Tensor) => Tensor;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * The displacement of a body of known material under its loads, by random tanh features whose weights are normal and conditioned on the equations: the forward problem of a
 * physics-informed network, solved by one factorisation instead of by training. Says how well the equations are met.
 * @throws {RangeError} for a material without a stable state
 */
export async function randomFeatureDisplacement(problem: PinnProblem, options: RandomFeatureDisplacementOptions) {
  const three = problem.dimension === 3;
  const { material, features = three ? 600 : 250, slope = 2, forceSd = 1e-4, seed } = options;
  const { collocation = three ? 4000 : 1200, facePoints = three ? 300 : 60 } = options;
  const owner = `${problem.problem.name}: randomFeatureDisplacement`;
  requireMaterial(owner, material, problem.problem.setting);
  if (!(forceSd > 0 && Number.isFinite(forceSd))) throw new RangeError(`${owner}: forceSd must be > 0 and finite, got ${forceSd}`);
  if (!(Number.isInteger(features) && features >= 10 && features <= collocation))
    throw new RangeError(`${owner}: features must be a whole number from 10 to the ${collocation} places of collocation, got ${features}`);
  const { units } = problem;
  const run = options.signal ? { signal: options.signal } : {};
  const at = await collocationOf(problem.problem, units, seed, { interior: collocation, face: facePoints });
  const { inputs } = options;
  const seen = (x: Tensor, c: Tensor): Tensor => (inputs ? concat([x, inputs(x.mul(units.length).add(c))], 1) : x);
  const centre = array([...units.centre], { dtype: "f64" });
  const params = randomUnits(program(seen)(at.inside, centre), at.insideWeight, { count: features, slope, seed });
  const lame = [effectiveLambda(material, problem.problem.setting), material.mu].map((v) => v / units.stress);
  const solved = program((places: Collocation<Tensor>, p: { slopes: Tensor; shifts: Tensor }, moduli: Tensor, c: Tensor) => {
    const nowhere = places.inside.slice([0], [1]);
    const sensors = { places: nowhere, readings: nowhere, noise: nowhere.mul(0).add(1) };
    const noise = { force: forceSd, traction: forceSd, held: forceSd / 10 };
    const system = weightSystem((x) => randomFeatures(p)(seen(x, c)), places, sensors, noise, 10);
    const { weights, left } = weightsOfForce(system, moduli.index(0), moduli.index(1));
    return { weights, left };
  });
  const { weights, left } = await solved.runAsync([at as never, params as never, array(lame, { dtype: "f64" }), centre], run);
  const rows = (collocation + Object.keys(problem.problem.body.faces).length * facePoints) * problem.dimension;
  const displacement = program((x: Tensor, c: Tensor, p: { slopes: Tensor; shifts: Tensor }, w: Tensor) => {
    const [n, d] = x.shape as [number, number];
    return displacementRows((places) => randomFeatures(p)(seen(places, c)), x.sub(c).div(units.length))
      .matmul(w)
      .reshape([d, n])
      .T.mul(units.displacement);
  });
  return {
    /** Displacement at places [n, d], [n, d]. */
    displacement: (points: NdArray | readonly (readonly number[])[]): Promise<NdArray> =>
      displacement.runAsync([points instanceof NdArray ? points : array(points, { dtype: "f64" }), centre, params as never, weights], run),
    /** Root mean square of what is left of the equations, over the size of the loads. */
    residual: forceSd * Math.sqrt(left.item() / rows),
  };
}
