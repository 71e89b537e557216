import { array, NdArray, program, type Tensor } from "@credence/tensor";
import type { DisplacementModel } from "./displacement-model.ts";
import type { Whitened } from "./misfit.ts";

/** Displacements that sensors have read, [S, d] or S d numbers, sensor by sensor. */
export type Readings = NdArray | ArrayLike<number>;

/** sd of a reading: one for all, one for each of d components, or one for each of S d readings. */
export type ReadingNoise = number | readonly number[];

/**
 * Readings, and the model's matrix, in units of independent noise.
 * @throws {RangeError} naming the reading or sd at fault
 */
export function whitenedReadings(model: DisplacementModel, readings: Readings, noise: ReadingNoise): Whitened {
  const values = requireReadings(model, readings);
  const sds = requireNoise(model, noise);
  const scaled = program((c: Tensor, y: Tensor, s: Tensor) => ({ coefficients: c.div(s), values: y.div(s) }))(
    model.coefficients,
    array(values),
    array(sds),
  );
  return { ...scaled, logNoise: sds.reduce((sum, sd) => sum + Math.log(sd), 0) };
}

/** Readings as numbers, all finite, as many as the model predicts. */
export function requireReadings({ name, sensors }: Pick<DisplacementModel, "name" | "sensors">, readings: Readings): Float64Array {
  const [count, d] = sensors.shape as [number, number];
  const values = Float64Array.from(readings instanceof NdArray ? readings.data() : readings);
  if (values.length !== count * d)
    throw new RangeError(`${name}: ${count} sensors read ${count * d} displacements, ${d} each; got ${values.length}`);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new RangeError(
      `${name}: component ${bad % d} of sensor ${Math.floor(bad / d)} reads ${values[bad]}; leave out sensors without a reading`,
    );
  return values;
}

function requireNoise({ name, sensors }: DisplacementModel, noise: ReadingNoise): Float64Array {
  const [count, d] = sensors.shape as [number, number];
  const given = typeof noise === "number" ? [noise] : noise;
  if (![1, d, count * d].includes(given.length))
    throw new RangeError(`${name}: noise must be one sd, or ${d} of the components, or ${count * d} of the readings; got ${given.length}`);
  const bad = given.find((sd) => !(sd > 0 && Number.isFinite(sd)));
  if (bad !== undefined)
    throw new RangeError(
      `${name}: the sd of a reading must be > 0 and finite, got ${bad}; without noise there is no posterior but a point: give the accuracy of the sensors`,
    );
  return Float64Array.from({ length: count * d }, (_, i) => given[i % given.length]!);
}
