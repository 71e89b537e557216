import { array, type NdArray, type Tensor } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { type DriftOptions, type DriftState, driftStart, driftStep, requireDrift } from "./drift.ts";
import { twinPrograms } from "./twin-programs.ts";
import { type Box, momentsOf, settledView, warningsOf, wholeView } from "./twin-view.ts";

/** What one sensor has read: its index in the model, and d displacements. */
export interface Reading {
  readonly sensor: number;
  readonly displacement: readonly number[];
}

export interface DigitalTwinOptions {
  /** Poisson's ratio lies within its range. */
  readonly model: DisplacementModel;
  /** Within which the shear modulus lies before anything is read. */
  readonly mu: readonly [number, number];
  /** Log density of lambda [n] and mu [n], nats, traced; flat if absent. */
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
  /** sd of a reading, one for all components or one for each. */
  readonly noiseSd: number | readonly number[];
  /** Places of the grid along each of its two axes, an odd number; 81 if absent. */
  readonly points?: number;
  /** What earlier readings still count for after each new one, in (0, 1]; 1, for a material that stays, if absent. */
  readonly forgetting?: number;
  readonly drift?: DriftOptions;
}

/** What is known of the material after some readings. */
export interface TwinPosterior {
  readonly readings: number;
  readonly lambda: { readonly mean: number; readonly sd: number };
  readonly mu: { readonly mean: number; readonly sd: number };
  readonly correlation: number;
  /** Log of the integral of likelihood and prior over lambda and mu, nats; without a prior that of the likelihood. */
  readonly logEvidence: number;
  /** The posterior itself: materials, and shares that add up to 1. */
  materials(): { readonly lambda: Float64Array; readonly mu: Float64Array; readonly mass: Float64Array };
  readonly warnings: readonly string[];
}

export interface TwinUpdate {
  readonly posterior: TwinPosterior;
  /** What this reading was expected to be, noise included. */
  readonly expected: { readonly mean: readonly number[]; readonly sd: readonly number[] };
  /** Two-sided predictive p-value of each component; uniform while the material is the one that the twin knows. */
  readonly pValues: readonly number[];
  readonly drift: DriftState;
}

export interface DigitalTwin {
  /** Bayes' rule for one more reading. Updates that are asked for together are made one after another. */
  update(reading: Reading): Promise<TwinUpdate>;
  posterior(): Promise<TwinPosterior>;
  /** Starts anew from the prior and takes in the readings from number `from` on; after an alarm those since the change, if absent. */
  restart(options?: { readonly from?: number }): Promise<TwinPosterior>;
}

/**
 * A material that is known better with every reading. What readings say is a quadratic function of the model's features, so that Bayes' rule adds a matrix of
 * features to another one: the posterior is that of all readings together, in whatever order they came, and costs as much after the millionth as after the
 * first. It is looked at on a grid that narrows as the posterior does.
 *
 * @throws {RangeError} for a range, noise and options at fault; of `update` for a sensor that the model has not and for readings that are no numbers
 */
