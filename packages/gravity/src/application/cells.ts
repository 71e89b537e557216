import type { Mesh } from "../mesh.ts";

export interface Cell {
  readonly easting: number;
  readonly northing: number;
  readonly upward: number;
  readonly volume: number;
  readonly height: number;
  /** Layer, row and column. */
  readonly at: readonly [number, number, number];
}

/** Centres and volumes of the cells of a mesh, in the order of arrays over cells. */
export function cellsOf({ eastings, northings, upwards }: Mesh): Cell[] {
  const cells: Cell[] = [];
  for (let k = 0; k + 1 < upwards.length; k++)
    for (let j = 0; j + 1 < northings.length; j++)
      for (let i = 0; i + 1 < eastings.length; i++) {
        const height = upwards[k + 1]! - upwards[k]!;
        cells.push({
          easting: (eastings[i]! + eastings[i + 1]!) / 2,
          northing: (northings[j]! + northings[j + 1]!) / 2,
          upward: (upwards[k]! + upwards[k + 1]!) / 2,
          height,
          volume: height * (northings[j + 1]! - northings[j]!) * (eastings[i + 1]! - eastings[i]!),
          at: [k, j, i],
        });
      }
  return cells;
}

/** Planes from `low` to `high`, `step` apart. */
export const planesBetween = (low: number, high: number, step: number): Float64Array =>
  Float64Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
