/** A parameter as figures show it. */
export interface Parameter {
  readonly name: string;
  readonly unit?: string;
  /** Hard bounds of the prior, where densities are reflected rather than smeared beyond. */
  readonly low?: number;
  readonly high?: number;
}

/** Draws of all parameters, row-major [n, D]: what `NdArray.data()` gives. */
export interface SampleSet {
  readonly label: string;
  readonly draws: ArrayLike<number>;
}

/** A point in parameter space (a truth, a published estimate); null where it says nothing of a parameter. */
export interface Marker {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** `birth rate (1/year)` */
export function axisLabel({ name, unit }: Parameter): string {
  return unit === undefined || unit === "" ? name : `${name} (${unit})`;
}

/**
 * The draws of each parameter.
 *
 * @throws {RangeError} where the draws are no whole number of rows, fewer than two, or not finite.
 */
export function columnsOf({ label, draws }: SampleSet, dimension: number): Float64Array[] {
  const count = draws.length / dimension;
  if (!Number.isInteger(count) || count < 2) {
    throw new RangeError(`${label}: ${draws.length} numbers, expected two or more rows of ${dimension} parameters`);
  }
  return Array.from({ length: dimension }, (_, d) =>
    Float64Array.from({ length: count }, (_, i) => {
      const value = draws[i * dimension + d]!;
      if (!Number.isFinite(value)) throw new RangeError(`${label}: draw ${i} of parameter ${d} is ${value}, expected a finite number`);
      return value;
    }),
  );
}

/** @throws {RangeError} where a marker has not one value (or null) for each parameter. */
export function checkMarkers(markers: readonly Marker[], dimension: number): void {
  for (const { label, values } of markers) {
    if (values.length !== dimension)
      throw new RangeError(`marker ${label} has ${values.length} values, expected ${dimension}, null where there is none`);
  }
}
