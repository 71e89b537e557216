import { array, NdArray, type NestedNumbers } from "@credence/tensor";
import type { Bounds } from "../distribution/parameters.ts";
import type { Embedding } from "./embedding.ts";
import type { ModelArrays } from "./epoch.ts";
import type { MemberRecord } from "./member.ts";
import type { Model, ModelShape } from "./model.ts";
import type { Scales } from "./prepare.ts";

/** How training went. */
export interface TrainingRecord {
  readonly members: readonly MemberRecord[];
  readonly trainingRows: number;
  readonly validationRows: number;
  /** Failed simulations that were left out. */
  readonly droppedRows: number;
}

/** A trained posterior as plain data: what every function of it reads. */
export interface Fitted {
  readonly names: readonly string[];
  readonly bounds: readonly Bounds[];
  /** Shape of one observation. */
  readonly rowShape: readonly number[];
  readonly shape: ModelShape;
  readonly embedding: Embedding;
  readonly model: Model;
  readonly members: readonly ModelArrays[];
  /** Share of each member in the mixture; sums to 1. */
  readonly weights: readonly number[];
  readonly scales: Scales<NdArray>;
  readonly record: TrainingRecord;
  readonly device?: string;
}

/** Numbers of an observation. */
export type Observation = NdArray | NestedNumbers | Float32Array | Float64Array | Int32Array | Uint32Array;

/** Numbers as an f64 array of the shape they were given in; a typed array has one axis. */
export function asArray(values: Observation): NdArray {
  if (values instanceof NdArray) return values;
  return array(ArrayBuffer.isView(values) ? Float64Array.from(values) : values, { dtype: "f64" });
}

/** One observation, or many along a first axis, as f64 values of shape [n, ...rowShape]; refuses any other. */
export function observations(fitted: Fitted, x: Observation, many: boolean): { readonly values: Float64Array; readonly count: number } {
  const given = asArray(x);
  const values = Float64Array.from(given.data());
  const { rowShape } = fitted;
  const shape = many ? given.shape.slice(1) : given.shape;
  // A flat list of the right length is a row of any shape: typed arrays have no other.
  const width = rowShape.reduce((product, extent) => product * extent, 1);
  const flat = ArrayBuffer.isView(x) && values.length > 0 && (many ? values.length % width === 0 : values.length === width);
  if (shape.join() !== rowShape.join() && !flat) {
    const expected = [...(many ? ["n"] : []), ...rowShape].join(", ");
    throw new RangeError(`the observation must have shape [${expected}], got [${given.shape.join(", ")}]`);
  }
  values.forEach((value, i) => {
    if (Number.isNaN(value) && !fitted.shape.missing) {
      throw new RangeError(`the observation is missing (NaN) at index ${i}, and the network was trained on complete simulations only`);
    }
    if (!Number.isFinite(value) && !Number.isNaN(value))
      throw new RangeError(`the observation is ${value} at index ${i}, expected a finite number`);
  });
  return { values, count: values.length / width };
}

/** Rows [start, start + rows) of row-major values, the last one repeated past the end. */
export function rowsOf(values: Float64Array, width: number, start: number, rows: number): Float64Array {
  const part = new Float64Array(rows * width);
  const last = values.length / width - 1;
  for (let i = 0; i < rows; i++) {
    const row = Math.min(start + i, last);
    part.set(values.subarray(row * width, (row + 1) * width), i * width);
  }
  return part;
}
