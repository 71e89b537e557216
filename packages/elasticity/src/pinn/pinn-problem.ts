import { array, NdArray, program, type Tensor } from "@credence/tensor";
import type { ElasticProblem } from "../oracle/problem.ts";
import type { ReadingNoise, Readings } from "../oracle/readings.ts";
import { loadsOf } from "./collocation.ts";
import { requireInside } from "./require-inside.ts";

export interface PinnProblemOptions {
  readonly problem: ElasticProblem;
  /** Places of the sensors, [S, d]; none for a forward problem. */
  readonly sensors?: NdArray | readonly (readonly number[])[];
  /** Displacements read there, [S, d]. */
  readonly readings?: Readings;
  /** sd of a reading: one for all, one for each component, or one for each of S d readings. */
  readonly noise?: ReadingNoise;
  /** Size of displacements that is expected where there are no readings to tell; load times length over a stiffness of 1 if absent. */
  readonly displacementScale?: number;
  /** Log density of lambda and mu, scalars in units of stress, nats, traced; flat in both if absent. */
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
}

/** An elastic problem with what sensors say, checked. */
export interface PinnProblem {
  readonly problem: ElasticProblem;
  readonly dimension: 2 | 3;
  /** f64 [S, d]; S may be 0. */
  readonly sensors: NdArray;
  /** f64 [S, d] */
  readonly readings: NdArray;
  /** f64 [S, d] */
  readonly noise: NdArray;
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
  /** Units in which numbers are of the size of 1. */
  readonly units: Units;
  readonly warnings: readonly string[];
}

/** Coordinates are (x - centre) / length; displacements, stresses and forces per volume follow from these. */
export interface Units {
  readonly centre: readonly number[];
  /** Half of the body's largest extent. */
  readonly length: number;
  /** Root mean square of the readings; without any, what the loads do to a body of stiffness 1. */
  readonly displacement: number;
  /** Of lambda and mu: the strain of this displacement takes the loads. */
  readonly stress: number;
}

/**
 * Checks an inverse or a forward problem and finds its units.
 * @throws {RangeError} for sensors outside the body, shapes that do not fit, numbers that are not finite and noise that is not > 0
 */
export function pinnProblem(options: PinnProblemOptions): PinnProblem {
  const { problem, prior } = options;
  const d = problem.body.dimension;
  const sensors = placesOf(problem.name, options.sensors, d);
  const count = sensors.shape[0]!;
  if (count > 0) requireInside(problem.name, problem.body, sensors);
  const readings = columnOf(problem.name, "readings", options.readings, count, d);
  const noise = noiseOf(problem.name, options.noise, count, d);
  const { centre, length, load } = extentOf(problem);
  const values = readings.data() as Float64Array;
  const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / Math.max(values.length, 1));
  const { displacementScale = load > 0 ? load * length : length } = options;
  if (!(displacementScale > 0 && Number.isFinite(displacementScale)))
    throw new RangeError(`${problem.name}: displacementScale must be > 0 and finite, got ${displacementScale}`);
  const displacement = rms > 0 ? rms : displacementScale;
  const warnings =
    count > 0 && load === 0
      ? [
          `${problem.name}: no load is given, only displacements: they determine lambda / mu, and its scale is the prior's; give a traction or a body force`,
        ]
      : [];
  return {
    problem,
    dimension: d,
    sensors,
    readings,
    noise,
    ...(prior && { prior }),
    units: { centre, length, displacement, stress: load > 0 ? (load * length) / displacement : 1 },
    warnings,
  };
}

/** Size of the body, and the root mean square of its loads as a stress. */
function extentOf(problem: ElasticProblem): { readonly centre: number[]; readonly length: number; readonly load: number } {
  const { points, force, tractions } = program(() => loadsOf(problem))();
  const d = problem.body.dimension;
  const places = points.data();
  const axes = Array.from({ length: d }, (_, k) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = k; i < places.length; i += d) [low, high] = [Math.min(low, places[i]!), Math.max(high, places[i]!)];
    return [low, high] as const;
  });
  const length = Math.max(...axes.map(([low, high]) => (high - low) / 2));
  const load = Math.max(force.item() * length, ...tractions.map((t) => (t as unknown as NdArray).item()));
  if (!Number.isFinite(load)) throw new RangeError(`${problem.name}: the loads must be finite everywhere`);
  return { centre: axes.map(([low, high]) => (low + high) / 2), length, load };
}

function placesOf(owner: string, given: PinnProblemOptions["sensors"], d: number): NdArray {
  if (given === undefined) return array(new Float64Array(0), { shape: [0, d] });
  const shape = given instanceof NdArray ? given.shape : [given.length, given[0]?.length ?? d];
  const values = Float64Array.from(given instanceof NdArray ? given.data() : given.flat());
  if (shape.length !== 2 || shape[1] !== d || values.length !== shape[0]! * d)
    throw new RangeError(`${owner}: sensors must be [S, ${d}], a row of coordinates each, got [${shape.join(", ")}]`);
  requireFinite(owner, "coordinate", values, d);
  return array(values, { shape });
}

function columnOf(owner: string, name: string, given: Readings | undefined, count: number, d: number): NdArray {
  const values = Float64Array.from(given === undefined ? [] : given instanceof NdArray ? given.data() : given);
  if (values.length !== count * d)
    throw new RangeError(
      `${owner}: ${count} sensors have ${count * d} ${name}, ${d} displacements each; got ${values.length}${given === undefined ? ": give `readings` with `sensors`" : ""}`,
    );
  requireFinite(owner, "reading", values, d);
  return array(values, { shape: [count, d] });
}

function noiseOf(owner: string, given: ReadingNoise | undefined, count: number, d: number): NdArray {
  if (count === 0) return array(new Float64Array(0), { shape: [0, d] });
  const sds = given === undefined ? [] : typeof given === "number" ? [given] : given;
  if (![1, d, count * d].includes(sds.length))
    throw new RangeError(`${owner}: noise must be one sd, or ${d} of the components, or ${count * d} of the readings; got ${sds.length}`);
  const bad = sds.find((sd) => !(sd > 0 && Number.isFinite(sd)));
  if (bad !== undefined)
    throw new RangeError(
      `${owner}: the sd of a reading must be > 0 and finite, got ${bad}; it weighs the readings against the equations: give the accuracy of the sensors, a small one for exact data`,
    );
  return array(
    Float64Array.from({ length: count * d }, (_, i) => sds[i % sds.length]!),
    { shape: [count, d] },
  );
}

function requireFinite(owner: string, what: string, values: Float64Array, d: number): void {
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new RangeError(`${owner}: ${what} ${bad % d} of sensor ${Math.floor(bad / d)} is ${values[bad]}; leave that sensor out`);
}
