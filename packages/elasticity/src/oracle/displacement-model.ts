import { array, concat, constant, log, NdArray, type Tensor } from "@credence/tensor";
import { lameAt } from "../field/elastic-field.ts";
import type { Setting } from "../material.ts";
import { assemble } from "./assemble.ts";
import { chebyshev, chebyshevPoints } from "./chebyshev.ts";
import { locate } from "./locate.ts";
import { type MeshOptions, meshOf } from "./mesh.ts";
import type { ElasticProblem } from "./problem.ts";
import { solutions } from "./solutions.ts";

/**
 * Displacements at sensors as a function of the material: features(lambda, mu) times a matrix. A prediction costs a product, and what a posterior needs of many
 * readings is the product of that matrix with itself.
 */
export interface DisplacementModel {
  readonly name: string;
  readonly setting: Setting;
  /** Places of the sensors, f64 [S, d]. */
  readonly sensors: NdArray;
  /** F functions of the material, [n, F] for scalars lambda [n] and mu [n] of the material in three dimensions. Traced, f64. */
  features(lambda: Tensor, mu: Tensor): Tensor;
  /** What each contributes to the d displacements at each of S sensors, f64 [F, S d]. */
  readonly coefficients: NdArray;
  /** Displacements [n, S, d] for n materials. Traced, with derivatives. */
  predict(lambda: Tensor, mu: Tensor): Tensor;
  /** Poisson's ratios between which the model holds. */
  readonly poisson: readonly [number, number];
  /** The last coefficients over the largest: how well the dependence on Poisson's ratio is met. */
  readonly truncation: number;
  /** Unknowns of the linear systems. */
  readonly unknowns: number;
}

export interface DisplacementModelOptions extends MeshOptions {
  /** Range of Poisson's ratio, within (-1, 0.5); from -0.3 to 0.49 if absent. */
  readonly poisson?: readonly [number, number];
  /** Poisson's ratios for which the equations are solved; 24 if absent. */
  readonly ratios?: number;
  /** See {@link locate}. */
  readonly tolerance?: number;
  readonly signal?: AbortSignal;
}

/**
 * Solves a problem by Galerkin's method for a range of Poisson's ratios. Since K = lambda K_lambda + mu K_mu and loads do not know the material, the displacement is
 * U(lambda / mu) / mu, and B(lambda / mu) more where displacements other than 0 are prescribed. Both are smooth in t = log(1 + lambda / mu), which under
 * plane strain is -log(1 - 2 nu), so that their Chebyshev series in t converge geometrically.
 * @throws {RangeError} for sensors outside the body, a range of Poisson's ratio that reaches 0.5, and a body that nothing holds
 */
export async function displacementModel(
  problem: ElasticProblem,
  sensors: NdArray | readonly (readonly number[])[],
  options: DisplacementModelOptions,
): Promise<DisplacementModel> {
  const { poisson = [-0.3, 0.49], ratios: count = 24, tolerance, signal } = options;
  requireRange(problem.name, poisson, count);
  const { setting, body } = problem;
  const d = body.dimension;
  const places = sensorsOf(problem.name, sensors, d);
  const mesh = meshOf(body, options);
  const { element, within } = locate(mesh, places, tolerance);
  const system = await assemble(problem, mesh, signal);
  const ends = poisson.map((nu) => Math.log(1 + ratioOf(nu, setting))) as [number, number];
  const [middle, half] = [(ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2];
  const ratios = chebyshevPoints(count).map((x) => Math.exp(middle + half * x) - 1);
  const local = (mesh.basis.order + 1) ** d;
  const nodes = Int32Array.from(
    { length: element.length * local },
    (_, k) => mesh.elements[element[Math.floor(k / local)]! * local + (k % local)]!,
  );
  const at = { nodes: array(nodes, { shape: [element.length, local] }), within };
  const coefficients = await solutions(system, mesh.basis, at, array(ratios), signal);
  const features = (lambda: Tensor, mu: Tensor): Tensor => {
    const material = lameAt(lambda, { lambda, mu }, setting);
    const series = chebyshev(log(material.lambda.div(material.mu).add(1)).sub(middle).div(half), count);
    const scaled = series.div(material.mu.expandDims(1));
    return system.moved ? concat([scaled, series], 1) : scaled;
  };
  return {
    name: problem.name,
    setting,
    sensors: places,
    features,
    coefficients,
    predict: (lambda, mu) => features(lambda, mu).matmul(constant(coefficients)).reshape([lambda.shape[0]!, element.length, d]),
    poisson,
    truncation: truncationOf(coefficients, count),
    unknowns: system.free,
  };
}

/** lambda / mu of the setting at a Poisson's ratio. */
const ratioOf = (nu: number, setting: Setting): number => (setting === "plane-stress" ? (2 * nu) / (1 - nu) : (2 * nu) / (1 - 2 * nu));

function requireRange(owner: string, [low, high]: readonly [number, number], count: number): void {
  if (!(low > -1 && low < high && high < 0.5))
    throw new RangeError(
      `${owner}: Poisson's ratio must range within (-1, 0.5), got ${low} to ${high}; at 0.5 the material is incompressible, lambda has no value, and displacements alone lock`,
    );
  if (!(Number.isInteger(count) && count >= 4)) throw new RangeError(`${owner}: ratios must be a whole number >= 4, got ${count}`);
}

/** Sensors as f64 [S, d], checked. */
function sensorsOf(owner: string, sensors: NdArray | readonly (readonly number[])[], d: number): NdArray {
  const rows = sensors instanceof NdArray ? sensors.shape : [sensors.length, sensors[0]?.length ?? 0];
  const values = Float64Array.from(sensors instanceof NdArray ? sensors.data() : sensors.flat());
  if (rows.length !== 2 || rows[1] !== d || rows[0] === 0 || values.length !== rows[0]! * d)
    throw new RangeError(
      `${owner}: sensors must be [S, ${d}], a row of ${d} coordinates for each of at least one sensor; got [${rows.join(", ")}]`,
    );
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new RangeError(
      `${owner}: sensor ${Math.floor(bad / d)} has the coordinate ${values[bad]}; leave out sensors whose place is not known`,
    );
  return array(values, { shape: rows });
}

/** Largest of the last two coefficients of each displacement over the largest of all. */
function truncationOf(coefficients: NdArray, count: number): number {
  const values = coefficients.data().map(Math.abs);
  const [terms, width] = coefficients.shape as [number, number];
  let [last, all] = [0, 0];
  for (let k = 0; k < terms; k++)
    for (let j = 0; j < width; j++) {
      const value = values[k * width + j]!;
      all = Math.max(all, value);
      if (k % count >= count - 2) last = Math.max(last, value);
    }
  return last / all;
}
