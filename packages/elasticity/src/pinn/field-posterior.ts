import { array, asTensor, map, NdArray, program, type Tensor, type Tree } from "@credence/tensor";
import { lameAt } from "../field/elastic-field.ts";
import { type GridPosterior, gridPosterior } from "../oracle/grid-posterior.ts";
import { onceFor } from "../oracle/once-for.ts";
import { type Collocation, collocationOf } from "./collocation.ts";
import { densityOfMaterial, type LogDensityOfMaterial } from "./density-of-material.ts";
import type { Features } from "./features.ts";
import { leastSquaresMaterial, type MisfitOfMaterial } from "./least-squares-material.ts";
import type { PinnProblem } from "./pinn-problem.ts";
import { displacementGiven, logDensities, misfitOfForce, type WeightSystem, weightSystem } from "./weight-posterior.ts";

export interface FieldPosteriorOptions {
  /**
   * "conditional", if absent: p(readings | force, material). "joint": p(readings, force | material), which also asks how well each material's displacements, of weights
   * drawn from their prior, would have made the force. The force is given and no outcome of that prior; the extra factor is its bias.
   */
  readonly form?: "conditional" | "joint";
  /** Places where the equations hold; 1200 if absent, 4000 in three dimensions. */
  readonly collocation?: number;
  /** Places on each face; 60 if absent, 300 in three dimensions. */
  readonly facePoints?: number;
  /**
   * sd with which the force per volume and the tractions are known at each of these places, and a tenth of it that of prescribed displacements, all over the size of the
   * loads and readings; 1e-4 if absent. A body whose loads are known holds its equations exactly; this is what features can meet.
   */
  readonly forceSd?: number;
  /** Prior sd of every weight, over the size of the readings; 10 if absent. */
  readonly weightSd?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** The posterior of a material where the displacement is a sum of features with normal weights, which are integrated out in closed form. */
export interface FieldPosterior extends GridPosterior {
  readonly form: "conditional" | "joint";
  /** Mean and sd of the displacement at places [n, d], in the unit of the readings. */
  displacement(points: NdArray | readonly (readonly number[])[]): Promise<{ readonly mean: NdArray; readonly sd: NdArray }>;
  /** Largest error of the interpolated log density, nats. */
  readonly interpolationError: number;
}

/** Features of a place that are a function of some arrays. */
export interface FeatureFamily<P> {
  readonly of: (params: P) => Features;
  readonly params: Tree<NdArray>;
}

/** The posterior of lambda and mu under any features. */
export async function fieldPosterior<P>(
  problem: PinnProblem,
  family: FeatureFamily<P> | ((at: Collocation) => FeatureFamily<P>),
  options: FieldPosteriorOptions,
): Promise<FieldPosterior> {
  const owner = `${problem.problem.name}: fieldPosterior`;
  const three = problem.dimension === 3;
  const { form = "conditional", collocation = three ? 4000 : 1200, facePoints = three ? 300 : 60, forceSd = 1e-4, weightSd = 10 } = options;
  for (const [name, value] of Object.entries({ forceSd, weightSd }))
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${owner}: ${name} must be > 0 and finite, got ${value}`);
  if (problem.sensors.shape[0] === 0) throw new RangeError(`${owner}: there are no readings to learn from; give sensors and readings`);
  const { units } = problem;
  const at = await collocationOf(problem.problem, units, options.seed, { interior: collocation, face: facePoints });
  const { of, params } = typeof family === "function" ? family(at) : family;
  const run = options.signal ? { signal: options.signal } : {};
  const programs = programsOf(problem)(of as (params: unknown) => Features);
  const sds = array([forceSd, forceSd, forceSd / 10, weightSd], { dtype: "f64" });
  const system = await programs.system.runAsync([params as never, at as never, problem.sensors, problem.readings, problem.noise, sds], run);
  const logNoise = (problem.noise.data() as Float64Array).reduce((sum, sd) => sum + Math.log(sd), 0);
  const constant = -logNoise - (problem.noise.size / 2) * Math.log(2 * Math.PI);
  const densityOf: LogDensityOfMaterial = async (materials) => {
    const columns = [0, 1].map((k) => array(Float64Array.from(materials, (m) => m[k]!)));
    const { readings, force, prior } = await programs.density.runAsync([system as never, columns[0]!, columns[1]!], run);
    const [r, f, p] = [readings, force, prior].map((values) => values.data() as Float64Array);
    return Array.from(r!, (v, k) => v + constant + p![k]! + (form === "joint" ? f![k]! : 0));
  };
  const misfitOf: MisfitOfMaterial = async (materials) => {
    const columns = [0, 1].map((k) => array(Float64Array.from(materials, (m) => m[k]!)));
    const rows = (await programs.misfit.runAsync([system as never, columns[0]!, columns[1]!], run)).data() as Float64Array;
    const width = rows.length / materials.length;
    return materials.map((_, k) => rows.subarray(k * width, (k + 1) * width));
  };
  // The joint form may rise without end elsewhere: both are followed from the material that the readings fit best.
  const density = await densityOfMaterial(owner, densityOf, await leastSquaresMaterial(owner, misfitOf, units.stress));
  const posterior = gridPosterior(density.grid);
  return {
    ...posterior,
    form,
    interpolationError: density.interpolationError,
    warnings: [...problem.warnings, ...posterior.warnings],
    async displacement(points) {
      const places = points instanceof NdArray ? points : array(points, { dtype: "f64" });
      const [x, y] = density.centre;
      const [a, b, c] = density.spread;
      // Gauss and Hermite's three places along each axis.
      const root = Math.sqrt(3);
      const nodes = [-root, 0, root].flatMap((s) => [-root, 0, root].map((t) => [s, t] as const));
      const share = ([s, t]: readonly [number, number]): number => (s === 0 ? 2 / 3 : 1 / 6) * (t === 0 ? 2 / 3 : 1 / 6);
      return programs.displacement.runAsync(
        [
          system as never,
          params as never,
          places,
          array(Float64Array.from(nodes, ([s]) => Math.exp(x + a * s))),
          array(Float64Array.from(nodes, ([s, t]) => Math.exp(y + b * s + c * t))),
          array(Float64Array.from(nodes, share)),
        ],
        run,
      );
    },
  };
}

/** Programs of a problem and a family of features, traced once. */
const programsOf = onceFor((problem: PinnProblem) =>
  onceFor((of: (params: unknown) => Features) => {
    const { units } = problem;
    const scaled = (x: Tensor): Tensor => x.sub(asTensor(array([...units.centre], { dtype: "f64" }))).div(units.length);
    /** lambda and mu of the setting, in units of the problem. */
    const effective = (lambda: Tensor, mu: Tensor) => {
      const found = lameAt(lambda, { lambda, mu }, problem.problem.setting);
      return { lambda: found.lambda.div(units.stress), mu: found.mu.div(units.stress) };
    };
    return {
      system: program((params: unknown, at: Collocation<Tensor>, places: Tensor, readings: Tensor, noise: Tensor, sds: Tensor) => {
        const sensors = { places: scaled(places), readings: readings.div(units.displacement), noise: noise.div(units.displacement) };
        const sd = { force: sds.index(0), traction: sds.index(1), held: sds.index(2) };
        return { ...weightSystem(of(params), at, sensors, sd, sds.index(3)) };
      }),
      density: program(
        (system: WeightSystem, lambda: Tensor, mu: Tensor) =>
          map(
            (at: { lambda: Tensor; mu: Tensor }) => {
              const e = effective(at.lambda, at.mu);
              return { ...logDensities(system, e.lambda, e.mu), prior: problem.prior?.(at.lambda, at.mu) ?? at.lambda.mul(0) };
            },
            { lambda, mu },
          ) as { readings: Tensor; force: Tensor; prior: Tensor },
      ),
      misfit: program(
        (system: WeightSystem, lambda: Tensor, mu: Tensor) =>
          map(
            (at: { lambda: Tensor; mu: Tensor }) => {
              const e = effective(at.lambda, at.mu);
              return misfitOfForce(system, e.lambda, e.mu);
            },
            { lambda, mu },
          ) as Tensor,
      ),
      displacement: program((system: WeightSystem, params: unknown, places: Tensor, lambda: Tensor, mu: Tensor, share: Tensor) => {
        const each = map(
          (at: { lambda: Tensor; mu: Tensor }) => {
            const e = effective(at.lambda, at.mu);
            return displacementGiven(system, of(params), scaled(places), e.lambda, e.mu);
          },
          { lambda, mu },
        ) as { mean: Tensor; variance: Tensor };
        const averaged = (t: Tensor): Tensor => t.mul(share.reshape([share.size, 1, 1])).sum(0);
        const mean = averaged(each.mean);
        const variance = averaged(each.variance.add(each.mean.sub(mean).square()));
        return { mean: mean.mul(units.displacement), sd: variance.sqrt().mul(units.displacement) };
      }),
    };
  }),
);
