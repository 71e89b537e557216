import { array, type NdArray } from "@credence/tensor";

/** Places where gravity was measured, in the axes of the bodies, in metres. */
export interface Stations {
  readonly eastings: ArrayLike<number>;
  readonly northings: ArrayLike<number>;
  readonly upwards: ArrayLike<number>;
}

/**
 * Stations as the array [N, 3] that operators take.
 *
 * @throws {RangeError} where there is none, the lengths differ or a coordinate is not finite
 */
export function stationTable({ eastings, northings, upwards }: Stations): NdArray {
  const count = eastings.length;
  if (count === 0 || northings.length !== count || upwards.length !== count)
    throw new RangeError(
      `stations: expected one or more, with as many eastings as northings and upwards, got ${count}, ${northings.length} and ${upwards.length}`,
    );
  const table = new Float64Array(3 * count);
  for (let station = 0; station < count; station++) {
    const place = [eastings[station]!, northings[station]!, upwards[station]!];
    if (!place.every(Number.isFinite))
      throw new RangeError(`stations: coordinates must be finite numbers of metres, got (${place.join(", ")}) at station ${station}`);
    table.set(place, 3 * station);
  }
  return array(table, { shape: [count, 3] });
}
