import { collinearWarnings, type Model } from "@credence/core";
import { array, matmul, type NdArray, type Tensor } from "@credence/tensor";
import { type Columns, type Features, type FeaturesOptions, featuresOf } from "./features.ts";
import { type OutcomeKind, outcomeOf } from "./outcome.ts";

/** What every regression is given: columns of features by name, and an outcome for each of their rows. */
export interface RegressionData {
  readonly features: Columns;
  readonly outcome: ArrayLike<number>;
  readonly options?: FeaturesOptions;
}

/** A regression as a model that every sampler, fit and check of `@credence/core` takes. */
export interface RegressionModel<K extends string = string> {
  readonly features: Features;
  /** The features as an array, f64 [rows, D]. */
  readonly x: NdArray;
  /** f64 [rows] */
  readonly outcome: Float64Array;
  readonly model: Model<K>;
  /** What people call the quantities `model.names`: `intercept`, then coefficients by the name of their feature. */
  readonly labels: readonly string[];
  /** What the data cannot tell, each with the names of features and what to do; empty if nothing was found. */
  readonly warnings: readonly string[];
}

/** Checked data with what models share. */
export interface Prepared {
  readonly features: Features;
  readonly x: NdArray;
  readonly outcome: Float64Array;
  readonly warnings: readonly string[];
  /** alpha + X beta of one draw, [rows]. Traced. */
  linearPredictor(values: { readonly alpha: Tensor; readonly beta: Tensor }): Tensor;
}

/**
 * @throws {TypeError}, {RangeError} that name the column, the row and what to do.
 */
export async function prepare(kind: OutcomeKind, data: RegressionData): Promise<Prepared> {
  const features = featuresOf(data.features, data.options);
  const outcome = outcomeOf(kind, data.outcome, features.rows);
  const x = array(features.x, { shape: [features.rows, features.names.length] });
  return {
    features,
    x,
    outcome,
    warnings: await collinearWarnings(x, features.names),
    linearPredictor: ({ alpha, beta }) => matmul(x, beta).add(alpha),
  };
}

/** Labels of quantities: `alpha` is the intercept and `beta[d]` the coefficient of feature d; other names are their own. */
export function labelsOf(names: readonly string[], features: Features): string[] {
  return names.map((name) => {
    const place = /^beta\[(\d+)\]$/.exec(name);
    if (place !== null) return features.names[Number(place[1])]!;
    return name === "alpha" ? "intercept" : name;
  });
}

/** A spread of a prior. */
export function requireSpread(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be > 0 and finite, got ${value}`);
  return value;
}
