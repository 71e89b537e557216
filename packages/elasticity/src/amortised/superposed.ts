import { array } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";

/**
 * The model of a body under several loads at once, from models of the same sensors under each load of size 1: displacements of linear elasticity add up.
 *
 * @throws {RangeError} for another number of amplitudes than models, and for models of other sensors or ranges
 */
export function superposed(models: readonly DisplacementModel[], amplitudes: ArrayLike<number>): DisplacementModel {
  requireAlike(models);
  if (amplitudes.length !== models.length || !Array.from(amplitudes).every(Number.isFinite))
    throw new RangeError(
      `superposed: ${models.length} loads need as many finite amplitudes, got ${Array.from(amplitudes).join(", ") || "none"}`,
    );
  const [first] = models;
  const sum = new Float64Array(first!.coefficients.size);
  for (const [k, { coefficients }] of models.entries())
    coefficients.data().forEach((value, i) => {
      sum[i]! += amplitudes[k]! * value;
    });
  const coefficients = array(sum, { shape: [...first!.coefficients.shape] });
  const [count, d] = first!.sensors.shape as [number, number];
  return {
    ...first!,
    name: models.map(({ name }) => name).join(" and "),
    coefficients,
    predict: (lambda, mu) => first!.features(lambda, mu).matmul(coefficients).reshape([lambda.shape[0]!, count, d]),
  };
}

/** @throws {RangeError} where models cannot be added */
export function requireAlike(models: readonly DisplacementModel[]): void {
  const [first] = models;
  if (first === undefined) throw new RangeError("superposed: expected the model of at least one load, got none");
  for (const model of models) {
    const same =
      model.sensors.shape.join() === first.sensors.shape.join() &&
      model.coefficients.shape.join() === first.coefficients.shape.join() &&
      model.poisson.join() === first.poisson.join() &&
      model.setting === first.setting;
    if (!same) throw new RangeError(`superposed: ${model.name} has other sensors or another range of materials than ${first.name}`);
  }
}
