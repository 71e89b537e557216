import { array, NdArray } from "@credence/tensor";

/** One datum a row, [rows, features]. */
export type RowData = NdArray | readonly (readonly number[])[];

/** Data as f64 [m, F]. */
export function rowsOf(name: string, given: RowData, features: number | undefined, place: { device?: string }): NdArray {
  const shape = given instanceof NdArray ? given.shape : [given.length, given[0]?.length ?? 0];
  if (shape.length !== 2 || shape[0] === 0 || shape[1] === 0 || (features !== undefined && shape[1] !== features))
    throw new RangeError(`trainAmortised: ${name} must have shape [rows, ${features ?? "features"}], got [${shape.join(", ")}]`);
  const values = Float64Array.from(given instanceof NdArray ? given.data() : given.flat());
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new RangeError(
      `trainAmortised: ${name} must be finite, got ${values[bad]} in row ${Math.floor(bad / shape[1]!)}, column ${bad % shape[1]!}`,
    );
  return array(values, { shape, ...place });
}

/** Mean and sd of every column, for the encoder's input; a constant column keeps its scale. */
export function standardOf(data: NdArray): { centre: NdArray; scale: NdArray } {
  const [rows, features] = data.shape as [number, number];
  const values = data.data();
  const centre = new Float64Array(features);
  const scale = new Float64Array(features);
  for (let i = 0; i < rows; i++) for (let j = 0; j < features; j++) centre[j]! += values[i * features + j]! / rows;
  for (let i = 0; i < rows; i++) for (let j = 0; j < features; j++) scale[j]! += (values[i * features + j]! - centre[j]!) ** 2 / rows;
  const place = { device: data.device };
  return {
    centre: array(centre, place),
    scale: array(
      scale.map((v) => (v > 0 ? Math.sqrt(v) : 1)),
      place,
    ),
  };
}
