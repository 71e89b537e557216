/**
 * Rectangular cells with planes in common: x east, y north, z up, in metres. Cell (k, j, i) lies between `upwards[k]` and `upwards[k + 1]`,
 * `northings[j]` and `northings[j + 1]`, `eastings[i]` and `eastings[i + 1]`; arrays over cells are [nz, ny, nx], the lowest layer first.
 */
export interface Mesh {
  /** Planes from west to east, nx + 1 ascending numbers. */
  readonly eastings: Float64Array;
  /** Planes from south to north, ny + 1. */
  readonly northings: Float64Array;
  /** Planes from the bottom up, nz + 1. */
  readonly upwards: Float64Array;
}

/**
 * A mesh between given planes, in metres.
 *
 * @throws {RangeError} where planes are fewer than two, not finite, or do not ascend.
 */
export function meshOf(planes: { readonly [axis in keyof Mesh]: ArrayLike<number> }): Mesh {
  return {
    eastings: requirePlanes("eastings", planes.eastings),
    northings: requirePlanes("northings", planes.northings),
    upwards: requirePlanes("upwards", planes.upwards),
  };
}

/** Numbers of cells, [nz, ny, nx]. */
export function cellCounts({ eastings, northings, upwards }: Mesh): [number, number, number] {
  return [upwards.length - 1, northings.length - 1, eastings.length - 1];
}

function requirePlanes(axis: string, given: ArrayLike<number>): Float64Array {
  const planes = Float64Array.from(given);
  if (planes.length < 2) throw new RangeError(`meshOf: ${axis} needs at least 2 planes, one on each side of a cell; got ${planes.length}`);
  planes.forEach((plane, index) => {
    if (!Number.isFinite(plane)) throw new RangeError(`meshOf: ${axis}[${index}] must be a finite number of metres, got ${plane}`);
    const before = planes[index - 1];
    if (before !== undefined && plane <= before)
      throw new RangeError(`meshOf: ${axis} must ascend, got ${before} before ${plane} at ${index}: sort the planes and leave out doubles`);
  });
  return planes;
}
