import { array, cast, constant, type NdArray, program, random, type Tensor, take, tree } from "@credence/tensor";
import type { Bounds } from "../distribution/parameters.ts";
import type { Prior } from "../simulate/prior.ts";
import { streams } from "../simulate/streams.ts";
import type { Embedding } from "./embedding.ts";
import { arrange, type FeatureScale, featureScaleOf, inputsOf, type Scale, scaleOf } from "./standardise.ts";
import { toUnconstrained } from "./unconstrain.ts";

/** The simulations that training can use, and what they are. */
export interface TrainingRows {
  readonly theta: NdArray;
  readonly x: NdArray;
  readonly rows: number;
  /** Failed simulations that were left out. */
  readonly dropped: number;
  readonly missing: boolean;
}

/** Standardised rows on their way to the network. */
export type Rows<T = Tensor> = { readonly z: T; readonly inputs: { readonly x: T; readonly mask?: T } };

/** Location and scale of observations and of unconstrained parameters, f64. */
export type Scales<T = Tensor> = { readonly x: FeatureScale<T>; readonly z: Scale<T> };

/** Everything that training reads, in native buffers. */
export interface TrainingData {
  /** All rows, shuffled. A network is judged by a block of them, its fold, and learns from the others. */
  readonly rows: Rows<NdArray>;
  readonly scales: Scales<NdArray>;
  /** log |det dz/dtheta| of every row: what turns a log density of z into one of theta. */
  readonly jacobians: Float64Array;
}

/** Validation runs in blocks of this many rows once there are two of them. */
export const validationBlock = 1000;

/** Leaves out failed simulations (x all NaN) and refuses rows that nobody could train on. */
export function usableRows(parameters: Prior, theta: NdArray, x: NdArray): TrainingRows {
  const [rows] = theta.shape as [number];
  if (theta.shape.length !== 2 || theta.shape[1] !== parameters.dimension) {
    throw new RangeError(
      `theta must have shape [n, ${parameters.dimension}] (${parameters.names.join(", ")}), got [${theta.shape.join(", ")}]`,
    );
  }
  if (x.shape.length < 2) throw new RangeError(`x must have shape [n, ...features], got [${x.shape.join(", ")}]`);
  if (x.shape[0] !== rows) throw new RangeError(`theta has ${rows} rows and x has ${x.shape[0]}; they must be pairs`);
  const thetaValues = floats("theta", theta);
  const xValues = floats("x", x);
  requireInSupport(parameters, thetaValues);

  const width = xValues.length / rows;
  if (width === 0) throw new RangeError(`x has no features: its shape is [${x.shape.join(", ")}]`);
  const kept: number[] = [];
  let missing = false;
  for (let row = 0; row < rows; row++) {
    let absent = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      const value = xValues[at]!;
      if (Number.isNaN(value)) absent++;
      else if (!Number.isFinite(value))
        throw new RangeError(`x holds ${value} in row ${row}: leave the row out, or make the value NaN (missing)`);
    }
    if (absent === width) continue;
    if (absent > 0) missing = true;
    kept.push(row);
  }
  if (kept.length === rows) return { theta, x, rows, dropped: 0, missing };
  return {
    theta: keepRows(thetaValues, kept, theta.shape, theta.device),
    x: keepRows(xValues, kept, x.shape, x.device),
    rows: kept.length,
    dropped: rows - kept.length,
    missing,
  };
}

/** Transforms, standardises and shuffles, in one program. */
export async function prepare(
  data: TrainingRows,
  options: {
    readonly parameters: Prior;
    readonly layout: Embedding["layout"];
    readonly seed: number;
    readonly device?: string;
    readonly signal?: AbortSignal;
  },
): Promise<TrainingData> {
  const { parameters, layout, seed, device, signal } = options;
  const inferred = inferredColumns(parameters);
  const bounds = inferredBounds(parameters);
  const run = program(
    (theta: Tensor, x: Tensor) => {
      const chosen = inferred.length === parameters.dimension ? theta : take(theta, constant(inferred, "i32"), 1);
      const [z, jacobian] = toUnconstrained(cast(chosen, "f64"), bounds);
      const arranged = arrange(cast(x, "f64"), layout);
      const scales = { x: featureScaleOf(arranged), z: scaleOf(z) };
      const offset = jacobian.add(scales.z.sd.log().sum().neg());
      const standard = cast(z.sub(scales.z.mean).div(scales.z.sd), "f32");
      const inputs = inputsOf(arranged, scales.x, data.missing);
      const order = random.permutation(random.fold(random.key(seed), streams.split), data.rows);
      const rows = tree.map((column: Tensor) => take(column, order), { z: standard, inputs }) as Rows;
      return { scales, rows, jacobians: take(offset, order) };
    },
    { name: "prepare", ...(device !== undefined && { device }) },
  );
  const { scales, rows, jacobians } = await run.runAsync([data.theta, data.x], signal ? { signal } : {});
  return { scales, rows, jacobians: jacobians.data() as Float64Array };
}

/** Columns of theta that are no nuisance. */
export function inferredColumns(parameters: Prior): readonly number[] {
  const columns = parameters.names.map((_, d) => d).filter((d) => !parameters.nuisance[d]);
  if (columns.length === 0) throw new RangeError("every parameter is a nuisance parameter: there is nothing to infer");
  return columns;
}

export function inferredBounds(parameters: Prior): readonly Bounds[] {
  return inferredColumns(parameters).map((d) => parameters.bounds[d]!);
}

function floats(name: string, values: NdArray): Float32Array | Float64Array {
  const data = values.data();
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  throw new TypeError(`${name} must be f32 or f64, got ${values.dtype}`);
}

function requireInSupport(parameters: Prior, theta: Float32Array | Float64Array): void {
  const { dimension, names, bounds } = parameters;
  theta.forEach((value, at) => {
    const d = at % dimension;
    const { low, high } = bounds[d]!;
    // An f32 draw may lie half a last place outside an f64 bound.
    const slack = 1e-6 * Math.max(Math.abs(low) === Infinity ? 0 : Math.abs(low), Math.abs(high) === Infinity ? 0 : Math.abs(high));
    if (!(value >= low - slack && value <= high + slack && Number.isFinite(value))) {
      throw new RangeError(
        `theta holds ${names[d]} = ${value} in row ${Math.floor(at / dimension)}, expected a number in [${low}, ${high}]`,
      );
    }
  });
}

function keepRows(values: Float32Array | Float64Array, kept: readonly number[], shape: readonly number[], device: string): NdArray {
  const width = values.length / shape[0]!;
  const result = new (values.constructor as Float64ArrayConstructor)(kept.length * width);
  kept.forEach((row, i) => result.set(values.subarray(row * width, (row + 1) * width), i * width));
  return array(result, { shape: [kept.length, ...shape.slice(1)], device });
}