export async function digitalTwin(options: DigitalTwinOptions): Promise<DigitalTwin> {
  const { model, noiseSd, prior, forgetting = 1, points = 81, drift = {} } = options;
  const { name } = model;
  const [sensors, d] = model.sensors.shape as [number, number];
  const limits = limitsOf(model, options.mu);
  const sd = requireNoise(name, noiseSd, d);
  if (!(forgetting > 0 && forgetting <= 1))
    throw new RangeError(`${name}: forgetting is what earlier readings still count for, in (0, 1]; got ${forgetting}`);
  if (!(Number.isInteger(points) && points >= 41 && points % 2 === 1))
    throw new RangeError(`${name}: points must be an odd number >= 41, got ${points}`);
  const monitor = requireDrift(drift);
  const keep = array(Float64Array.of(forgetting));
  const coefficients = rowsOfSensors(model, sensors, d);
  const programs = twinPrograms({ model, points, changes: monitor.changes, ...(prior && { prior }) });
  let view = await wholeView(programs, limits, points);
  // Programs are compiled at their first call, which should be none of an update's.
  await programs.absorb(view.placed, view.weighed, { coefficients: coefficients[0]!, displacement: sd, sd, keep });
  await programs.look(view.placed, view.weighed);
  let state = driftStart(monitor);
  const read: Reading[] = [];

  function posterior(): TwinPosterior {
    const now = view;
    const { lambdaMean, lambdaSd, muMean, muSd, correlation } = momentsOf(now);
    const cell = now.box.reduce((area, [low, high]) => (area * (high - low)) / (points - 1), 1);
    return {
      readings: read.length,
      lambda: { mean: lambdaMean, sd: lambdaSd },
      mu: { mean: muMean, sd: muSd },
      correlation,
      logEvidence: now.weighed.logScale.item() + Math.log(cell),
      materials() {
        const [t, s] = [now.placed.t.data(), now.placed.s.data()];
        const mu = Float64Array.from({ length: points ** 2 }, (_, k) => 1 / s[k % points]!);
        return {
          lambda: mu.map((m, k) => m * Math.expm1(t[Math.floor(k / points)]!)),
          mu,
          mass: Float64Array.from(now.weighed.mass.data()),
        };
      },
      warnings: warningsOf(now, points),
    };
  }

  async function absorb(reading: Reading): Promise<TwinUpdate> {
    requireReading(name, reading, sensors, d);
    const displacement = array(Float64Array.from(reading.displacement));
    const { expected, weighed } = await programs.absorb(view.placed, view.weighed, {
      coefficients: coefficients[reading.sensor]!,
      displacement,
      sd,
      keep,
    });
    view = await settledView(programs, limits, points, { ...view, weighed });
    read.push(reading);
    state = driftStep(state, monitor, expected.logScores.data() as Float64Array);
    return {
      posterior: posterior(),
      expected: { mean: Array.from(expected.mean.data()), sd: Array.from(expected.sd.data()) },
      pValues: Array.from(expected.pit.data(), (u) => Math.min(1, 2 * Math.min(u, 1 - u))),
      drift: state,
    };
  }

  async function restart(from: number): Promise<TwinPosterior> {
    if (!(Number.isInteger(from) && from >= 0 && from <= read.length))
      throw new RangeError(`${name}: from must be the number of a reading, 0 to ${read.length}; got ${from}`);
    const kept = read.splice(0).slice(from);
    view = await wholeView(programs, limits, points);
    state = driftStart(monitor);
    for (const reading of kept) await absorb(reading);
    return posterior();
  }

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => T | Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
  return {
    update: (reading) => inTurn(() => absorb(reading)),
    posterior: () => inTurn(posterior),
    restart: ({ from } = {}) => inTurn(() => restart(from ?? state.alarm?.since ?? 0)),
  };
}

/** t and s of the materials that may be. */
function limitsOf({ name, poisson }: DisplacementModel, [low, high]: readonly [number, number]): Box {
  if (!(low > 0 && low < high && Number.isFinite(high)))
    throw new RangeError(`${name}: mu must lie between two ascending stresses > 0, got ${low} and ${high}`);
  const [a, b] = poisson.map((nu) => -Math.log(1 - 2 * nu)) as [number, number];
  return [
    [a, b],
    [1 / high, 1 / low],
  ];
}

function requireNoise(owner: string, noise: number | readonly number[], d: number): NdArray {
  const given = typeof noise === "number" ? new Array<number>(d).fill(noise) : noise;
  if (given.length !== d || !given.every((sd) => sd > 0 && Number.isFinite(sd)))
    throw new RangeError(`${owner}: noiseSd must be one sd > 0, or ${d} of them; got ${given.join(", ") || "none"}`);
  return array(Float64Array.from(given));
}

function requireReading(owner: string, { sensor, displacement }: Reading, sensors: number, d: number): void {
  if (!(Number.isInteger(sensor) && sensor >= 0 && sensor < sensors))
    throw new RangeError(`${owner}: sensor ${sensor} is not one of the model's ${sensors}, 0 to ${sensors - 1}`);
  if (displacement.length !== d || !displacement.every(Number.isFinite))
    throw new RangeError(`${owner}: sensor ${sensor} reads ${d} displacements, all finite; got ${displacement.join(", ") || "none"}`);
}

/** What each feature contributes to the d displacements of each sensor: [d, F]. */
function rowsOfSensors({ coefficients }: DisplacementModel, sensors: number, d: number): readonly NdArray[] {
  const [features] = coefficients.shape as [number];
  const values = coefficients.data();
  return Array.from({ length: sensors }, (_, s) =>
    array(
      Float64Array.from({ length: d * features }, (__, k) => values[(k % features) * sensors * d + s * d + Math.floor(k / features)]!),
      { shape: [d, features] },
    ),
  );
}
