import { NdArray } from "@credence/tensor";
import type { TensionTest } from "./plate-problem.ts";

/** Measured points of a plate, mm, in the axes of {@link TensionTest}. */
export interface PlateReadings {
  /** [n, 2] */
  readonly points: NdArray | readonly (readonly number[])[];
  /** [n, 2] */
  readonly displacements: NdArray | readonly (readonly number[])[];
}

/** [n, 2] as numbers, all finite. */
export function pairsOf(name: string, given: NdArray | readonly (readonly number[])[]): Float64Array {
  const shape = given instanceof NdArray ? given.shape : [given.length, given[0]?.length ?? 0];
  const values = Float64Array.from(given instanceof NdArray ? given.data() : given.flat());
  if (shape.length !== 2 || shape[1] !== 2 || values.length !== shape[0]! * 2)
    throw new RangeError(`calibratePlate: ${name} must be [n, 2], got [${shape.join(", ")}]`);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new RangeError(
      `calibratePlate: ${name} must be finite, got ${values[bad]} in row ${Math.floor(bad / 2)}; leave out points that were not measured`,
    );
  return values;
}

/** The pairs of some rows. */
export const pick = (pairs: Float64Array, rows: Int32Array): Float64Array =>
  Float64Array.from({ length: rows.length * 2 }, (_, k) => pairs[2 * rows[k >> 1]! + (k & 1)]!);

/** Rows of points within the plate and further than `margin` from its edges. */
export function insideOf(points: Float64Array, { length, height, radius, centre }: TensionTest, margin: number): Int32Array {
  const within = (x: number, y: number): boolean =>
    x > margin && x < length - margin && y > margin && y < height - margin && Math.hypot(x - centre, y - height / 2) > radius + margin;
  const rows = Array.from({ length: points.length / 2 }, (_, i) => i).filter((i) => within(points[2 * i]!, points[2 * i + 1]!));
  if (rows.length < 10)
    throw new RangeError(
      `calibratePlate: ${rows.length} of ${points.length / 2} points lie in the plate of ${length} x ${height} mm; check units and origin of the coordinates`,
    );
  return Int32Array.from(rows);
}

/** A tenth of the spread of the readings: clips nothing, and the first fit replaces it. */
export const startingNoise = (readings: Float64Array): [number, number] => sdsOf(readings).map((sd) => sd / 10) as [number, number];

/** Root mean squares of both components about their mean. */
export function sdsOf(pairs: Float64Array): [number, number] {
  const n = pairs.length / 2;
  return [0, 1].map((a) => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < n; i++) sum += pairs[2 * i + a]!;
    for (let i = 0; i < n; i++) squares += (pairs[2 * i + a]! - sum / n) ** 2;
    if (!(squares > 0))
      throw new RangeError(`calibratePlate: all readings of component ${a} are the same; there is no noise to measure them by`);
    return Math.sqrt(squares / n);
  }) as [number, number];
}
